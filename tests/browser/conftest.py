"""The real console, its own handler serving it, in headless Chromium against an API that answers from a few made-up rows."""

import json
import shutil
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import sync_playwright

from functions.console.handler import handler as console
from hub.access.permissions import ROLES

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
EVIL = "<img src=x onerror=\"document.title='owned'\">"
ASHA = "c" + "a" * 20


def pull(state="complete", **more):
    counts = {"received": 312, "staged": 305, "duplicate": 2, "quarantined": 3, "filtered": 2, "balanced": True}
    ids = {"pull_id": "crm.contacts.00000007", "source": "crm", "data_set": "contacts", "pull_seq": 7, "state": state}
    return ids | counts | {"started_at": "2026-11-22T05:00:00Z", "ended_at": "2026-11-22T05:00:04Z"} | more


def data_set(name, description, schedule, last):
    return {
        "name": name,
        "description": description,
        "schedule": schedule,
        "paused": False,
        "last_pull": last,
        "entities": [],
    }


SOURCES = [
    {"name": "crm", "description": "Contacts and what was said.", "owner": "Sales", "connector": "rest", "trust": 80, "data_sets": [
        data_set("contacts", "People in the CRM.", "rate(1 hour)", pull()),
        data_set("activities", "Calls, visits and notes.", "cron(15 2 * * ? *)", pull("failed", error="The source answered 503", balanced=None)),
    ]},
    {"name": "shop", "description": "The web shop.", "owner": "Online", "connector": "sql", "trust": 60, "data_sets": [
        data_set("orders", "Orders.", "rate(15 minutes)", pull("running", quarantined=0, balanced=None)),
        data_set("products", EVIL, None, None),
    ]},
]  # fmt: skip
CUSTOMER = {
    "customer_id": ASHA, "full_name": "Asha Rao", "given_name": "Asha", "email": "asha.rao@example.com", "phone": "+919812345678",
    "city": "पुणे", "region": "Maharashtra", "country": "IN", "birth_date": "1988-04-12", "company": EVIL, "sources": 3,
    "customer_since": "2021-03-04 10:00:00", "names": ["Asha Rao", "A. Rao", "आशा राव"], "emails": ["asha.rao@example.com"], "phones": [],
    "source_keys": ["crm:C00001", "shop:17"], "provenance": json.dumps({"email": "9f3c21aa77", "phone": "01bc9d"}), "masked": [],
    "release_id": "r20261122t050010ab12",
    "events": {"next": "more", "items": [
        {"kind": "order", "happened_at": "2026-11-20T09:30:00Z", "reference": "SO-1042", "amount": "1299.5000", "outcome": "shipped", "source": "shop", "channel": "web"},
        {"kind": "call", "happened_at": "2026-11-02T12:00:00Z", "source": "calls", "direction": "in", "outcome": "resolved", "amount": None},
        {"kind": "email", "happened_at": "2026-10-12T08:00:00Z", "source": "crm", "direction": "out", "amount": None},
    ]},
}  # fmt: skip
REPORT = {"report_id": "revenue", "title": "Revenue by month", "description": "What was ordered, month by month.", "shipped": True,
          "sql": "select 1\nfrom reporting.sales_order\nwhere ordered_at >= :since",
          "parameters": [{"name": "since", "type": "date", "label": "Since", "default": "2026-01-01"}]}  # fmt: skip
SEGMENT = {"segment_id": "g1", "name": "Tea lovers", "description": "Bought tea in the last year.", "sql": "select customer_id from reporting.customer",
           "parameters": [{"name": "since", "type": "date", "label": ""}]}  # fmt: skip
TEMPLATE = {
    "template_id": "t1",
    "name": "Spring",
    "subject": "The first flush is here, {{given_name|friend}}",
    "text": "Dear {{given_name|friend}},\n\nthe first flush is here.",
    "html": "<p>x</p>",
}
COUNTS = {"audience": 640, "waiting": 230, "sent": 288, "refused": 4, "uncertain": 2, "cancelled": 0,
          "excluded": {"no_consent": 81, "no_address": 22, "duplicate_address": 9, "suppressed": 4}}  # fmt: skip


def run(kind, state, counts, **more):
    return {"run_id": "s1", "kind": kind, "state": state, "counts": counts, "release_id": "r20261122t050010ab12",
            "started_at": "2026-11-22T05:10:00Z", "ended_at": None, "error": None, "chunks": 11, "chunks_done": 6} | more  # fmt: skip


def campaign(campaign_id, name, state, **runs):
    return {"campaign_id": campaign_id, "name": name, "channel": "email", "segment_id": "g1", "template_id": "t1", "sender": "hello@demo.example",
            "parameters": {"since": "2025-11-01"}, "state": state, "created_by": "u", "created_at": "2026-11-21T10:00:00Z"} | runs  # fmt: skip


@dataclass
class FakeApi:
    """Who is signed in, what was asked, and the made-up answers. A password is the user's own name; `first` must change it."""

    role: str | None = None
    asked: list = field(default_factory=list)
    campaigns: dict = field(default_factory=dict)
    fail: set = field(default_factory=set)

    def __post_init__(self):
        dry = run(
            "dry_run",
            "finished",
            COUNTS | {"waiting": 524, "sent": 0, "refused": 0, "uncertain": 0},
            ended_at="2026-11-22T05:05:00Z",
        )
        self.campaigns = {
            "m1": campaign("m1", "Spring flush", "sending", dry_run=dry, send=run("send", "sending", COUNTS)),
            "m2": campaign("m2", "Diwali greetings", "draft"),
        }

    def answer(self, method, path, query, body, cookie):
        self.asked.append((method, path, body))
        if (method, path) in self.fail:
            return 503, {"error": {"code": "unavailable", "message": "traceback", "details": None}}
        if path.startswith("/v1/session"):
            return self.session(method, path, body, cookie)
        if path == "/v1/me":
            return 200, {
                "id": "u",
                "username": self.role,
                "roles": [self.role],
                "permissions": sorted(ROLES[self.role]),
            }
        return self.data(method, path, query, body)

    def session(self, method, path, body, cookie):
        if method == "DELETE":
            self.role = None
            return 204, None
        if path.endswith("refresh"):
            return (
                self.signed_in(self.role)
                if cookie and self.role
                else (401, wrong("The session is over; sign in again"))
            )
        if body.get("new_password"):
            return self.signed_in("viewer")
        if body.get("code"):
            return (
                self.signed_in("admin") if body["code"] == "123456" else (401, wrong("User name or password is wrong"))
            )
        if body["password"] != body["username"]:
            return 401, wrong("User name or password is wrong")
        if body["username"] in ("first", "careful"):
            return 200, {"challenge": "new_password" if body["username"] == "first" else "totp", "session": "s" * 24}
        return self.signed_in(body["username"])

    def signed_in(self, role):
        self.role = role
        return 200, {"access_token": "token", "expires_in": 900, "user": {"username": role, "roles": [role]}}

    def data(self, method, path, query, body):
        page = lambda *items: (200, {"items": list(items), "next": None})  # noqa: E731
        parts = path.split("/")[2:]
        match method, *parts:
            case "GET", "sources":
                return page(*SOURCES)
            case "GET", "runs":
                return page(
                    {
                        "run_id": "r1",
                        "state": "released",
                        "started_at": "2026-11-22T05:00:10Z",
                        "ended_at": "2026-11-22T05:00:30Z",
                        "error": None,
                    }
                )
            case "GET", "tables":
                columns = [{"name": "customer_id", "type": "varchar", "description": "The customer."}]
                release = {"release_id": "r20261122t050010ab12", "released_at": "2026-11-22T05:00:30Z"}
                return 200, {
                    "release": release,
                    "tables": [
                        {"name": "reporting.customer", "description": "One row per customer.", "columns": columns}
                    ],
                }
            case "GET", "pulls", _:
                return 200, pull()
            case "GET", "quarantine":
                return page(
                    {
                        "pull_id": "x",
                        "batch": 1,
                        "row": 9,
                        "failures": [{"column": "stage", "rule": "one_of"}],
                        "record": {"stage": EVIL},
                    }
                )
            case "GET", "customers":
                return page(*([CUSTOMER] if "asha" in query["q"][0].lower() else []))
            case "GET", "customers", _:
                return 200, CUSTOMER
            case "GET", "customers", _, "events":
                return page({"kind": "visit", "happened_at": "2026-01-01T08:00:00Z", "source": "crm", "amount": None})
            case "GET", "contacts", _:
                return 200, {"customer_id": ASHA, "consents": [], "suppressions": []}
            case "GET", "reports":
                return page(REPORT)
            case "GET", "reports", _:
                return 200, REPORT
            case "POST", "results":
                return 202, {"id": "q1", "state": "running"}
            case "GET", "results", "q1":
                return 200, {"id": "q1", "state": "succeeded", "error": None}
            case "GET", "results", "q1", "rows":
                columns = [
                    {"name": "month", "type": "date"},
                    {"name": "orders", "type": "bigint"},
                    {"name": "revenue", "type": "decimal(18,2)"},
                ]
                names = [f"a_long_column_{n}" for n in range(8)]
                columns += [{"name": name, "type": "varchar"} for name in names]
                return 200, {
                    "columns": columns,
                    "items": [
                        [f"2026-{m:02d}-01", 40 + m, f"{1000 * m}.50", *["text"] * 7, EVIL] for m in range(1, 11)
                    ],
                    "next": None,
                }
            case "GET", "campaigns":
                return page(*self.campaigns.values())
            case "GET", "campaigns", name:
                return 200, self.campaigns[name]
            case "GET", "campaigns", _, "receipts":
                return page(
                    {
                        "customer_id": ASHA,
                        "token": "0" * 26,
                        "state": "sent",
                        "reason": None,
                        "events": ["Send", "Delivery"],
                    }
                )
            case "POST", "campaigns", name, action:
                state = {
                    "pause": "paused",
                    "resume": "sending",
                    "cancel": "cancelled",
                    "send": "sending",
                    "dry_run": self.campaigns[name]["state"],
                }[action]
                self.campaigns[name] |= {"state": state} | (
                    {"send": run("send", state, COUNTS)}
                    if action != "dry_run"
                    else {"dry_run": run("dry_run", "finished", COUNTS)}
                )
                return 202, self.campaigns[name]
            case "POST", "campaigns":
                self.campaigns["m3"] = campaign("m3", body["name"], "draft")
                return 201, self.campaigns["m3"]
            case "GET", "segments":
                return page(SEGMENT)
            case "GET", "segments", _:
                return 200, SEGMENT
            case "POST", "segments":
                return 422, {
                    "error": {
                        "code": "invalid_input",
                        "message": "There is no table 'x' (line 2, column 6)",
                        "details": {"line": 2, "column": 6},
                    }
                }
            case "GET", "templates":
                return page(TEMPLATE)
            case "GET", "templates", _:
                return 200, TEMPLATE
            case "GET", "roles":
                return page(*({"name": name, "permissions": []} for name in sorted(ROLES)))
            case "GET", "users":
                return page(
                    {
                        "id": "u2",
                        "username": "asha",
                        "email": "asha@example.com",
                        "roles": ["viewer"],
                        "enabled": True,
                        "state": "CONFIRMED",
                    }
                )
            case "POST" | "PATCH", *_:
                return 202, {}
        return 404, wrong("There is nothing at this path", "not_found")


def wrong(message, code="unauthenticated"):
    return {"error": {"code": code, "message": message, "details": None}}


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
                if url.path.startswith("/v1/"):
                    length = int(self.headers.get("content-length", 0))
                    body = json.loads(self.rfile.read(length)) if length else None
                    status, answer = outer.api.answer(
                        self.command, url.path, parse_qs(url.query), body, self.headers.get("cookie")
                    )
                    content = b"" if answer is None else json.dumps(answer).encode()
                    headers = {"content-type": "application/json"}
                    if status == 200 and "access_token" in (answer or {}):
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
def server():
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

    def sign_in(self, role):
        self.page.goto(self.url)
        self.page.get_by_label("User name").fill(role)
        self.page.get_by_label("Password").fill(role)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="Sign out").wait_for()

    def go(self, path):
        self.page.goto(f"{self.url}#/{path}")
        shown = path.partition("?")[0]
        self.page.locator(f'main[data-shown="{shown}"] h1').wait_for()


@pytest.fixture
def visit(chromium, server):
    """visit(width=360, dark=True) -> a fresh visitor. The test fails if any page broke a rule of the policy or a script."""
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
