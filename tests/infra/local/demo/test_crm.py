import json
import threading
import urllib.error
import urllib.request
from http.server import ThreadingHTTPServer

import pytest

from infra.local.demo import crm
from infra.local.demo.crm import Crm, handler

TOKEN = "a-token"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    application = Crm(tmp_path_factory.mktemp("crm"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(application, TOKEN))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def ask(url: str, body: object = None, method: str = "GET", token: str = TOKEN) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"authorization": f"Bearer {token}"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def all_contacts(server: str, size: int = 100, query: str = "") -> tuple[list[dict], int]:
    found, cursor, pages = [], "", 0
    while cursor is not None:
        answer = json.loads(ask(f"{server}/contacts?size={size}&cursor={cursor}{query}")[1])
        found += answer["items"]
        cursor, pages = answer["next_cursor"], pages + 1
        assert answer["total"] >= len(answer["items"])
    return found, pages


@pytest.fixture
def trouble(server):
    def set_trouble(**what: object) -> None:
        assert ask(f"{server}/admin/trouble", what, "POST")[0] == 200

    yield set_trouble
    set_trouble(kind=None)


@pytest.mark.parametrize("size", [1, 7, 100, 299, 300, 500])
def test_every_contact_comes_once_whatever_the_page_size(server, size):
    if size == 1:
        found, _ = all_contacts(server, 500)
        first = json.loads(ask(f"{server}/contacts?size=1")[1])
        assert first["items"] == found[:1] and first["next_cursor"]
        return
    found, pages = all_contacts(server, size)
    assert len({c["contact_id"] for c in found}) == len(found) == 300
    assert pages == -(-300 // size)
    assert found == sorted(found, key=lambda c: (c["updated_at"], c["contact_id"]))


def test_updated_since_counts_and_gives_the_changed_ones_only(server):
    everyone, _ = all_contacts(server)
    since = everyone[250]["updated_at"]
    changed, _ = all_contacts(server, query=f"&updated_since={since}")
    assert changed == [c for c in everyone if c["updated_at"] >= since]
    assert json.loads(ask(f"{server}/contacts?updated_since={since}")[1])["total"] == len(changed)


def test_activities_are_paged_by_number(server):
    pages = [json.loads(ask(f"{server}/activities?page={n}&size=300")[1])["items"] for n in (1, 2, 3, 4)]
    assert [len(p) for p in pages] == [300, 300, 100, 0]


@pytest.mark.parametrize(
    ("path", "token", "status", "why"),
    [
        ("/contacts", "another", 401, "a wrong token"),
        ("/contacts?size=501", TOKEN, 400, "over the largest page"),
        ("/contacts?size=0", TOKEN, 400, "no page"),
        ("/contacts?cursor=nonsense", TOKEN, 400, "not a cursor of ours"),
        ("/activities?page=0", TOKEN, 400, "pages count from 1"),
        ("/nothing", TOKEN, 404, "an unknown path"),
    ],
)
def test_refusals(server, path, token, status, why):
    assert ask(server + path, token=token)[0] == status, why


def good(body: bytes) -> dict:
    return json.loads(body)


@pytest.mark.parametrize(
    ("kind", "shows"),
    [
        ("down", lambda status, body: status == 503),
        ("html", lambda status, body: status == 200 and body.startswith(b"<html>")),
        ("truncated", lambda status, body: status == 200 and body.count(b"{") > body.count(b"}")),
        ("short", lambda status, body: len(good(body)["items"]) == 99 and good(body)["total"] == 300),
        ("changed_type", lambda status, body: all(isinstance(c["mobile"], dict) for c in good(body)["items"])),
        ("added_column", lambda status, body: all("loyalty_points" in c for c in good(body)["items"])),
        ("slow", lambda status, body: len(good(body)["items"]) == 100),
        ("repeated", lambda status, body: good(body)["items"] == good(body)["items"]),
    ],
)
def test_each_trouble_spoils_the_answer_and_goes_away(server, trouble, monkeypatch, kind, shows):
    monkeypatch.setattr(crm, "SLOW", 0)
    trouble(kind=kind, path="/contacts", times=1)
    assert shows(*ask(f"{server}/contacts?size=100")), kind
    assert len(good(ask(f"{server}/contacts?size=100")[1])["items"]) == 100, "once only"


def test_a_repeated_page_has_the_first_rows_again(server, trouble):
    first = good(ask(f"{server}/contacts?size=100")[1])
    trouble(kind="repeated", path="/contacts", times=1)
    assert good(ask(f"{server}/contacts?size=100&cursor={first['next_cursor']}")[1])["items"] == first["items"]


def test_trouble_may_wait_for_some_good_answers(server, trouble):
    trouble(kind="down", path="/contacts", after=2)
    assert [ask(f"{server}/contacts")[0] for _ in range(3)] == [200, 200, 503]
    assert ask(f"{server}/activities")[0] == 200, "another path is well"


def test_a_changed_contact_is_kept_when_the_application_starts_again(tmp_path):
    first = Crm(tmp_path)
    contact = first.since("contacts", None)[0] | {"full_name": "Somebody Else"}
    first.put("contacts", contact)
    assert contact in Crm(tmp_path).since("contacts", None)
    assert len(Crm(tmp_path).since("contacts", None)) == 300
