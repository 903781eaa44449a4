"""The stages of a customer in their order, whatever order the events come in."""

from datetime import UTC, datetime

import pytest

from hub.stewardship.journey import journey

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ASHA = {"customer_id": "casha", "customer_since": "2024-01-05 00:00:00.000", "lead_source": "fair"}


def event(day: str, kind: str, **more):
    return {"happened_at": f"{day}T10:00:00Z", "kind": kind, "record_key": f"{kind}-{day}", **more}


def order(day: str, number: str, **more):
    return event(day, "order", direction="in", reference=number, **more)


CALL, CHAT = (
    event("2024-02-01", "call", direction="in", channel="phone"),
    event("2024-03-01", "web chat", direction="in"),
)
LIFE = [
    CALL,
    event("2024-01-20", "call", direction="out"),
    order("2024-03-10", "A-0", outcome="Cancelled"),
    order("2024-04-01", "A-1", outcome="paid", amount="10"),
    order("2024-05-01", "A-2", amount="5"),
    order("2024-05-02", "A-3", amount="-5"),
    order("2025-09-01", "A-4"),
    event("2025-10-01", "ticket", reference="T-1", outcome="open", channel="email", direction="in"),
    event("2025-10-02", "ticket", reference="T-2", outcome="Closed", direction="in"),
]
CASES = [
    ([], [("known", "2024-01-05")], "a record and no more"),
    ([CALL, CHAT], [("known", "2024-01-05"), ("in touch", "2024-02-01")], "the first contact counts"),
    ([event("2024-02-01", "call", direction="out")], [("known", "2024-01-05")], "we called, he did not"),
    ([event("2023-12-01", "web", direction="in")], [("known", "2023-12-01"), ("in touch", "2023-12-01")], "met before"),
    ([order("2026-05-01", "A")], [("known", "2024-01-05"), ("customer", "2026-05-01")], "bought at once"),
    (
        [order("2026-05-01", "A"), order("2026-05-02", "B")],
        [("known", "2024-01-05"), ("customer", "2026-05-01"), ("regular", "2026-05-02")],
        "bought again",
    ),
    ([order("2027-01-01", "A")], [("known", "2024-01-05")], "what is to come is no stage yet"),
    (
        LIFE,
        [
            ("known", "2024-01-05"), ("in touch", "2024-02-01"), ("customer", "2024-04-01"), ("regular", "2024-05-01"),
            ("lapsed", "2025-05-01"), ("won back", "2025-09-01"),
        ],
        "a whole life: neither the cancelled order nor the return is a purchase",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("events", "stages", "why"), CASES, ids=[each[2] for each in CASES])
def test_stages_stand_in_their_order(events, stages, why):
    for given in (events, events[::-1]):
        found = journey(ASHA, given, 365, NOW)
        assert [(step.stage, step.at[:10]) for step in found.steps] == stages, why
        assert found.stage == stages[-1][0]


def test_what_led_there_and_what_is_open():
    found = journey(ASHA, LIFE, 365, NOW)
    assert [(step.because, step.reference) for step in found.steps] == [
        ("fair", None), ("call by phone", None), ("first purchase", "A-1"), ("purchase 2", "A-2"),
        ("no purchase for 365 days", None), ("purchase 3", "A-4"),
    ]  # fmt: skip
    assert [(each.reference, each.state) for each in found.open] == [("T-1", "open")]
    assert found.last_contact == "2025-10-02T10:00:00Z"
    again = journey(ASHA, LIFE, 100, NOW)
    assert [step.stage for step in again.steps][-3:] == ["lapsed", "won back", "lapsed"], "and lapsed once more"
