"""Literals, type constructors and intervals."""

from __future__ import annotations

import re

from infra.local.athena.dialect import casts, tree, types
from infra.local.athena.dialect.typed import Typed, failed, text
from infra.local.athena.dialect.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    MILLIS,
    MONTHS,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
)
from infra.local.athena.dialect.udfs import documents, times

_MILLIS = {"day": 86400000, "hour": 3600000, "minute": 60000, "second": 1000}
_ORDER = ["day", "hour", "minute", "second"]


def literal(node: tree.Literal) -> Typed:
    if node.kind == "null":
        return Typed("NULL", UNKNOWN)
    if node.kind == "boolean":
        return Typed(node.value, BOOLEAN, node.value == "true")
    if node.kind == "string":
        return Typed(text(node.value), types.varchar(len(node.value)), node.value)
    if node.kind == "integer":
        return integer(int(node.value), node.where)
    if node.kind == "double":
        return Typed(f"CAST('{node.value}' AS DOUBLE)", DOUBLE, float(node.value))
    if node.kind == "decimal":
        return decimal(node.value, node.where)
    digits = node.value.replace(" ", "")
    if len(digits) % 2 or not re.fullmatch("[0-9A-Fa-f]*", digits):
        raise failed("SYNTAX_ERROR", node.where, "Binary literal must contain an even number of hexadecimal digits")
    return Typed(f"unhex('{digits}')", VARBINARY)


def integer(number: int, where: tree.Where) -> Typed:
    """A whole number is an integer where it fits, else a bigint."""
    if not -(2**63) <= number < 2**63:
        raise failed("NUMERIC_VALUE_OUT_OF_RANGE", where, f"Invalid numeric literal: {number}")
    kind = INTEGER if -(2**31) <= number < 2**31 else BIGINT
    return Typed(f"CAST({number} AS {kind.duck})", kind, number)


def decimal(value: str, where: tree.Where) -> Typed:
    match = re.fullmatch(r"([+-]?)(\d*)\.?(\d*)", value)
    if match is None or not match.group(2) + match.group(3):
        raise failed("INVALID_LITERAL", where, f"'{value}' is not a valid DECIMAL literal")
    whole, fraction = match.group(2).lstrip("0"), match.group(3)
    size = max(1, len(whole) + len(fraction))
    if size > 38:
        raise failed("INVALID_LITERAL", where, f"Value too large for decimal: {value}")
    kind = types.decimal(size, len(fraction))
    return Typed(f"CAST('{match.group(1)}{whole or 0}.{fraction or 0}' AS {kind.duck})", kind)


def typed(node: tree.Typed) -> Typed:
    """DATE '...', TIMESTAMP '...', VARCHAR '...' and their like."""
    invalid = failed("INVALID_LITERAL", node.where, f"'{node.value}' is not a valid {node.type.upper()} literal")
    if node.type in ("varchar", "char"):
        kind = VARCHAR if node.type == "varchar" else types.char(len(node.value))
        return Typed(text(node.value), kind, node.value)
    if node.type == "date":
        day = times.parse_date(node.value)
        if day is None:
            raise invalid
        return Typed(f"DATE '{day.isoformat()}'", types.DATE, day)
    if node.type == "timestamp":
        return _timestamp(node, invalid)
    if node.type == "decimal":
        return decimal(node.value, node.where)
    if node.type == "json":
        try:
            return Typed(text(documents.dump(documents.load(node.value))), types.JSON)
        except ValueError:
            raise invalid from None
    try:
        kind = types.parse(node.type)
    except types.UnknownType:
        raise failed("TYPE_NOT_FOUND", node.where, f"Unknown type: {node.type}") from None
    return casts.cast(Typed(text(node.value), VARCHAR), kind, False, node.where)


def _timestamp(node: tree.Typed, invalid: Exception) -> Typed:
    match = re.search(r":\d{1,2}\.(\d+)", node.value)
    precision = len(match.group(1)) if match else 0
    if precision > 6:
        raise failed("NOT_SUPPORTED", node.where, "timestamps finer than microseconds are not supported by this engine")
    found = times.parse_stamp(node.value, precision)
    if found is None:
        raise invalid
    local, zone = found
    if zone is None:
        return Typed(f"TIMESTAMP '{local.isoformat(' ')}'", types.timestamp(precision), local)
    utc = times.to_utc(local, zone)
    if times.is_skipped(local, zone):
        raise invalid
    return Typed(f"{{'t': TIMESTAMP '{utc.isoformat(' ')}', 'z': {text(zone)}}}", types.timestamptz(precision), utc)


def interval(node: tree.Interval) -> Typed:
    """Months for YEAR and MONTH, milliseconds for the others."""
    invalid = failed("INVALID_LITERAL", node.where, f"'{node.value}' is not a valid INTERVAL literal")
    if node.unit in ("year", "month"):
        pattern = r"([+-]?)(\d+)-(\d+)" if node.to == "month" and node.unit == "year" else r"([+-]?)(\d+)"
        match = re.fullmatch(pattern, node.value.strip())
        if match is None:
            raise invalid
        sign = -node.sign if match.group(1) == "-" else node.sign
        parts = [int(g) for g in match.groups()[1:]]
        months = parts[0] * 12 + parts[1] if len(parts) == 2 else parts[0] * (12 if node.unit == "year" else 1)
        return Typed(f"CAST({sign * months} AS INTEGER)", MONTHS, sign * months)
    units = _ORDER[_ORDER.index(node.unit) : _ORDER.index(node.to or node.unit) + 1]
    pieces = [r"(\d+)" if u != "second" else r"(\d+(?:\.\d{1,3})?)" for u in units]
    pattern = "([+-]?)" + pieces[0] + "".join((" " if units[i] == "day" else ":") + p for i, p in enumerate(pieces[1:]))
    match = re.fullmatch(pattern, node.value.strip())
    if match is None:
        raise invalid
    total = sum(round(float(v) * _MILLIS[u]) for v, u in zip(match.groups()[1:], units, strict=True))
    total *= -node.sign if match.group(1) == "-" else node.sign
    return Typed(f"CAST({total} AS BIGINT)", MILLIS, total)
