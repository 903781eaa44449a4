"""Errors seeded at known rates are measured within one point, from the counts alone."""

import random
from datetime import date, timedelta

import pyarrow as pa
import pytest

from hub.config import RestDataSet
from hub.pulls.memory import Memory
from hub.pulls.models import Pull
from hub.pulls.references import Known
from hub.pulls.scores import by_day
from hub.pulls.stage import Plan, settle_batch
from hub.pulls.tally import total
from hub.sources import Piece

ROWS, BATCHES = 2000, 4
RULES = RestDataSet.model_validate(
    {
        "description": "d",
        "fetch": {"path": "/x"},
        "frequency": {"class": "on-demand"},
        "keys": {"business": ["key"]},
        "filters": [{"rule": "tests", "where": {"city": {"one_of": ["test"]}}}],
        "rules": [
            {"rule": "paid", "expect": {"column": "paid", "is": "at_most", "of": "total"}, "on_failure": "warn"},
            {"rule": "pin", "expect": {"column": "pin", "is": "postcode_of", "of": "town"}, "on_failure": "warn"},
        ],
        "columns": {
            "key": {"type": "bigint", "required": True},
            "city": {"type": "varchar"},
            "pin": {"type": "varchar"},
            "town": {"type": "varchar", "default": "Pune"},
            "mail": {"type": "varchar", "check": "email", "on_failure": "warn"},
            "gender": {"type": "varchar", "check": "gender", "on_failure": "fix"},
            "total": {"type": "decimal(9,2)", "on_failure": "warn"},
            "paid": {"type": "decimal(9,2)"},
            "seen": {"type": "date", "check": {"fresh": "30 days", "on_failure": "warn"}},
            "card": {"type": "varchar", "unique": True},
            "shop": {"type": "varchar", "check": {"reference": {"data_set": "shops", "column": "id"}}},
        },
    }
)  # fmt: skip
TODAY = date(2026, 6, 15)
ONE = Pull(pull_id="s.d.00000001", source="s", data_set="d", pull_seq=1, state="complete", started_at=f"{TODAY}T10:00Z")


KINDS = ("town", "pin", "city", "mail", "gender", "total", "paid", "seen", "card", "shop")


def seeded(rate, first):
    """Rows of which exactly this share is wrong in each way, drawn by one seed; every tenth is a filtered test."""
    draw, keys = random.Random(first), [key for key in range(first, first + ROWS) if key % 10]
    wrong = {kind: set(draw.sample(keys, round(rate * len(keys)))) for kind in KINDS}
    return [
        {
            "key": str(key),
            "city": "test" if key % 10 == 0 else None if key in wrong["city"] else "Pune",
            "pin": "560001" if key in wrong["pin"] else "411001",
            "town": None if key in wrong["town"] else "Pune",
            "mail": "nobody" if key in wrong["mail"] else f"n{key}@example.com",
            "gender": "M" if key in wrong["gender"] else "male",
            "total": "much" if key in wrong["total"] else "10.00",
            "paid": "11.00" if key in wrong["paid"] else "9.00",
            "seen": str(TODAY - timedelta(days=90 if key in wrong["seen"] else 3)),
            "card": "K1" if key in wrong["card"] else f"K{key}",
            "shop": "S9" if key in wrong["shop"] else "S1",
        }
        for key in range(first, first + ROWS)
    ]


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_seeded_errors_are_measured(rate):
    memory = Memory(RULES, None, [], {})
    memory.known = {"shop": Known(b"k", "s", "shops.id", [])}
    memory.known["shop"].new(pa.array(["S1", "S2"]))
    memory.taken["card"]._read = lambda batch: staged[batch]
    plan, items, staged = Plan("s", "d", RULES, b"k", "IN", frozenset()), [], {}
    for batch in range(1, BATCHES + 1):
        rows = seeded(rate, (batch - 1) * ROWS)
        raw = pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in [*RULES.columns, "_extra"]]))
        outcome = settle_batch(plan, ONE, batch, [Piece(raw, b"", "json", {}, {})], memory, 0)
        assert not outcome.counts.missing
        staged[batch] = outcome.staged.select(["card", "_record_key"])
        memory.add(batch, outcome.staged)
        items.append({**outcome.tally.as_item(), "received": ROWS})
    pull = ONE.model_copy(update={**total(items), "received": ROWS * BATCHES})
    (day,) = by_day([pull], RULES)
    assert day.rows == 0.9 * ROWS * BATCHES, "filtered rows are not judged"
    shares = {
        "city": "completeness",
        "town": "completeness",
        "pin": "accuracy",
        "mail": "validity",
        "gender": "validity",
        "total": "validity",
        "seen": "timeliness",
        "card": "uniqueness",
        "shop": "consistency",
    }
    measured = {name: day.columns[name][share] for name, share in shares.items()}
    assert measured == dict.fromkeys(shares, pytest.approx(1 - rate, abs=0.01))
    # Where the total is no number there is nothing to compare with.
    assert day.rules["paid"] == pytest.approx(1 - rate, abs=0.01)
    assert day.accuracy == day.rules["pin"] == day.columns["pin"]["accuracy"]
    assert day.consistency == pytest.approx(1 - rate, abs=0.01)
    seeded_gaps = round(rate * 0.9 * ROWS) * BATCHES
    assert (day.missing["town"], day.imputed) == (seeded_gaps, {"town": seeded_gaps}), "made up, and still missing"
    assert day.timeliness == day.columns["seen"]["timeliness"]


def test_days_are_apart_and_only_complete_pulls_count():
    counts = {"judged": 10, "measured": {"key": {"filled": 10}}, "received": 10, "duplicate": 1}
    pulls = [
        ONE.model_copy(update=counts),
        ONE.model_copy(update={**counts, "started_at": "2026-06-14T00:00Z"}),
        ONE.model_copy(update={**counts, "duplicate": 3}),
        ONE.model_copy(update={**counts, "state": "held"}),
    ]
    found = by_day(pulls, RULES)
    assert [(each.day, each.pulls, each.rows, each.uniqueness) for each in found] == [
        ("2026-06-15", 2, 20, 0.8),
        ("2026-06-14", 1, 10, 0.9),
    ]
    assert found[0].columns["mail"] == {"completeness": 0, "validity": None}, "of no value nothing is valid or not"


DETECTORS = {
    "duplicates": lambda day: 1 - day.uniqueness,
    "inconsistencies": lambda day: 1 - day.consistency,
    "incompleteness": lambda day: 1 - day.columns["city"]["completeness"],
}


@pytest.mark.parametrize(("rates"), [(0.0, 0.02, 0.1), (0.05, 0.0, 0.3), (0.2, 0.1, 0.0)])
def test_three_detectors_tell_their_own_errors_apart(rates):
    """Each sees its own kind at its rate, and nothing of the others."""
    draw = random.Random(str(rates))
    repeats, contradictions, gaps = (round(rate * ROWS) for rate in rates)
    rows = [
        {"key": str(key), "city": "Pune", "pin": "411001", "town": "Pune", "total": "10.00", "paid": "9.00"}
        for key in range(1, ROWS + 1 - repeats)
    ]
    for row in draw.sample(rows, contradictions):
        row["pin"] = "560001"
        row["paid"] = "11.00"
    for row in draw.sample(rows, gaps):
        row["city"] = None
    clean = [row for row in rows if row["city"] and row["pin"] == "411001"]
    rows += draw.sample(clean, repeats)  # so that what is wrong stays at its rate
    draw.shuffle(rows)
    memory = Memory(RULES, None, [], {})
    raw = pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in [*RULES.columns, "_extra"]]))
    plan = Plan("s", "d", RULES, b"k", "IN", frozenset())
    memory.known = {"shop": Known(b"k", "s", "shops.id", [])}
    outcome = settle_batch(plan, ONE, 1, [Piece(raw, b"", "json", {}, {})], memory, 0)
    assert not outcome.counts.missing
    pull = ONE.model_copy(update={**total([outcome.tally.as_item()]), **outcome.counts.as_dict()})
    (day,) = by_day([pull], RULES)
    found = {name: tell(day) for name, tell in DETECTORS.items()}
    assert found == {name: pytest.approx(rate, abs=0.01) for name, rate in zip(DETECTORS, rates, strict=True)}
