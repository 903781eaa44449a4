"""Pulls and their refused rows as the API gives them: decided about, narrowed, corrected and tried again."""

import json
from collections import Counter

from tests.browser.made_up import EVIL, pull

OWN = "crm.contacts.00000007"
LINES = [
    # batch, row, failures, what the source gave
    (
        1,
        5,
        [("age", "between", "not between 0 and 120")],
        {"record": {"name": "Asha Rao", "age": "430", "stage": EVIL}},
    ),
    (1, 9, [("stage", "one_of", None)], {"record": {"name": "रवि", "age": "31", "stage": "w" * 90, "tags": ["a"]}}),
    (2, 3, [("", "unreadable", "an unclosed quote")], {"text": '7,"Meera,41,lead'}),
]
FIELDS = {"name", "age", "stage", "city"}


def line(batch, row, failures, given):
    told = [{"column": c, "rule": r} | ({"reason": why} if why else {}) for c, r, why in failures]
    return {"pull_id": OWN, "batch": batch, "row": row, "failures": told, "settled": None} | given


class Quarantine:
    """A corrected row passes, one that is tried as it stands does not.

    stays: a running pull goes on. slow: how many looks at the pulls a replay takes to begin, and then to end.
    """

    def __init__(self):
        self.slow = 1
        self.lines = [line(*each) for each in LINES]
        self.pulls = {OWN: pull()}
        self.waiting = []
        self.stays = False

    def hold(self, gate, reason):
        self.pulls[OWN] |= {"state": "held", "held_by": gate, "reason": reason, "decisions": []}

    def pull(self, name):
        found = self.pulls[name]
        if found["state"] == "running" and not found.get("replay_of") and not self.stays:
            self.pulls[name] = found | {"state": "complete"}
        return found

    def list(self):
        for each in self.waiting[:]:
            each["looks"] -= 1
            if each["looks"] > 0:
                continue
            if each["pull"] is None:
                each |= {"pull": f"crm.contacts.{len(self.pulls) + 7:08d}", "looks": self.slow}
                self.pulls[each["pull"]] = pull(
                    "running", pull_id=each["pull"], replay_of=OWN, received=0, balanced=None
                )
            else:
                self.waiting.remove(each)
                self.end(each)
        return sorted(self.pulls.values(), key=lambda each: each["pull_id"], reverse=True)

    def end(self, replay):
        chosen = [each for each in self.lines if not each["settled"] and self.named(each, replay["corrections"])]
        passed = 0
        for each in chosen:
            fixed = replay["corrections"] is not None and any(c["values"] for c in replay["corrections"])
            passed += fixed
            each["settled"] = {"by": replay["pull"], "fate": "passed" if fixed else "quarantined"}
        self.pulls[replay["pull"]] |= {
            "state": "complete",
            "received": len(chosen),
            "staged": passed,
            "quarantined": len(chosen) - passed,
            "balanced": True,
        }

    def named(self, line, corrections):
        return corrections is None or any((c["batch"], c["row"]) == (line["batch"], line["row"]) for c in corrections)

    def summary(self):
        every, still = Counter(), Counter()
        for each in self.lines:
            for broken in each["failures"]:
                every[broken["column"], broken["rule"]] += 1
                still[broken["column"], broken["rule"]] += each["settled"] is None
        rules = [{"column": c, "rule": r, "lines": n, "open": still[c, r]} for (c, r), n in every.items()]
        left = sum(each["settled"] is None for each in self.lines)
        return {"pull_id": OWN, "lines": len(self.lines), "open": left, "rules": rules}

    def narrowed(self, query):
        rule, state = query.get("rule", [None])[0], query.get("state", [None])[0]
        return [
            each
            for each in self.lines
            if (rule is None or rule in {f"{one['column']}: {one['rule']}" for one in each["failures"]})
            and (state is None or (each["settled"] is None) == (state == "open"))
        ]

    def download(self, query):
        """Two parts, as where there are many rows."""
        text = "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in self.lines)
        half = text.index("\n") + 1
        return (text[half:], {}) if query.get("after") == ["half"] else (text[:half], {"x-next": "half"})

    def answer(self, method, parts, query, body):
        match method, *parts:
            case "GET", "pulls":
                of = query.get("replay_of", [None])[0]
                found = [each for each in self.list() if of in (None, each.get("replay_of"))]
                return 200, {"items": found, "next": None}
            case "GET", "pulls", name:
                return 200, self.pull(name)
            case "POST", "pulls", name, decision:
                return self.decide(name, decision, body["reason"])
            case "GET", "quarantine":
                return 200, {"items": self.narrowed(query), "next": None}
            case "GET", "quarantine", _:
                return 200, self.summary()
            case "GET", "quarantine", _, "download":
                return 200, self.download(query)
            case "POST", "quarantine", _, "replay":
                return self.replay(body.get("corrections"))

    def decide(self, name, decision, reason):
        if "@" in reason:
            problem = "holds an address or a long number; say it without, the audit log keeps it"
            return refused(422, "The request is not right: see details", [{"field": "reason", "problem": problem}])
        if self.pulls[name]["state"] != "held":
            return refused(409, f"{name} is {self.pulls[name]['state']}; only a held pull is decided")
        state, what = ("running", "released") if decision == "release" else ("abandoned", "abandoned")
        decided = {"what": what, "by": "u", "at": "2026-11-22T06:00:00Z", "why": reason}
        self.pulls[name] = self.pulls[name] | {"state": state, "held_by": None, "reason": None, "decisions": [decided]}
        return 202, self.pulls[name]

    def replay(self, corrections):
        unknown = {name for each in corrections or () for name in each["values"]} - FIELDS
        if unknown:
            problem = f"{min(unknown)!r} is no field of this data set; it has {', '.join(sorted(FIELDS))}"
            details = [{"field": "corrections.0.values", "problem": problem}]
            return refused(422, "The corrections are not right: see details", details)
        count = sum(each["settled"] is None and self.named(each, corrections) for each in self.lines)
        self.waiting.append({"corrections": corrections, "pull": None, "looks": self.slow + 1})
        return 202, {"source": "crm", "data_set": "contacts", "replay_of": OWN, "lines": count, "state": "queued"}


def refused(status, message, details=None):
    return status, {"error": {"code": "refused", "message": message, "details": details}}
