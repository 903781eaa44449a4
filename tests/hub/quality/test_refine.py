from datetime import date

import pyarrow as pa
import pytest

from hub.config import RestDataSet
from hub.quality import refine

TODAY = date(2026, 6, 15)


def refined(column, values, **more):
    rules = RestDataSet.model_validate(
        {
            "description": "d",
            "fetch": {"path": "/x"},
            "frequency": {"class": "on-demand"},
            "columns": {"value": column},
            **more,
        }
    )
    raw = pa.table({"value": pa.array(values, pa.string()), "_extra": pa.nulls(len(values), pa.string())})
    return refine(raw, rules, "IN", TODAY)


CHECKS = [
    (
        {"type": "varchar", "check": {"one_of": ["a", "b"]}},
        ["a", "c", None],
        [1],
        "not in the list; nothing breaks no rule",
    ),
    ({"type": "bigint", "check": {"one_of": [1, 2]}}, ["1", "3"], [1], "a list of numbers"),
    ({"type": "bigint", "check": {"between": [0, 10]}}, ["-1", "0", "10", "11"], [0, 3], "bounds are within"),
    ({"type": "decimal(9,2)", "check": {"between": [0, None]}}, ["-0.01", "0", "9999"], [0], "an open end"),
    (
        {"type": "date", "check": {"between": ["1900-01-01", "today"]}},
        ["1899-12-31", "1900-01-01", "2026-06-15", "2026-06-16"],
        [0, 3],
        "today is the day of the pull",
    ),
    (
        {"type": "timestamp", "check": {"between": [None, "today"]}},
        ["2026-06-15T23:59:59Z", "2026-06-16T00:00:00Z"],
        [1],
        "until the end of the day",
    ),
    ({"type": "varchar", "check": {"pattern": "^[A-Z]{3}$"}}, ["INR", "inr", "INRX"], [1, 2], "a pattern"),
    ({"type": "varchar", "check": {"length": [2, 3]}}, ["a", "ab", "abc", "abcd"], [0, 3], "characters"),
    ({"type": "varchar", "check": {"length": [1, 3]}}, ["आशा", "😀😀😀😀"], [1], "characters, not bytes"),
    ({"type": "varchar", "check": "email"}, ["a@b.in", "a@b"], [1], "an e-mail address"),
    ({"type": "varchar", "check": "phone"}, ["9876543210", "1"], [1], "the hub's country"),
    (
        {"type": "varchar", "checks": [{"length": [1, 3]}, {"pattern": "^a"}]},
        ["abc", "abcd", "b"],
        [1, 2],
        "several checks",
    ),
    ({"type": "bigint", "required": True}, ["1", None, "", "x"], [1, 2, 3], "missing, empty, unfit"),
    (
        {"type": "bigint", "required": True, "on_failure": "warn"},
        ["1", None, "x"],
        [1, 2],
        "required is never a warning",
    ),
]


@pytest.mark.parametrize(("column", "values", "rejected", "why"), CHECKS, ids=[row[3] for row in CHECKS])
def test_rejects(column, values, rejected, why):
    assert sorted(refined(column, values).rejected) == rejected, why


def test_a_warning_keeps_the_value_and_counts():
    found = refined({"type": "varchar", "check": "email", "on_failure": "warn"}, ["a@b", "A@B.IN"])
    assert (found.rejected, found.warned) == ({}, {"value: email": 1})
    assert found.rows["value"].to_pylist() == ["a@b", "A@B.IN"]
    assert found.rows["value_standard"].to_pylist() == [None, "a@b.in"]


def test_a_value_that_does_not_fit_its_type_is_kept_aside():
    found = refined({"type": "integer", "on_failure": "warn"}, ["7", "seven"])
    assert found.rows["value"].to_pylist() == [7, None]
    assert found.rows["_extra"].to_pylist() == [None, '{"value":"seven"}']
    assert found.warned == {"value: type": 1}


FIXES = [
    ({"one_of": ["Lead", "Customer"]}, " LEAD ", "Lead", "another case"),
    ({"one_of": ["Lead", "Customer"]}, "nobody", None, "beyond repair"),
    ({"length": [1, 3]}, "abcdef", "abc", "cut to the most"),
    ({"pattern": "^a"}, "b", None, "a pattern knows no repair"),
]


@pytest.mark.parametrize(("check", "given", "expected", "why"), FIXES)
def test_fixes(check, given, expected, why):
    found = refined({"type": "varchar", "check": check, "on_failure": "fix"}, [given])
    assert found.rows["value"].to_pylist() == [expected], why
    assert found.rows["_extra"].to_pylist() == [f'{{"value":"{given}"}}'], "what the source wrote is not lost"
    assert not found.rejected


FILTERS = [
    ({"value": None}, ["a", None, ""], [1, 2], "no value"),
    ({"value": {"one_of": ["test"]}}, ["test", "real", None], [0], "a value"),
    ({"value": [{"pattern": "^t"}, {"length": [4, 9]}]}, ["test", "t", "real"], [0], "all conditions"),
]


@pytest.mark.parametrize(("where", "values", "out", "why"), FILTERS)
def test_filters(where, values, out, why):
    found = refined({"type": "varchar", "required": True}, values, filters=[{"rule": "left_out", "where": where}])
    assert sorted(found.filtered) == out, why
    assert not found.filtered.keys() & found.rejected.keys(), "a row is in one place"
