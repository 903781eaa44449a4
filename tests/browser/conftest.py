"""The real console, served by its own handler, in headless Chromium; the API answers from a few made-up rows."""

import json
import shutil
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import sync_playwright

from functions.console.handler import handler as console
from functions.console.handler import settings as console_settings
from tests.browser.fake_api import FakeApi

pytest.register_assert_rewrite("tests.browser.operating")

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)


class Server:
    def __init__(self):
        self.api = FakeApi()
        self.bytes = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def handle_one(self):
                url = urlsplit(self.path)
                if url.path.startswith("/drop/"):
                    length = int(self.headers.get("content-length", 0))
                    status, content, headers = outer.api.uploads.keep(url.path, self.rfile.read(length)), b"", {}
                elif url.path.startswith("/v1/"):
                    length = int(self.headers.get("content-length", 0))
                    body = json.loads(self.rfile.read(length)) if length else None
                    status, answer = outer.api.answer(
                        self.command, url.path, parse_qs(url.query), body, self.headers.get("cookie")
                    )
                    outer.api.addresses.append(self.path)
                    content = b"" if answer is None else json.dumps(answer).encode()
                    headers = {"content-type": "application/json"}
                    if isinstance(answer, tuple):
                        content, headers = answer[0].encode(), {"content-type": "application/x-ndjson", **answer[1]}
                    elif status == 200 and "access_token" in (answer or {}):
                        headers["set-cookie"] = "__Host-hub_session=x; Path=/; HttpOnly; Secure; SameSite=Strict"
                else:
                    content, status, headers = self.file(url.path)
                    outer.bytes += len(content)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def file(self, path):
                import base64

                event = {
                    "rawPath": path,
                    "headers": dict(self.headers),
                    "requestContext": {"http": {"method": self.command}},
                }
                answer = console(event, None)
                body = answer.get("body", "")
                return (
                    base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode(),
                    answer["statusCode"],
                    answer["headers"],
                )

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None:
        pytest.skip("no Chromium on PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("STAGE", "test")
    monkeypatch.setenv("UPLOAD_ORIGIN", "http://127.0.0.1:*")  # a bucket of the test's own
    console_settings.cache_clear()
    made = Server()
    yield made
    made.server.shutdown()
    made.server.server_close()


@dataclass
class Seen:
    """A page with what went wrong on it: errors of scripts, and what the content security policy forbade."""

    page: object
    url: str
    wrong: list = field(default_factory=list)

    def sign_in(self, role, password=None):
        self.page.goto(self.url)
        self.page.get_by_label("User name").fill(role)
        self.page.get_by_label("Password").fill(password or role)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="Sign out").wait_for()

    def go(self, path):
        self.page.goto(f"{self.url}#/{path}")
        shown = path.partition("?")[0]
        self.page.locator(f'main[data-shown="{shown}"] h1').wait_for()


@pytest.fixture
def visit(chromium, server):
    """visit(width=360, dark=True) -> a fresh visitor. A breach of the policy or a script's error fails the test."""
    seen, contexts = [], []

    def enter(width=1280, height=850, dark=False, **options):
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", **options
        )
        page = context.new_page()
        made = Seen(page, server.url)
        page.on("pageerror", lambda error: made.wrong.append(str(error)))
        page.on(
            "console",
            lambda line: (
                made.wrong.append(line.text)
                if line.type == "error" and "the server responded" not in line.text
                else None
            ),
        )
        contexts.append(context)
        seen.append(made)
        return made

    yield enter
    for context in contexts:
        context.close()
    assert [wrong for made in seen for wrong in made.wrong] == []
