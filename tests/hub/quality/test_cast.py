import math
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config import Column
from hub.quality.cast import as_text, to_type

REFUSED = object()

CASES = [
    ("bigint", "12", 12, "plain"),
    ("bigint", "+12", 12, "a sign"),
    ("bigint", " 12 ", 12, "white space around"),
    ("bigint", "17850.0", 17850, "a whole number that a spreadsheet wrote"),
    ("bigint", "1.5", REFUSED, "not whole"),
    ("bigint", "0x1F", REFUSED, "hexadecimal is nobody's key"),
    ("bigint", "9223372036854775807", 2**63 - 1, "the largest"),
    ("bigint", "9223372036854775808", REFUSED, "one too large"),
    ("bigint", "", None, "empty is no value"),
    ("bigint", "   ", None, "blank is no value"),
    ("integer", "2147483648", REFUSED, "too large for 32 bits"),
    ("double", "1e5", 100000.0, "an exponent"),
    ("double", "nan", REFUSED, "not a number is not a number"),
    ("double", "1,5", REFUSED, "a decimal comma is not guessed"),
    ("decimal(18,4)", "1.23450000", Decimal("1.2345"), "zeros beyond the scale say nothing"),
    ("decimal(18,4)", "1.23456", REFUSED, "a digit would be lost"),
    ("decimal(18,4)", "123456789012345", REFUSED, "one digit too many"),
    ("decimal(18,4)", "-.5", Decimal("-0.5"), "no leading zero"),
    ("decimal(18,4)", "1e-3", Decimal("0.001"), "as floats are written"),
    ("decimal(18,4)", "abc", REFUSED, "no number"),
    ("boolean", "TRUE", True, "capitals"),
    ("boolean", "t", True, "as PostgreSQL writes it"),
    ("boolean", "0", False, "as SQLite writes it"),
    ("boolean", "maybe", REFUSED, "neither"),
    ("date", "2024-02-29", date(2024, 2, 29), "a leap day"),
    ("date", "2023-02-29", REFUSED, "no leap year"),
    ("date", "2024-02-29 00:00:00", date(2024, 2, 29), "midnight is a date"),
    ("date", "2024-02-29 10:00:00", REFUSED, "a time would be lost"),
    ("date", "24-02-01", REFUSED, "which century?"),
    ("timestamp", "2024-01-01T10:00:00Z", datetime(2024, 1, 1, 10), "UTC"),
    ("timestamp", "2024-01-01T10:00:00+05:30", datetime(2024, 1, 1, 4, 30), "an offset"),
    ("timestamp", "2024-01-01 10:00:00+0530", datetime(2024, 1, 1, 4, 30), "an offset without colon"),
    ("timestamp", "2024-01-01 10:00", datetime(2024, 1, 1, 10), "no offset is UTC"),
    ("timestamp", "1996-07-04 00:00:00.000", datetime(1996, 7, 4), "as SQLite keeps it"),
    ("timestamp", "2024-01-01T10:00:00.1234567Z", datetime(2024, 1, 1, 10, 0, 0, 123456), "finer than a microsecond"),
    ("timestamp", "2024-02-30 00:00:00", REFUSED, "no such day"),
    ("timestamp", "2024-01-01 25:00:00", REFUSED, "no such hour"),
    ("double", "1e999", REFUSED, "beyond all doubles"),
    ("json", '{"b": 1, "a": [1.5, "ü"]}', '{"a":[1.5,"ü"],"b":1}', "in its one form"),
    ("json", '{"b": 1, "a": "12345678901234567890"}', '{"a":"12345678901234567890","b":1}', "digits of a text"),
    ("json", '{"b": 12345678901234567890.1, "a": 1}', '{"b": 12345678901234567890.1, "a": 1}', "no digit is lost"),
    ("json", "{a}", REFUSED, "not JSON"),
    ("varchar", " kept ", " kept ", "text is not trimmed"),
    ("varchar", "", None, "empty is no value"),
]


@pytest.mark.parametrize(("kind", "text", "expected", "why"), CASES, ids=[f"{c[0]} {c[1]!r}" for c in CASES])
@pytest.mark.parametrize("neighbour", [None, "junk"], ids=["alone", "beside junk"])
def test_text(kind, text, expected, why, neighbour):
    """Alone a column may take the fast way, beside a bad value it never does: both must agree."""
    values, misfits = to_type(pa.array([text, neighbour], pa.string()), Column(type=kind))
    assert misfits[0].as_py() is (expected is REFUSED), why
    assert values[0].as_py() == (None if expected is REFUSED else expected), why


@given(st.lists(st.one_of(st.floats(), st.integers(-(10**16), 10**16).map(lambda whole: whole / 10**4)), min_size=1))
def test_doubles_become_the_decimals_that_they_are_written_as(doubles):
    money = Column(type="decimal(18,4)")
    at_once, _ = to_type(pa.array(doubles, pa.float64()), money)
    one_by_one = [to_type(pa.array([repr(double)]), money)[0][0].as_py() for double in doubles]
    assert at_once.to_pylist() == one_by_one


NUMBERS = [
    (pa.int64(), 2**40, "integer", REFUSED, "more than the type holds"),
    (pa.int64(), 2**40, "bigint", 2**40, "whole numbers of any size"),
    (pa.int64(), 5, "decimal(18,4)", Decimal("5.0000"), "an amount without a fraction"),
    (pa.int64(), 10**15, "decimal(18,4)", REFUSED, "too many digits before the point"),
    (pa.float64(), 5.0, "bigint", 5, "a whole number that JavaScript wrote"),
    (pa.float64(), 2.5, "double", 2.5, "a double as a double"),
    (pa.float64(), math.nan, "double", REFUSED, "as its text is refused"),
    (pa.float64(), -math.inf, "double", REFUSED, "without an end"),
]


@pytest.mark.parametrize(("given_as", "number", "kind", "expected", "why"), NUMBERS, ids=[row[4] for row in NUMBERS])
def test_numbers(given_as, number, kind, expected, why):
    values, misfits = to_type(pa.array([number, None], given_as), Column(type=kind))
    assert values.to_pylist() == [None if expected is REFUSED else expected, None], why
    assert misfits.to_pylist() == [expected is REFUSED, False], why


FORMATS = [
    ("date", "%d.%m.%Y", None, "01.02.2024", date(2024, 2, 1), "as Germans write it"),
    ("date", "%d.%m.%Y", None, "1.2.2024", date(2024, 2, 1), "without zeros"),
    ("date", "%d.%m.%Y", None, "31.02.2024", REFUSED, "strptime alone would make it March"),
    ("date", "%m/%d/%Y", None, "02/01/2024", date(2024, 2, 1), "as Americans write it"),
    ("timestamp", "%d.%m.%Y %H:%M", "Asia/Kolkata", "01.02.2024 09:05", datetime(2024, 2, 1, 3, 35), "local time"),
    ("timestamp", "%d.%m.%Y %H:%M", None, "01.02.2024", REFUSED, "half of it"),
    ("timestamp", "epoch_seconds", None, "1700000000", datetime(2023, 11, 14, 22, 13, 20), "seconds"),
    (
        "timestamp",
        "epoch_milliseconds",
        None,
        "1700000000123",
        datetime(2023, 11, 14, 22, 13, 20, 123000),
        "milliseconds",
    ),
    ("timestamp", "epoch_seconds", None, "99999999999999", REFUSED, "after the year 9999"),
]


@pytest.mark.parametrize(("kind", "form", "zone", "text", "expected", "why"), FORMATS)
def test_formats(kind, form, zone, text, expected, why):
    values, misfits = to_type(pa.array([text], pa.string()), Column(type=kind, format=form, time_zone=zone))
    assert misfits[0].as_py() is (expected is REFUSED), why
    assert values[0].as_py() == (None if expected is REFUSED else expected), why


@pytest.mark.parametrize(
    ("unit", "zone", "given_as", "why"),
    [
        ("s", "UTC", [datetime(2024, 1, 1, 10, 5), None], "seconds, and one that is missing"),
        ("us", "UTC", [datetime(1969, 12, 31, 23, 59, 59, 999_999)], "before the epoch"),
        ("us", "Asia/Kolkata", [datetime(2024, 1, 1, 4, 30)], "a zone of the source's own"),
        ("ns", "UTC", [datetime(1677, 12, 31), datetime(2262, 1, 1)], "the ends of what nanoseconds hold"),
        ("us", "UTC", [datetime(9999, 12, 31), datetime(2024, 1, 1)], "what applications write for never"),
        ("us", "UTC", [None, None], "nothing"),
    ],
)
def test_absolute_moments_are_what_their_text_says(unit, zone, given_as, why):
    raw, column = pa.array(given_as, pa.timestamp(unit)).cast(pa.timestamp(unit, zone)), Column(type="timestamp")
    assert to_type(raw, column)[0].to_pylist() == to_type(as_text(raw), column)[0].to_pylist() == given_as


@pytest.mark.parametrize("zone", [None, "Asia/Kolkata"])
@pytest.mark.parametrize(
    ("kind", "arrow", "first", "beyond"),
    [
        ("date", pa.date32(), date.min, [-2147472692, -719163, 2932897]),
        ("timestamp", pa.timestamp("us"), datetime(1, 1, 2), [-9222425352054775809, 2**63 - 1]),
    ],
)
def test_what_lies_beyond_the_calendar_is_refused(kind, arrow, first, beyond, zone):
    """The infinity of PostgreSQL, years before Christ or of five digits: no engine reads them again."""
    number = pa.int32() if kind == "date" else pa.int64()
    raw = pa.array([None, pa.scalar(first, arrow).cast(number).as_py(), *beyond], number).cast(arrow)
    typed, misfits = to_type(raw, Column.model_validate({"type": kind, "time_zone": zone if kind != "date" else None}))
    expected = (1 + len(beyond), [False, False, *[True] * len(beyond)])
    assert (typed.null_count, misfits.to_pylist()) == expected
    text, misfits = to_type(raw, Column(type="varchar"))
    assert (text.null_count, misfits.to_pylist()) == expected


LAST = "9999-12-31T23:59:59.000000Z"


@pytest.mark.parametrize(
    ("raw", "text", "why"),
    [
        (pa.array([86_400_000_000, 0], pa.time64("us")), [None, "00:00:00.000000"], "24:00 is of the next day"),
        (pa.array([2**62], pa.timestamp("ns")), ["2116-02-20T23:53:38.427387Z"], "nanoseconds end earlier"),
        (pa.array([253_402_300_800, 253_402_300_799], pa.timestamp("s")), [None, LAST], "the year 10000"),
        (pa.array([253_402_300_800_000], pa.timestamp("ms", "UTC")), [None], "with a zone"),
        (pa.array([90_000], pa.duration("s")), ["90000"], "a span is of no calendar"),
    ],
)
def test_moments_in_a_text_column_are_of_the_calendar(raw, text, why):
    typed, misfits = to_type(raw, Column(type="varchar"))
    assert typed.to_pylist() == text, why
    assert misfits.to_pylist() == [each is None for each in text]


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1).map(str), st.text(max_size=5)), max_size=30))
def test_a_value_is_typed_or_named_as_misfit(values):
    typed, misfits = to_type(pa.array(values, pa.string()), Column(type="bigint"))
    for given_, value, misfit in zip(values, typed.to_pylist(), misfits.to_pylist(), strict=True):
        assert (value is None) == (misfit or given_ is None or not given_.strip())
        assert not (misfit and value is not None)


@given(st.decimals(min_value=-(10**13), max_value=10**13, places=4, allow_nan=False))
def test_decimals_are_exact(number):
    typed, _ = to_type(pa.array([format(number, "f")]), Column(type="decimal(18,4)"))
    assert typed[0].as_py() == number
