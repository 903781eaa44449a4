"""Uploads as the API and the bucket answer them, with a first link that breaks off."""

from dataclasses import dataclass, field
from typing import Any

FIELD = {"type": "varchar", "required": False, "personal": "none", "choices": [], "fill": None}
TARGETS = [
    {
        "source": "calls",
        "data_set": "calls",
        "description": "One row per call.",
        "endings": [".csv", ".txt", ".csv.gz"],
    },
    {
        "source": "field",
        "data_set": "contacts",
        "description": "People met at fairs.",
        "endings": [".jsonl"],
        "form": [
            FIELD | {"name": "entry_id", "label": "Entry id", "fill": "id"},
            FIELD | {"name": "full_name", "label": "Name", "required": True, "personal": "name"},
            FIELD | {"name": "email", "label": "E-mail", "personal": "email"},
            FIELD | {"name": "met_at", "label": "Where you met", "choices": ["fair", "door"]},
            FIELD | {"name": "entered_at", "label": "Entered at", "type": "timestamp", "fill": "now"},
        ],
    },
    {"source": "forms", "data_set": "visits", "description": "Paper forms, typed in.", "endings": [".xlsx"]},
]
PULL = {
    "pull_id": "calls.calls.00000007", "source": "calls", "data_set": "calls", "pull_seq": 7, "state": "complete",
    "started_at": "2026-11-22T05:00:00Z", "received": 12, "staged": 11, "duplicate": 0, "quarantined": 1, "filtered": 0,
    "balanced": True, "error": None, "reason": None,
}  # fmt: skip
BEFORE = {
    "upload_id": "1700000000000-000000000000", "source": "calls", "data_set": "calls", "file_name": "april.csv",
    "size": 1_234_567, "state": "complete", "asked_by": "u", "created_at": "2026-11-22T05:00:00Z",
    "completed_at": "2026-11-22T05:00:00Z", "parts": [], "pull": PULL,
}  # fmt: skip
HALF = 100_000


@dataclass
class Uploads:
    made: list[dict[str, Any]] = field(default_factory=lambda: [BEFORE])
    sent: dict[str, bytes] = field(default_factory=dict)
    whole: list[bytes] = field(default_factory=list)
    refuse: list[int] = field(default_factory=list)

    def answer(self, method: str, parts: list[str], body: Any) -> tuple[int, Any]:
        match method, *parts[1:]:
            case "GET", "targets":
                return 200, {"items": TARGETS, "next": None}
            case "GET", *_:
                return 200, {"items": self.made[::-1], "next": None}
            case "POST", _, "parts":
                return 200, self.made[-1] | {"parts": self.links(self.made[-1]["size"])}
            case "POST", _, "complete":
                self.made[-1] |= {"state": "complete", "completed_at": "2026-11-22T05:10:00Z"}
                return 202, self.made[-1]
        upload = BEFORE | body | {"upload_id": "1700000000001-000000000000", "state": "waiting", "pull": None}
        self.made.append(upload)
        self.sent.clear()
        return 201, upload | {"parts": self.links(body["size"])}

    def links(self, size: int) -> list[dict[str, Any]]:
        """Two parts, of which those that are there are not given again."""
        cut = [(1, 0, min(HALF, size)), (2, HALF, size - HALF)] if size > HALF else [(1, 0, size)]
        return [
            {"number": number, "offset": offset, "size": stretch, "url": f"/drop/{number}", "headers": {}}
            for number, offset, stretch in cut
            if f"/drop/{number}" not in self.sent
        ]

    def keep(self, path: str, body: bytes) -> int:
        if self.refuse:
            return self.refuse.pop(0)
        self.sent[path] = body
        self.whole.append(body)
        return 200
