"""Rules between columns: which rows they judge, and which break them."""

from datetime import date

import pyarrow as pa
import pytest

from hub.config import RestDataSet
from hub.quality import refine

CASES = [
    ("at_most", {"a": "bigint", "b": "bigint"}, [("1", "2"), ("2", "2"), ("3", "2"), (None, "2"), ("1", None)], [2]),
    ("less", {"a": "bigint", "b": "decimal(9,2)"}, [("1", "1.01"), ("1", "1.00")], [1]),
    ("at_least", {"a": "decimal(9,2)", "b": "double"}, [("1.50", "1.5"), ("1.49", "1.5")], [1]),
    (
        "more",
        {"a": "date", "b": "timestamp"},
        [("2024-01-02", "2024-01-01T23"), ("2024-01-01", "2024-01-01T01")],
        [1],
    ),
    ("equal", {"a": "varchar", "b": "varchar"}, [("x", "x"), ("x", "X"), (None, "X")], [1]),
    ("not_equal", {"a": "varchar", "b": "varchar"}, [("x", "x"), ("x", "y")], [0]),
    ("equal", {"a": "boolean", "b": "boolean"}, [("t", "true"), ("t", "f")], [1]),
    ("present_if", {"a": "varchar", "b": "varchar"}, [("x", "y"), (None, "y"), (None, None), ("x", None)], [1]),
    (
        "postcode_of",
        {"a": "varchar", "b": "varchar"},
        [
            *(("560001", "Karnataka"), ("560 001", " KARNATAKA "), ("560001", "Kerala"), ("560001", "Bavaria")),
            *((None, "Goa"), ("403001", "Goa"), ("110001", "N.C.T. of Delhi"), ("110001", "New  Delhi")),
            *(("600001", "TN"), ("600001", "KL")),
            *(("411001", "Pune"), ("411001", "Bangalore"), ("560001", "Bengaluru"), ("999999", "Kleinkleckersdorf")),
        ],
        [2, 9, 11],
    ),
    (
        "age_of",
        {"a": "integer", "b": "date"},
        [
            *(("26", "2000-06-15"), ("25", "2000-06-16"), ("24", "2000-06-15"), ("28", "2000-06-15")),
            *(("27", "2000-01-01"), (None, "2000-01-01"), ("26", None), ("26", "2026-06-15")),
        ],
        [2, 3, 7],
    ),
]


EQUAL = {"is": "equal", "of": "b"}


def judged(kinds, rows, expect, **more):
    rules = RestDataSet.model_validate(
        {
            "description": "d",
            "fetch": {"path": "/x"},
            "frequency": {"class": "on-demand"},
            "columns": {name: {"type": kind} for name, kind in kinds.items()},
            "rules": [{"rule": "held", "expect": {"column": "a", **expect}, **more}],
        }
    )
    texts = {name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(kinds)}
    return refine(pa.table({**texts, "_extra": pa.nulls(len(rows), pa.string())}), rules, "IN", date(2026, 6, 15))


@pytest.mark.parametrize(("is_", "kinds", "rows", "broken"), CASES, ids=[row[0] for row in CASES])
def test_between_columns(is_, kinds, rows, broken):
    found = judged(kinds, rows, {"is": is_, "of": "b"})
    assert sorted(found.rejected) == broken
    assert all(failure.rule == "held" for failures in found.rejected.values() for failure in failures)
    assert found.related["held"]["broken"] == len(broken)


LITERALS = [
    ("at_least", "bigint", 18, ["17", "18", None], [0], "a number"),
    ("more", "decimal(9,2)", 0, ["0.00", "0.01"], [0], "a decimal"),
    ("at_most", "double", 0.5, ["0.5", "0.6"], [1], "a double"),
    ("less", "date", "2024-01-01", ["2023-12-31", "2024-01-01"], [1], "a day"),
    ("equal", "boolean", True, ["true", "false"], [1], "a truth"),
    ("not_equal", "varchar", "test", ["test", "real"], [0], "a text"),
]


@pytest.mark.parametrize(("is_", "kind", "value", "values", "broken", "why"), LITERALS)
def test_against_a_value(is_, kind, value, values, broken, why):
    found = judged({"a": kind}, [(each,) for each in values], {"is": is_, "value": value})
    assert sorted(found.rejected) == broken, why


def test_a_rule_may_only_warn():
    found = judged(
        {"a": "bigint", "b": "bigint"}, [("2", "1"), ("1", "1")], {"is": "equal", "of": "b"}, on_failure="warn"
    )
    assert (found.rejected, found.warned) == ({}, {"a: held": 1})
    assert found.related == {"held": {"judged": 2, "broken": 1}}
