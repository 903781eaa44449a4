"""Checks of one column: a table of values with the verdict of each, alone and beside values that are sound."""

from datetime import date

import pyarrow as pa
import pytest

from hub.config import Column
from hub.quality.cast import to_type
from tests.hub.quality.test_refine import refined

POSTCODES = [
    ("IN", "560001", True, "Bengaluru"),
    ("IN", "560 001", True, "with the blank that people write"),
    ("IN", "060001", False, "no zone begins with zero"),
    ("IN", "56001", False, "a digit too few"),
    ("IN", "5600011", False, "a digit too many"),
    ("IN", "56OOO1", False, "letters that look like zeros"),
    (None, "560001", True, "the hub's country"),
    ("GB", "SW1A 1AA", True, "two letters, digit, letter"),
    ("GB", "M1 1AE", True, "short"),
    ("GB", "EC1A1BB", True, "without its blank"),
    ("GB", "QQ1 1AA", False, "no area begins with Q"),
    ("US", "94105", True, "five digits"),
    ("US", "94105-1234", True, "nine digits"),
    ("US", "9410", False, "four digits"),
    ("CA", "K1A 0B1", True, "Ottawa"),
    ("CA", "D1A 0B1", False, "no D in Canada"),
    ("DE", "01067", True, "Dresden keeps its zero"),
    ("DE", "00123", False, "no zone 00"),
    ("NL", "1012 AB", True, "letters behind"),
    ("BR", "01310-100", True, "with hyphen"),
    ("JP", "100-0001", True, "Tokyo"),
    ("SG", "018956", True, "six digits"),
    ("AU", "0800", True, "Darwin"),
    ("IE", "D02 AF30", True, "an Eircode"),
]


@pytest.mark.parametrize(("country", "text", "sound", "why"), POSTCODES)
def test_postcodes(country, text, sound, why):
    found = refined({"type": "varchar", "check": {"postcode": country}}, [text, None])
    assert list(found.rejected) == ([] if sound else [0]), why


VALUES = [
    ({"type": "date", "check": "plausible_date"}, ["1899-12-31", "1900-01-01", "2026-06-15", "2026-06-16"], [0, 3]),
    ({"type": "date", "check": {"plausible_date": ["1920-01-01", "2010-12-31"]}}, ["1919-12-31", "2010-12-31"], [0]),
    ({"type": "timestamp", "check": "plausible_date"}, ["2026-06-15T23:59:59", "2026-06-16T00:00:00"], [1]),
    ({"type": "date", "check": {"fresh": "30 days"}}, ["2026-05-16", "2026-05-15", "2027-01-01"], [1]),
    (
        {"type": "varchar", "check": "tidy"},
        ["Asha Rao", " Asha", "Asha ", "Asha  Rao", "Asha\tRao", "A\u00a0R"],
        [1, 2, 3, 4, 5],
    ),
    ({"type": "varchar", "check": "title"}, ["Mr", "Smt", "Mister", "mr.", ""], [2, 3]),
    ({"type": "varchar", "check": "gender"}, ["female", "F", "m", "other"], [1, 2]),
    ({"type": "varchar", "check": "salutation"}, ["Dear Sir", "Dear Smt", "Hi"], [2]),
    ({"type": "varchar", "checks": [{"one_of": ["a"], "on_failure": "warn"}, {"length": [1, 1]}]}, ["b", "bb"], [1]),
]


@pytest.mark.parametrize(("column", "values", "broken"), VALUES, ids=[f"{row[0]['type']} {row[1]}" for row in VALUES])
def test_values(column, values, broken):
    assert sorted(refined(column, values).rejected) == broken
    assert sorted(refined(column, [values[0], *values, None]).rejected) == sorted(
        [*([0] if 0 in broken else []), *(at + 1 for at in broken)]
    ), "a missing value changes no verdict"


REFUSED = object()
FORMATS = [
    ("date", ["%d.%m.%Y", "%Y-%m-%d"], "01.02.2024", date(2024, 2, 1), "the first"),
    ("date", ["%d.%m.%Y", "%Y-%m-%d"], "2024-02-01", date(2024, 2, 1), "the second"),
    ("date", ["%d/%m/%Y", "%m/%d/%Y"], "03/04/2024", date(2024, 4, 3), "both fit: the first wins"),
    ("date", ["%d/%m/%Y", "%m/%d/%Y"], "12/31/2024", date(2024, 12, 31), "only the second is a day"),
    ("date", ["%d.%m.%Y", "%d %b %Y"], "3 Mar 2024", date(2024, 3, 3), "a month by name"),
    ("date", ["%d.%m.%Y", "%Y-%m-%d"], "2024-02-30", REFUSED, "no such day in either"),
    ("date", ["%d.%m.%Y", "%Y-%m-%d"], "02/2024", REFUSED, "neither"),
]


@pytest.mark.parametrize(("kind", "forms", "text", "expected", "why"), FORMATS)
def test_lists_of_formats(kind, forms, text, expected, why):
    column = Column(type=kind, format=forms)
    values, misfits = to_type(pa.array([text, "junk", "05.06.2020"], pa.string()), column)
    assert misfits[0].as_py() is (expected is REFUSED), why
    assert values[0].as_py() == (None if expected is REFUSED else expected), why
    assert misfits[1].as_py(), "junk stays junk"


def test_epochs_and_texts_in_one_column():
    column = Column(type="timestamp", format=["epoch_seconds", "%Y-%m-%d %H:%M"], time_zone="Asia/Kolkata")
    values, _ = to_type(pa.array(["1700000000", "2023-11-15 03:43"]), column)
    assert str(values[0]) == "2023-11-14 22:13:20", "an epoch has no zone"
    assert str(values[1]) == "2023-11-14 22:13:00", "a text is local"
