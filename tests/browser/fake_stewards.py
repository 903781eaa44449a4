"""What the console asks of stewards' work: a doubtful pair, source records, decisions of two persons."""

from dataclasses import dataclass, field

from tests.browser.made_up import ASHA, EVIL

OTHER = "c" + "b" * 20
WAITING = "d20261122t050000aaaaaa"
RECORDS = [
    {"record_key": "k1", "source": "crm", "source_key": "C00001", "full_name": "Asha Rao",
     "email": "asha.rao@example.com", "changed_at": "2026-11-20T05:00:00Z"},
    {"record_key": "k2", "source": "shop", "source_key": "17", "full_name": EVIL, "changed_at": "2026-10-20T05:00:00Z"},
]  # fmt: skip
DOUBT = {
    "left_key": "k1", "right_key": "k3", "left_customer": ASHA, "right_customer": OTHER, "left_name": "Asha Rao",
    "right_name": EVIL, "bits": -0.5, "probability": 0.41, "worth": 820,
}  # fmt: skip
HELD = DOUBT | {"right_key": "k1", "right_customer": ASHA, "right_name": "Asha Rao", "records": 312, "worth": 24258000}


def reason(name, says, level, agreement, bits):
    return {"field": name, "says": says, "level": level, "agreement": agreement, "bits": bits}


REASONS = [
    reason("born", "Birth date", "equal", "same", 13.1),
    reason("family", "Last name", "different", "different", -4.2),
    reason("given", "First name", "typo", "alike", 3.4),
    reason("phone", "Telephone number", "not known of both", "unknown", None),
]


def side(key, customer_id, source, **values):
    return {"record_key": key, "customer_id": customer_id, "source": source, "values": values,
            "changed_at": "2026-11-20T05:00:00Z"}  # fmt: skip


COMPARISON = {
    "left": side("k1", ASHA, "crm", full_name="Asha Rao", birth_date="1988-04-12"),
    "right": side("k3", OTHER, "shop", full_name=EVIL, birth_date="1988-04-12"),
    "reasons": REASONS, "bits": -0.5, "probability": 0.41, "decided": None,
}  # fmt: skip
DEPTH = {
    "customer_id": ASHA, "grade": "B", "score": 0.7, "known": ["name"], "missing": ["gender", "language"],
    "coverage": 0.5, "unknown_to": ["shop"],
    "sources": [{"source": "crm", "records": 1, "events": 2, "newest": "2026-11-20T05:00:00Z"}],
    "touch_points": [
        {"kind": "call", "channel": None, "count": 2, "first": "2026-01-01T00:00:00Z", "last": "2026-02-01T00:00:00Z"}
    ],
    "events": 2,
}  # fmt: skip


def decision(decision_id, kind, by="u", **more):
    return {
        "decision_id": decision_id, "kind": kind, "state": "proposed", "customers": [ASHA], "left": [], "right": [],
        "group": None, "values": None, "value_from": None, "why": "said so on the telephone", "decided_by": by,
        "decided_at": "2026-11-22T05:00:00Z", "answered_by": None, "answered_at": None, "answer": None, "replaces": 0,
        "undo_of": None, "undone_by": None, **more,
    }  # fmt: skip


JOURNEY = {
    "customer_id": ASHA, "stage": "customer", "events": 3, "last_contact": "2026-01-01T08:00:00Z",
    "steps": [
        {"stage": "known", "at": "2024-01-05T00:00:00Z", "because": "fair", "reference": None},
        {"stage": "customer", "at": "2025-01-05T00:00:00Z", "because": "first purchase", "reference": "SO-7"},
    ],
    "open": [{"reference": "T-9", "since": "2026-01-01T08:00:00Z", "channel": "email", "state": "open"}],
}  # fmt: skip


@dataclass
class Stewards:
    kept: dict = field(
        default_factory=lambda: {
            WAITING: decision(WAITING, "edit", by="somebody", group="email", values={"email": "new@example.com"})
        }
    )

    def answer(self, method, parts, query, body):
        page = lambda items: (200, {"items": list(items), "next": None})  # noqa: E731 - short for the table below
        match method, *parts:
            case "GET", "customers", _, "records":
                return page(RECORDS)
            case "GET", "customers", _, "household":
                members = [(ASHA, "Asha Rao", "member"), (OTHER, "Arun Rao", "member")]
                told = [{"customer_id": a, "full_name": b, "role": c} for a, b, c in members]
                return 200, {"household_id": "h1", "members": told}
            case "GET", "customers", _, "completeness":
                return 200, DEPTH
            case "GET", "customers", _, "journey":
                return 200, JOURNEY
            case "GET", "customers", _, "explanation":
                first = {
                    "record_key": "k1",
                    "source": "crm",
                    "with_record": None,
                    "reasons": [],
                    "bits": None,
                    "decided": False,
                }
                second = first | {
                    "record_key": "k2",
                    "source": "shop",
                    "with_record": "k1",
                    "reasons": REASONS,
                    "decided": True,
                }
                return 200, {"customer_id": ASHA, "links": [first, second], "most": None}
            case "POST", "customers", _, "edits":
                return self.made(decision("", "edit", group=body["group"], values=body["values"]))
            case "GET", "doubts":
                return page([HELD, DOUBT])
            case "GET", "comparisons":
                one = query["left"] == query["right"]
                return 200, COMPARISON | ({"right": COMPARISON["left"]} if one else {})
            case "GET", "decisions":
                return page(each for each in self.kept.values() if each["state"] == query["state"][0])
            case "POST", "decisions":
                return self.made(decision("", body["kind"], left=body["left"], right=body["right"]))
            case "POST", "decisions", one, "answer":
                state = "done" if body["verdict"] == "approved" else "refused"
                self.kept[one] |= {
                    "state": state,
                    "answered_by": "u",
                    "answer": body["why"],
                    "answered_at": "2026-11-22T06:00:00Z",
                }
            case "POST", "decisions", one, "withdraw":
                self.kept[one] |= {"state": "withdrawn"}
            case "POST", "decisions", one, "undo":
                return self.made(decision("", "undo", undo_of=one))
        return 200, self.kept[parts[1]]

    def made(self, item):
        item["decision_id"] = f"d20261122t05000{len(self.kept)}bbbbbb"
        self.kept[item["decision_id"]] = item
        return 201, item
