"""Values as Athena prints them: in result files, in pages and nested inside one another."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from infra.local.athena.dialect import types
from infra.local.athena.engine import Column, QueryFailed

Printed = list[str | None]

OF_THE_CALENDAR = re.compile(r"(?!0000)\d{4}-\d\d-\d\d( [\d:.]+)?$")


def header(column: Column) -> dict[str, object]:
    """The ColumnInfo of a column."""
    kind, precision, scale = api_type(column.type)
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": column.name,
        "Label": column.name,
        "Type": kind,
        "Precision": precision,
        "Scale": scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": kind in ("varchar", "char", "string"),
    }


def api_type(text: str) -> tuple[str, int, int]:
    """Type, precision and scale of ColumnInfo for Trino's type; types that only Trino has keep their bare name."""
    if text == "string":  # the lines of DDL and SHOW
        return "string", 0, 0
    try:
        return types.parse(text).api
    except types.UnknownType:
        return re.split(r"[(<]", text.lower())[0].strip(), 0, 0


def printer(text: str) -> Callable[[Any], str | None]:
    """How a value of this Trino type is printed; None stays None."""
    try:
        kind = types.parse(text)
    except types.UnknownType:
        kind = types.Type(text)
    return lambda value: None if value is None else show(value, kind)


def show(value: Any, kind: types.Type) -> str:
    """One value that is not NULL."""
    if kind.base in ("array", "map", "row") and not isinstance(value, str):
        return _show_nested(value, kind)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return show_float(value, single=kind.base == "real")
    if isinstance(value, datetime):
        return _show_datetime(value, kind.size or 3)
    if isinstance(value, time):
        return value.strftime("%H:%M:%S.") + f"{value.microsecond // 1000:03d}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return " ".join(f"{byte:02x}" for byte in bytes(value))
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, timedelta):
        return _show_interval(value)
    if kind.base == "interval year to month" and not isinstance(value, str):  # Trino's client gives years and months
        return show_months(value.years * 12 + value.months)
    if kind.base in ("date", "timestamp") and not OF_THE_CALENDAR.match(value):  # Trino's client gives texts
        raise QueryFailed("NOT_SUPPORTED", f"the result holds {value}, which is outside the years 1 to 9999")
    return str(value)


def show_months(months: int) -> str:
    return f"{'-' if months < 0 else ''}{abs(months) // 12}-{abs(months) % 12}"


def _show_nested(value: Any, kind: types.Type) -> str:
    if kind.base == "array":
        return "[" + ", ".join(_inner(item, kind.element) for item in value) + "]"
    if kind.base == "map":
        pairs = value.items() if isinstance(value, dict) else value
        return "{" + ", ".join(f"{_inner(k, kind.inner[0])}={_inner(v, kind.inner[1])}" for k, v in pairs) + "}"
    items = value.values() if isinstance(value, dict) else value
    parts = zip(kind.names, kind.inner, items, strict=True)
    return "{" + ", ".join(f"{name or f'field{i}'}={_inner(v, t)}" for i, (name, t, v) in enumerate(parts)) + "}"


def _inner(value: Any, kind: types.Type) -> str:
    return "null" if value is None else show(value, kind)


def show_float(value: float, *, single: bool = False) -> str:
    """A double (or real) as Java prints it: 0.1, 1.0E10, NaN."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0.0" if str(value).startswith("-") else "0.0"
    shortest = _shortest_single(value) if single else repr(value)
    if 1e-3 <= abs(value) < 1e7:
        return shortest if "e" not in shortest else format(Decimal(shortest), "f")
    sign, digits, exponent = Decimal(shortest).as_tuple()
    text = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) + int(exponent) - 1
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{power}"


def _shortest_single(value: float) -> str:
    """The shortest text that a 32-bit float reads back as the same value."""
    packed = struct.pack("f", value)
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if struct.pack("f", float(text)) == packed:
            return repr(float(text))
    return repr(value)


def _show_datetime(value: datetime, precision: int) -> str:
    """At least milliseconds, as Athena prints; microseconds for the types that have them."""
    text = value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    text = text[: len("2024-01-01 00:00:00.") + max(precision, 3)]
    if value.tzinfo is None:
        return text
    zone = getattr(value.tzinfo, "key", None) or re.sub(r"^([+-]\d\d)(\d\d)$", r"\1:\2", value.strftime("%z"))
    return f"{text} {'UTC' if zone == '+00:00' else zone}"


def _show_interval(value: timedelta) -> str:
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    return f"{sign}{value.days} {minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}.{value.microseconds // 1000:03d}"


def printed(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> Iterator[Printed]:
    """Rows of values as rows of text."""
    printers = [printer(column.type) for column in columns]
    for row in rows:
        yield [show_(value) for show_, value in zip(printers, row, strict=True)]


def to_csv(columns: Sequence[Column], rows: Iterable[Printed]) -> bytes:
    """Athena's result file: everything quoted, NULL is nothing at all."""
    lines = [_line([column.name for column in columns]), *map(_line, rows)]
    return ("\n".join(lines) + "\n").encode()


def _line(values: Iterable[str | None]) -> str:
    return ",".join("" if value is None else '"' + value.replace('"', '""') + '"' for value in values)


def from_csv(body: bytes) -> list[Printed]:
    """The rows of a result file, its header first, NULL told from empty text."""
    rows: list[Printed] = []
    row: Printed = []
    for match in re.finditer(r'(?:"((?:[^"]|"")*)")?(,|\n)', body.decode()):
        text = match.group(1)
        row.append(None if text is None else text.replace('""', '"'))
        if match.group(2) == "\n":
            rows.append(row)
            row = []
    return rows


def to_text(rows: Iterable[Printed]) -> bytes:
    """The result file of DDL and SHOW: tabs between the columns, nothing quoted."""
    return "\n".join("\t".join(value or "" for value in row) for row in rows).encode()
