"""A thousand rows of odd values, what the hub shall hold of them, and how each kind of source writes them down."""

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import cycle, islice
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from tests.hub.sources.workbook import workbook

COUNT = 1000
INDIA, PACIFIC = ZoneInfo("Asia/Kolkata"), ZoneInfo("America/Los_Angeles")
COLUMNS = """
      id:       {type: varchar, required: true}
      number:   {type: bigint}
      amount:   {type: "decimal(18,4)"}
      rate:     {type: double}
      active:   {type: boolean}
      born_on:  {type: date}
      seen_at:  {type: timestamp, time_zone: Asia/Kolkata}
      local_at: {type: timestamp, time_zone: Asia/Kolkata}
      code:     {type: varchar}
      tags:     {type: json}
      note:     {type: varchar}
"""
# What every kind of source can hold: no line ends, no blanks at an end, moments that MySQL's TIMESTAMP has.
VALUES: dict[str, list[Any]] = {
    "number": [0, -1, None, 2**53 + 1, -(2**63), 2**63 - 1, 1000],
    "amount": [
        *map(Decimal, ["0", "-0.01", "0.1", "12.50", "-1234567.8901"]),
        None,
        *map(Decimal, ["99999999999999.9999", "-99999999999999.9999", "0.0001", "1e3"]),
    ],
    "rate": [0.0, -0.0, 0.1 + 0.2, -1e-7, None, 1.5, 1e21, 123456789.125],
    "active": [True, False, None],
    "born_on": [date(2024, 2, 29), None, date(1900, 2, 28), date(1066, 10, 14), date(9999, 12, 31)],
    "seen_at": [
        datetime(2024, 5, 1, 10, 0, tzinfo=INDIA),
        datetime(2024, 3, 10, 1, 59, 59, 999999, PACIFIC),
        datetime(2024, 11, 3, 1, 30, tzinfo=PACIFIC, fold=1),
        None,
        datetime(2000, 1, 1, tzinfo=UTC),
        datetime(2037, 12, 31, 23, 59, 59, 500000, UTC),
    ],
    "local_at": [
        datetime(2024, 5, 1, 5, 30),
        None,
        datetime(1955, 8, 15, 0, 0, 0, 123456),
        datetime(2299, 12, 31, 23, 59, 59),
    ],
    "code": [7, None, 9876543210, -40, 0, 123456789012],
    "tags": ['["ü", null, true]', None, '{"b": 1, "a": {"d": 2.5, "c": []}}', "{}"],
    "note": [
        "Ravi", "süß Łódź ÅÄÖ", "नमस्ते दुनिया", "東京 都", "😀 👩\u200d👩\u200d👧", "e\u0301 is two signs", "é is one",
        "", None, "O'Brien, \"the\" 2nd; a|b", "a\\b\\n%s{}$1", "<b>&amp;</b>]]>", "NULL", "null", "None", "NaN", "N/A",
        "-", "TRUE", "007", "1e5", "12.50", "0x1F", "0000-00-00", "2024-05-01", "=1+1", "#N/A", "two  blanks",
        "a\u00a0b", "a\u2028b\x85c", "مرحبا", "long " + "ä€😀x" * 300,
    ],
}  # fmt: skip
ROWS: list[dict[str, Any]] = [
    dict(zip(["id", *VALUES], [f"{'K' if n % 3 else 'Ключ'}-{n:04d}", *values], strict=True))
    for n, values in enumerate(islice(zip(*map(cycle, VALUES.values()), strict=False), COUNT))
]
NAMES = list(ROWS[0])
# JSON in its one form: sorted, without blanks.
TAGS = {
    '["ü", null, true]': '["ü",null,true]',
    '{"b": 1, "a": {"d": 2.5, "c": []}}': '{"a":{"c":[],"d":2.5},"b":1}',
    "{}": "{}",
}
WIDTHS = dict(
    zip(
        NAMES,
        [(1, 9), (10, 29), (30, 49), (50, 79), (80, 84), (85, 94), (95, 129), (130, 155), (156, 169)],
        strict=False,
    )
) | {"tags": (170, 219), "note": (220, 1500)}


def held() -> pa.Table:
    """The rows as they are to be staged."""
    rows = [
        {
            **row,
            "seen_at": row["seen_at"] and row["seen_at"].astimezone(UTC).replace(tzinfo=None),
            "local_at": row["local_at"] and row["local_at"].replace(tzinfo=INDIA).astimezone(UTC).replace(tzinfo=None),
            "code": None if row["code"] is None else str(row["code"]),
            "tags": row["tags"] and TAGS[row["tags"]],
            "note": row["note"] or None,
        }
        for row in ROWS
    ]
    kinds = [pa.string(), pa.int64(), pa.decimal128(18, 4), pa.float64(), pa.bool_(), pa.date32()]
    kinds += [pa.timestamp("us"), pa.timestamp("us"), pa.string(), pa.string(), pa.string()]
    return pa.Table.from_pylist(rows, pa.schema(list(zip(NAMES, kinds, strict=True))))


def plain(value: Any, truth: Sequence[str] = ("false", "true")) -> str:
    """A value as text; missing and empty are the same there."""
    if isinstance(value, bool):
        return truth[value]
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)


def delimited(separator: str, truth: Sequence[str]) -> str:
    sink = io.StringIO()
    csv.writer(sink, delimiter=separator).writerows([NAMES, *([plain(row[n], truth) for n in NAMES] for row in ROWS)])
    return sink.getvalue()


def fixed() -> str:
    return "".join(
        "".join(plain(row[name], "01").ljust(last - first + 1) for name, (first, last) in WIDTHS.items()) + "\n"
        for row in ROWS
    )


def as_json(value: Any) -> str:
    """Decimals as numbers with all of their digits."""

    def other(each: Any) -> str:
        return f"@{each:f}@" if isinstance(each, Decimal) else each.isoformat()

    return re.sub(r'"@([^@"]*)@"', r"\1", json.dumps(value, default=other))


def records() -> list[dict[str, Any]]:
    """Rows as objects: what is missing is null in one, left out in the next."""
    rows = [row | {"tags": row["tags"] and json.loads(row["tags"])} for row in ROWS]
    return [{name: value for name, value in row.items() if n % 2 or value is not None} for n, row in enumerate(rows)]


def xml() -> str:
    """What is missing is left out in one record, an empty element in the next."""

    def one(n: int, row: dict[str, Any]) -> str:
        texts = {name: plain(value) for name, value in row.items()}
        return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in texts.items() if text or n % 2)

    return f"<rows>{''.join(f'<row>{one(n, row)}</row>' for n, row in enumerate(ROWS))}</rows>"


def cell(value: Any) -> Any:
    """As a spreadsheet can have it: text where it would show other digits, or has no date."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return (
            float(value) if format(float(value), ".15g") == format(Decimal(str(value)).normalize(), "g") else str(value)
        )
    if isinstance(value, datetime):
        return plain(value) if value.tzinfo or value.microsecond else value
    return value if value is None or isinstance(value, str) or value.year > 1900 else plain(value)


def xlsx() -> bytes:
    return workbook([NAMES, *([cell(row[name]) for name in NAMES] for row in ROWS)])


def parquet() -> bytes:
    kinds = dict.fromkeys(NAMES, pa.string()) | {
        "number": pa.int64(), "amount": pa.decimal128(18, 4), "rate": pa.float64(), "active": pa.bool_(),
        "born_on": pa.date32(), "seen_at": pa.timestamp("ns", "Asia/Kolkata"), "local_at": pa.timestamp("us"),
        "code": pa.int64(),
    }  # fmt: skip
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS, pa.schema(list(kinds.items()))), sink, row_group_size=300)
    return sink.getvalue()


def inserts(moment: Callable[[datetime], str], number: Callable[[Decimal], str] = str) -> str:
    """An INSERT of all rows, in SQL that every database knows."""

    def literal(value: Any) -> str:
        if value is None:
            return "null"
        if isinstance(value, Decimal):
            return number(value)
        if isinstance(value, bool | int | float):
            return str(value)
        text = moment(value) if isinstance(value, datetime) else plain(value)
        return "'" + text.replace("'", "''") + "'"

    lines = ", ".join(f"({', '.join(literal(row[name]) for name in NAMES)})" for row in ROWS)
    return f"insert into things values {lines}"
