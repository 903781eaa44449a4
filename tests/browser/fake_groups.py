"""Groups, the register of rights, targets and personal data as the fake API answers of them."""

from dataclasses import dataclass, field
from typing import Any

ASHA = "c" + "a" * 20
MEMBER = {"customer_id": ASHA, "full_name": "Asha Rao", "city": "Pune"}
WAITING = {"request_id": "r1", "group_id": "g1", "by": "u-7", "right": "read", "days": 30, "state": "waiting"}
ROLE = {"name": "sales", "purpose": "Sells", "unused": False}
RIGHTS = [
    {"permission": "customers.read", "given_by": ["sales"], "last_used": "2026-11-20", "unused": False},
    {"permission": "reports.run", "given_by": ["sales"], "last_used": None, "unused": True},
]
ENTRY = {"kind": "user", "id": "u-7", "name": "mira", "purpose": "Looks after schools", "enabled": True}
ENTRY |= {"last_used": "2026-11-20", "watched_since": "2026-01-01", "roles": [ROLE], "rights": RIGHTS}
ENTRY |= {"unused": ["reports.run"]}
TARGET = {"name": "reachable", "owner": "marketing", "says": "Who buys can be written to", "data_set": "crm.contacts"}
TARGETS = [
    TARGET | {"measure": "completeness", "column": "email", "at_least": 95, "value": 91.5, "day": "2026-11-22"}
    | {"state": "missed"},
    TARGET | {"name": "fresh", "measure": "timeliness", "column": None, "at_least": 99, "value": None, "day": None}
    | {"state": "not_measured"},
]  # fmt: skip
FINDING = {
    "source": "crm",
    "data_set": "contacts",
    "column": "note",
    "in_manifest": True,
    "declared": "none",
    "found": "none",
}
FINDINGS = [
    FINDING | {"mentions": {"email": 12}, "purpose": None, "day": "2026-11-22", "state": "mentioned"},
    FINDING | {"column": "e_mail_2", "in_manifest": False, "found": "email", "mentions": {}, "purpose": None}
    | {"day": "2026-11-22", "state": "undeclared"},
]  # fmt: skip


def group(key: str, name: str, right: str, **more: Any) -> dict[str, Any]:
    told = {"group_id": key, "name": name, "description": "Who orders for schools", "listed": True, "owner": "u"}
    return told | {"right": right, "until": None, "version": 1, "shares": None} | more


@dataclass
class Groups:
    """Two groups: one's own, and one that may be asked for. said: what was asked of them."""

    said: list[tuple[str, Any]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=lambda: [MEMBER])
    requests: list[dict[str, Any]] = field(
        default_factory=lambda: [WAITING | {"why": "The autumn fair", "asked_at": "2026-11-20T08:00:00Z"}]
    )
    shares: dict[str, Any] = field(
        default_factory=lambda: {"role:sales": {"right": "read", "until": None, "by": "u", "request_id": None}}
    )

    def answer(self, method, parts, query, body):
        if method != "GET":
            self.said.append((f"{method} {'/'.join(parts)}", body))
        match method, *parts:
            case "GET", "groups":
                own = group("g1", "Schools", "own", shares=self.shares)
                return 200, {"items": [own, group("g2", "Hospitals", "none")], "next": None}
            case "POST", "groups":
                return 201, group("g1", body["name"], "own", shares={})
            case "PATCH", "groups", _:
                return self.changed(body)
            case "GET", "groups", _, "members":
                wanted = query.get("q", [""])[0].lower()
                found = [each for each in self.members if wanted in each["full_name"].lower()]
                return 200, {"items": found, "next": None}
            case "GET", "groups", _, "requests":
                return 200, {"items": self.requests, "next": None}
            case "POST", "groups", _, "requests":
                return 201, WAITING | body
            case "POST", "groups", _, "requests", _, "answer":
                self.requests[0] |= {"state": "approved" if body["verdict"] == "approve" else "refused"}
                return 201, self.requests[0]
            case "GET", "rights":
                return 200, {"items": [ENTRY], "next": None}
            case "GET", "quality_targets":
                return 200, {"items": TARGETS, "next": None}
            case "GET", "personal_data":
                return 200, {"items": FINDINGS, "next": None}
        return 404, {"error": {"code": "not_found", "message": "There is nothing at this path", "details": None}}

    def changed(self, body):
        if unknown := [each for each in body.get("add", []) if each != ASHA]:
            problem = {"field": "add", "problem": f"nobody is {unknown[0]}"}
            told = {"code": "invalid_input", "message": "Only customers are members", "details": [problem]}
            return 422, {"error": told}
        if "remove" in body:
            self.members = [each for each in self.members if each["customer_id"] not in body["remove"]]
        if share := body.get("share"):
            self.shares[share["to"]] = {"right": share["right"], "until": None, "by": "u", "request_id": None}
        self.shares.pop(body.get("unshare"), None)
        return 200, group("g1", "Schools", "own", shares=self.shares)
