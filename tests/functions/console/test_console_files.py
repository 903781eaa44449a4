"""How the console's files are served: policy, versions, packing, and nothing but the files."""

import base64
import gzip
import re

import pytest

from functions.console import handler as console


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("STAGE", "test")
    monkeypatch.setenv("UPLOAD_ORIGIN", "https://vault.example")
    console.settings.cache_clear()
    yield
    console.settings.cache_clear()


def ask(path, method="GET", **headers):
    event = {"rawPath": path, "headers": headers, "requestContext": {"http": {"method": method}}}
    answer = console.handler(event, None)
    body = answer.get("body", "")
    return (
        answer["statusCode"],
        answer["headers"],
        base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode(),
    )


def test_the_page_names_files_that_are_there_and_never_change():
    status, headers, body = ask("/")
    assert (status, headers["cache-control"]) == (200, "no-cache")
    links = re.findall(r'(?:href|src)="(/static/[^"]+)"', body.decode())
    assert len(links) >= 4
    for link in links:
        status, headers, _ = ask(link)
        assert (status, headers["cache-control"]) == (200, "public, max-age=31536000, immutable"), link


@pytest.mark.parametrize(
    ("path", "method", "status", "why"),
    [
        ("/static/0000000000000000/app.js", "GET", 404, "another version: the page is stale and is loaded anew"),
        ("/static/../handler.py", "GET", 404, "only the files"),
        (f"/static/{console.VERSION}/../handler.py", "GET", 404, "not by going up either"),
        ("/handler.py", "GET", 404, "not the code"),
        ("/", "POST", 404, "files are only read"),
        ("/", "HEAD", 200, "for those who only look"),
        ("/style.css", "GET", 200, "the pages that customers see name it without a version"),
        ("/v1/nothing", "GET", 404, "an unknown route of the API"),
    ],
)
def test_paths(path, method, status, why):
    assert ask(path, method)[0] == status, why


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1", "/v2/reports", "/nothing"])
def test_an_unknown_route_has_the_one_error_shape(path):
    _, headers, body = ask(path)
    assert headers["content-type"] == "application/json"
    assert b'"code":"not_found"' in body


def test_strict_policy():
    policy = ask("/")[1]["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")


@pytest.mark.parametrize("encoding", ["gzip, br", "identity"])
def test_packed_where_the_reader_unpacks(encoding):
    status, headers, body = ask(f"/static/{console.VERSION}/app.js", **{"Accept-Encoding": encoding})
    packed = headers.get("content-encoding") == "gzip"
    assert (status, packed) == (200, "gzip" in encoding)
    assert (gzip.decompress(body) if packed else body) == console.FILES["app.js"]


def test_what_is_known_is_not_sent_again():
    tag = ask("/")[1]["etag"]
    status, _, body = ask("/", **{"if-none-match": f'W/{tag}, "other"'})
    assert (status, body) == (304, b"")


@pytest.mark.parametrize("name", [name for name in console.FILES if name.endswith((".js", ".html"))])
def test_no_data_becomes_html_and_nothing_is_inline(name):
    text = console.FILES[name].decode()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    of_other_sites = name == "tracker.js"  # which keeps a visitor's id once he agreed
    assert of_other_sites or not re.search(r"localStorage|sessionStorage", text), (
        "no token is kept where a script finds it later"
    )
    assert not re.search(r"<style|<script(?![^>]*src=)| on\w+=\"|style=\"", text)


def test_the_tracker_has_an_address_that_stays_and_is_small():
    """Other sites name it; a new version reaches them within the hour."""
    status, headers, body = ask("/tracker.js")
    assert (status, headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert headers["cache-control"] == "public, max-age=3600, stale-while-revalidate=86400"
    assert len(body) < 4000
    assert ask("/tracker.js", **{"if-none-match": headers["etag"]})[0] == 304


def test_pages_may_send_to_the_hub_and_to_where_uploads_go():
    policy = ask("/")[1]["content-security-policy"]
    assert "connect-src 'self' https://vault.example;" in policy
