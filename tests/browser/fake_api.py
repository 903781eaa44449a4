"""An API that answers the console from made-up rows, by the permissions of the role that is signed in."""

from dataclasses import dataclass, field

from hub.access.permissions import ROLES
from tests.browser.fake_asks import Asks
from tests.browser.fake_checks import Checks
from tests.browser.fake_companies import Companies
from tests.browser.fake_groups import Groups
from tests.browser.fake_lists import Lists
from tests.browser.fake_quarantine import OWN, Quarantine
from tests.browser.fake_stewards import Stewards
from tests.browser.fake_uploads import Uploads
from tests.browser.made_up import (
    ASHA,
    COUNTS,
    CUSTOMER,
    EVIL,
    FIXES,
    MAP,
    POOR,
    PROFILE,
    QUALITY,
    REPORT,
    SEGMENT,
    SOURCES,
    TEMPLATE,
    campaign,
    run,
)

RIGHTS = ROLES | {"checker": frozenset({"sources.read", "pulls.read", "quarantine.read"})}  # a custom role


@dataclass
class FakeApi:
    """Who is signed in and what was asked. A password is the user's own name; `first` must change it."""

    role: str | None = None
    asked: list = field(default_factory=list)
    campaigns: dict = field(default_factory=dict)
    fail: set = field(default_factory=set)
    quarantine: Quarantine = field(default_factory=Quarantine)
    uploads: Uploads = field(default_factory=Uploads)
    addresses: list = field(default_factory=list)
    companies: Companies = field(default_factory=Companies)
    groups: Groups = field(default_factory=Groups)
    lists: Lists = field(default_factory=Lists)
    checks: Checks = field(default_factory=Checks)
    asks: Asks = field(default_factory=Asks)
    stewards: Stewards = field(default_factory=Stewards)
    fixes: list = field(default_factory=lambda: [dict(each) for each in FIXES])

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
            "m4": campaign("m4", "On poor data", "draft", quality=POOR),
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
                "permissions": sorted(RIGHTS[self.role]),
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
        page = lambda *items: (200, {"items": list(items), "next": None})  # noqa: E731 - short for the table below
        parts = path.split("/")[2:]
        match method, *parts:
            case "GET", "sources":
                (crm, *others), last = SOURCES, self.quarantine.pulls[OWN]
                contacts, *more = crm["data_sets"]
                return page(crm | {"data_sets": [contacts | {"last_pull": last}, *more]}, *others)
            case "GET", "sources", _, "quality":
                return page(*QUALITY)
            case "GET", "sources", _, "profile":
                return page(PROFILE)
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
            case "GET", "map":
                return 200, MAP
            case "GET", "tables":
                columns = [{"name": "customer_id", "type": "varchar", "description": "The customer."}]
                release = {"release_id": "r20261122t050010ab12", "released_at": "2026-11-22T05:00:30Z"}
                return 200, {
                    "release": release,
                    "tables": [
                        {"name": "reporting.customer", "description": "One row per customer.", "columns": columns}
                    ],
                }
            case _, "pulls" | "quarantine", *_ if (method, path) != ("POST", "/v1/pulls"):
                return self.quarantine.answer(method, parts, query, body)
            case _, "uploads", *_:
                return self.uploads.answer(method, parts, body)
            case "GET", "customers":
                return page(*([CUSTOMER] if "asha" in query["q"][0].lower() else []))
            case "GET", "customers", _:
                return 200, CUSTOMER
            case "GET", "customers", _, "events":
                return page({"kind": "visit", "happened_at": "2026-01-01T08:00:00Z", "source": "crm", "amount": None})
            case (_, "customers", _, "verifications") | (_, "verifications", *_):
                return self.checks.answer(method, parts, query, body)
            case (_, "customers", _, "records" | "household" | "completeness" | "journey" | "explanation" | "edits") | (
                _,
                "decisions" | "doubts" | "comparisons",
                *_,
            ):
                return self.stewards.answer(method, parts, query, body)
            case _, "customers", _, "gaps" | "question" | "prompts":
                return self.asks.answer(parts[2], query, body)
            case "GET", "contacts", _:
                return 200, {"customer_id": ASHA, "consents": [], "suppressions": []}
            case "GET", "fixes":
                return page(*self.fixes)
            case "POST", "fixes", "undo":
                self.fixes[body["number"] - 1] |= {"undone": body["undone"]}
                return 200, self.fixes[body["number"] - 1]
            case _, "companies" | "trees" | "network" | "parents", *_:
                return self.companies.answer(method, parts, query, body)
            case _, "groups" | "rights" | "quality_targets" | "personal_data", *_:
                return self.groups.answer(method, parts, query, body)
            case _, "lists" | "merge_purges", *_:
                return self.lists.answer(method, parts, body)
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
                        "channel": "sms",
                        "why": "stated",
                        "events": ["Send", "Delivery"],
                    }
                )
            case "POST", "campaigns", name, "override":
                told = {"by": "u", "at": "2026-11-22T05:00:00Z", "why": body["reason"]}
                self.campaigns[name] |= {"override": told}
                return 200, self.campaigns[name]
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
            case "POST", "templates":
                return 201, TEMPLATE
            case "GET", "templates":
                return page(TEMPLATE)
            case "GET", "templates", _:
                return 200, TEMPLATE
            case "GET", "roles":
                own = {"name": "support", "description": "Phones", "permissions": ["users.read"], "shipped": False}
                return page(*({**own, "name": name, "shipped": True} for name in sorted(ROLES)), own)
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
