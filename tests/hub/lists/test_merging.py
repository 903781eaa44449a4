"""Merge and purge by a table: for each row its fate and reason, exact to the row."""

import random
from collections import Counter

import pytest

from hub.lists.merging import Entry, Place, merge
from hub.lists.models import MergeRequest

NAMES = ("first", "second", "third")


def entries(*lists):
    """A row is "name; email; phone; name_postcode; changed_at", with nothing for what it has not."""
    found = []
    for at, rows in enumerate(lists):
        for number, text in enumerate(rows, 1):
            name, *rest = [part.strip() for part in f"{text};;;;".split(";")]
            kinds = dict(zip(("email", "phone", "name_postcode"), rest, strict=False))
            keys = {kind: value for kind, value in kinds.items() if value}
            found.append(Entry(Place(at, number), {"name": name, **kinds}, keys, rest[3]))
    return found


def asked(**more):
    return MergeRequest.model_validate({"title": "t", "lists": [{"upload": name} for name in NAMES], **more})


def told(done):
    """ "1.2 merged same email -> 1.1" for each row."""
    lines = []
    for each in done.fates:
        line = f"{each.place.at + 1}.{each.place.row} {each.fate}"
        line += f" {each.reason}" if each.reason else ""
        lines.append(line + (f" -> {each.into.at + 1}.{each.into.row}" if each.into else ""))
    return lines


CASES = [
    ("nobody twice", (["a; a@x"], ["b; b@x"]), {}, {}, ["1.1 kept", "2.1 kept"]),
    (
        "the same address in two lists: the more preferred list stays",
        (["a; a@x"], ["b; a@x"]),
        {},
        {},
        ["1.1 kept", "2.1 merged same email -> 1.1"],
    ),
    (
        "within one list",
        (["a; a@x", "b; a@x", "c; c@x"],),
        {},
        {},
        ["1.1 kept", "1.2 merged same email -> 1.1", "1.3 kept"],
    ),
    (
        "a chain: one shares an address, the next a number",
        (["a; a@x"], ["b; a@x; +91"], ["c;; +91"]),
        {},
        {},
        ["1.1 kept", "2.1 merged same email and phone -> 1.1", "3.1 merged same phone -> 1.1"],
    ),
    (
        "the newest row stays, wherever it is",
        (["a; a@x;;; 2024-01-01"], ["b; a@x;;; 2025-01-01"], ["c; a@x"]),
        {"keep": "newest"},
        {},
        ["1.1 merged same email -> 2.1", "2.1 kept", "3.1 merged same email -> 2.1"],
    ),
    (
        "the fullest row stays; of two the more preferred",
        (["; a@x"], ["b; a@x; +91"], ["c; a@x; +91"]),
        {"keep": "fullest"},
        {},
        ["1.1 merged same email -> 2.1", "2.1 kept", "3.1 merged same email and phone -> 2.1"],
    ),
    (
        "who is suppressed leaves with whom she is one person",
        (["a; a@x", "z; z@x"], ["b; a@x; +91"], ["c;; +91"]),
        {},
        {"stop": {("email", "a@x")}},
        [
            "1.1 purged on stop",
            "1.2 kept",
            "2.1 purged on stop",
            "3.1 purged same person as one on stop",
        ],
    ),
    (
        "rules come first, and what they drop holds nobody together",
        (["test; a@x", "a; a@x"], ["b; a@x"], ["; c@x"]),
        {"drop": [{"rule": "tests", "column": "name", "equals": "test"}, {"rule": "nameless", "column": "name"}]},
        {},
        ["1.1 purged rule tests", "1.2 kept", "2.1 merged same email -> 1.2", "3.1 purged rule nameless"],
    ),
    ("what has no key stays as it is", (["a", "a"],), {}, {}, ["1.1 kept", "1.2 kept"]),
    (
        "or is dropped where that is asked",
        (["a", "b; b@x"],),
        {"without_key": "drop"},
        {},
        ["1.1 purged nothing to compare", "1.2 kept"],
    ),
]


@pytest.mark.parametrize(("why", "lists", "more", "suppressed", "expected"), CASES, ids=[row[0] for row in CASES])
def test_fates(why, lists, more, suppressed, expected):
    stop = {name: frozenset(keys) for name, keys in suppressed.items()}
    assert told(merge(entries(*lists), stop, asked(**more))) == expected


def test_the_kept_row_takes_what_it_lacks_from_the_preferred_list_first():
    lists = (["Asha; a@x"], ["A. Rao; a@x; +91"], ["Asha Rao; a@x; +92; asha|411"])
    done = merge(entries(*lists), {}, asked())
    assert done.kept == {Place(0, 1): {"name": "Asha", "email": "a@x", "phone": "+91", "name_postcode": "asha|411"}}
    assert done.report(NAMES).filled == {"phone": 1, "name_postcode": 1}
    assert merge(entries(*lists), {}, asked(fill=False)).kept[Place(0, 1)]["phone"] == ""


@pytest.mark.parametrize("seed", range(5))
def test_every_row_has_one_fate_and_the_report_adds_up(seed):
    """However they overlap; and who is kept shares no key with another who is."""
    draw = random.Random(seed)

    def some(letter):
        return f"{letter}{draw.randrange(400)}" if draw.random() < 0.7 else ""

    lists = [[f"n; {some('e')}; {some('p')}; {some('n')}" for _ in range(80)] for _ in NAMES]
    rows = entries(*lists)
    done = merge(rows, {"stop": frozenset(("email", f"e{n}") for n in range(20))}, asked())
    assert [each.place for each in done.fates] == [entry.place for entry in rows]
    report = done.report(NAMES)
    assert report.total.rows == 240 == report.total.kept + report.total.merged + report.total.purged
    for name in ("rows", "kept", "merged", "purged"):
        assert sum(getattr(each, name) for each in report.lists.values()) == getattr(report.total, name)
    assert sum(report.reasons.values()) == report.total.merged + report.total.purged
    kept = [rows[at] for at, each in enumerate(done.fates) if each.fate == "kept"]
    shared = Counter(key for entry in kept for key in entry.keys.items())
    assert max(shared.values()) == 1
    into = {each.into for each in done.fates if each.fate == "merged"}
    assert into <= set(done.kept) == {entry.place for entry in kept}
