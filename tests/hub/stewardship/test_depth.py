"""A grade for how much is known: who is only on a mailing list is no customer that one knows."""

import pytest

from hub.stewardship.depth import depth

FULL = {
    "customer_id": "c", "full_name": "A", "email": "e", "phone": "p", "address": "a", "city": "c", "birth_date": "b",
    "gender": "f", "language": "hi", "marketing_consent": False,
}  # fmt: skip
ORDER = {"kind": "order", "channel": "web", "source": "shop", "happened_at": "2026-01-02T00:00:00Z"}
CALL = {"kind": "call", "channel": None, "source": "calls", "happened_at": "2026-01-01T00:00:00Z"}


def part(*names):
    return {name: value for name, value in FULL.items() if name in ("customer_id", *names)}


@pytest.mark.parametrize(
    ("profile", "events", "grade", "why"),
    [
        (part("full_name", "phone"), [], "D", "a mailing list"),
        (part("full_name", "email", "phone"), [], "D", "a longer one"),
        (FULL, [], "C", "all of him, and nothing that he did"),
        (FULL, [ORDER, CALL], "A", "a customer that one knows"),
        (FULL, [ORDER], "A", "one who bought only"),
        (part("full_name", "email", "phone", "address", "city", "marketing_consent"), [ORDER], "B", "no birthday"),
        (part("full_name", "phone"), [ORDER, CALL], "C", "who calls and buys"),
        (part("full_name", "address"), [], "D", "an address without its town is none"),
        ({"customer_id": "c"}, [], "D", "nobody"),
    ],
)
def test_grades(profile, events, grade, why):
    assert depth(profile, [], events, []).grade == grade, why


def test_sources_and_touch_points():
    records = [{"source": "crm", "changed_at": "2026-01-01"}, {"source": "crm", "changed_at": "2026-02-01"}]
    later = {**ORDER, "happened_at": "2026-03-01T00:00:00Z"}
    found = depth(FULL, records, [ORDER, CALL, later], ["crm", "shop", "calls", "erp"])
    assert [(each.source, each.records, each.events, each.newest) for each in found.sources] == [
        ("calls", 0, 1, None), ("crm", 2, 0, "2026-02-01"), ("shop", 0, 2, None),
    ]  # fmt: skip
    assert (found.unknown_to, found.coverage) == (["calls", "erp", "shop"], 0.25)
    assert [(each.kind, each.count, each.first[:7], each.last[:7]) for each in found.touch_points] == [
        ("order", 2, "2026-01", "2026-03"), ("call", 1, "2026-01", "2026-01"),
    ]  # fmt: skip
