"""Lists and merges as the fake API answers of them."""

from dataclasses import dataclass, field
from typing import Any

ROWS = {"rows": 5, "kept": 1, "merged": 2, "purged": 2}
REPORT = {
    "total": {"rows": 25, "kept": 21, "merged": 2, "purged": 2},
    "lists": {"crm.contacts": {"rows": 20, "kept": 20, "merged": 0, "purged": 0}, "fair": ROWS},
    "reasons": {"merged: same email": 2, "purged: on stop": 2},
    "filled": {},
}


def job(title: str) -> dict[str, Any]:
    told = {"merge_id": "l1", "title": title, "state": "complete", "asked_by": "u", "error": None, "report": REPORT}
    return told | {"asked_at": "2026-11-22T05:00:00Z", "ended_at": "2026-11-22T05:00:09Z", "request": {}}


def uploaded(name: str, rows: int, basis: str) -> dict[str, Any]:
    told = {"name": name, "description": "", "basis": basis, "rows": rows, "columns": ["email"]}
    return told | {"uploaded_by": "u", "uploaded_at": "2026-11-22T04:00:00Z"}


@dataclass
class Lists:
    """The lists that were uploaded; a merge is done at once."""

    uploads: dict = field(default_factory=lambda: {"fair": uploaded("fair", 5, "left their card at our stand")})
    title: str = "Fair into CRM"

    def answer(self, method, parts, body):
        match method, *parts:
            case "GET", "lists":
                return 200, {"items": list(self.uploads.values()), "next": None}
            case "PUT", "lists", name:
                self.uploads[name] = uploaded(name, body["csv"].strip().count("\n"), body["basis"])
                return 200, self.uploads[name]
            case "GET", "merge_purges":
                return 200, {"items": [job(self.title)], "next": None}
            case "POST", "merge_purges":
                self.title = body["title"]
                return 202, job(self.title)
            case "GET", "merge_purges", _:
                return 200, job(self.title)
        return 404, {"error": {"code": "not_found", "message": "There is nothing at this path", "details": None}}
