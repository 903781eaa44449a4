"""Values as Athena prints them, and result files read back."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.athena import results
from infra.local.athena.engine import Column

AT = datetime(2024, 1, 31, 10, 0, 0, 123456)


@pytest.mark.parametrize(
    ("kind", "value", "text", "reason"),
    [
        ("varchar", "a", "a", "text as it is"),
        ("varchar", None, None, "NULL is no text"),
        ("boolean", True, "true", "in lower case"),
        ("double", 1e10, "1.0E10", "Java's notation from 10,000,000 on"),
        ("double", 9999999.0, "9999999.0", "plain below it"),
        ("double", 0.001, "0.001", "plain down to a thousandth"),
        ("double", 0.0001, "1.0E-4", "Java's notation below it"),
        ("double", float("nan"), "NaN", "not a number"),
        ("double", float("-inf"), "-Infinity", "spelled out"),
        ("double", -0.0, "-0.0", "the sign of zero is kept"),
        ("real", 0.10000000149011612, "0.1", "the shortest text of a single"),
        ("decimal(18,2)", Decimal("1E+2"), "100", "never an exponent"),
        ("decimal(18,2)", Decimal("1.50"), "1.50", "the scale is kept"),
        ("date", date(2024, 1, 31), "2024-01-31", "ISO"),
        ("timestamp(3)", AT, "2024-01-31 10:00:00.123", "milliseconds"),
        ("timestamp(0)", AT.replace(microsecond=0), "2024-01-31 10:00:00.000", "milliseconds at least"),
        ("timestamp(6)", AT, "2024-01-31 10:00:00.123456", "microseconds of Iceberg tables"),
        (
            "timestamp(3) with time zone",
            AT.replace(tzinfo=ZoneInfo("UTC")),
            "2024-01-31 10:00:00.123 UTC",
            "the zone's name",
        ),
        (
            "timestamp(3) with time zone",
            AT.replace(tzinfo=ZoneInfo("Asia/Kolkata")),
            "2024-01-31 10:00:00.123 Asia/Kolkata",
            "its name",
        ),
        (
            "timestamp(3) with time zone",
            AT.replace(tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
            "2024-01-31 10:00:00.123 -03:30",
            "an offset",
        ),
        ("varbinary", b"\x00\xff", "00 ff", "bytes in hex"),
        ("array(integer)", [1, None], "[1, null]", "NULL inside is a word"),
        ("map(varchar, double)", {"k": 1.0}, "{k=1.0}", "pairs with ="),
        ("row(x integer, y varchar)", (1, "a"), "{x=1, y=a}", "fields by name"),
        ("row(integer, varchar)", (1, "a"), "{field0=1, field1=a}", "fields without a name"),
        ("array(row(a timestamp(6)))", [(AT,)], "[{a=2024-01-31 10:00:00.123456}]", "the inner type decides"),
        ("interval day to second", timedelta(days=1, seconds=1.5), "1 00:00:01.500", "days and a time"),
        ("hyperloglog", "AgwB", "AgwB", "a type that only Trino knows"),
    ],
)
def test_prints(kind: str, value: object, text: str | None, reason: str) -> None:
    assert results.printer(kind)(value) == text, reason


@pytest.mark.parametrize(
    ("kind", "shape", "reason"),
    [
        ("varchar", ("varchar", 2147483647, 0), "unbounded"),
        ("varchar(3)", ("varchar", 3, 0), "its length"),
        ("decimal(18,4)", ("decimal", 18, 4), "precision and scale"),
        ("timestamp(6)", ("timestamp", 3, 0), "Athena says 3 for all"),
        ("real", ("float", 17, 0), "Hive's name"),
        ("array(bigint)", ("array", 0, 0), "the element type is not told"),
        ("hyperloglog", ("hyperloglog", 0, 0), "only its name"),
    ],
)
def test_column_types(kind: str, shape: tuple[str, int, int], reason: str) -> None:
    assert results.api_type(kind) == shape, reason


cells = st.none() | st.text(st.characters(codec="utf-8"))


@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(cells, min_size=width, max_size=width))))
def test_result_files_are_read_back_as_they_were(rows: list[list[str | None]]) -> None:
    width = len(rows[0]) if rows else 1
    columns = [Column(f"c{place}", "varchar") for place in range(width)]
    header = [column.name for column in columns]
    assert results.from_csv(results.to_csv(columns, rows)) == [header, *rows]


def test_null_and_empty_text_differ_in_the_file() -> None:
    assert results.to_csv([Column("a", "varchar"), Column("b", "varchar")], [[None, ""]]) == b'"a","b"\n,""\n'
