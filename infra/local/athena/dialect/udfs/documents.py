"""JSON as Trino reads and prints it: sorted keys, Java's numbers, its own small path language."""

from __future__ import annotations

import json
import math
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from infra.local.athena.dialect import types
from infra.local.athena.dialect.udfs.numbers import java_double
from infra.local.athena.dialect.udfs.registry import TrinoError, invalid, udf


class Number(str):
    """A JSON number as it was written."""

    __slots__ = ()

    @property
    def whole(self) -> bool:
        return not set(self) & set(".eE")


def _refused(text: str) -> Any:
    raise ValueError(text)


_DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=_refused)
MISSING = object()


def load(text: str) -> Any:
    """The document; ValueError when the text is none."""
    return _DECODER.decode(text)


def quoted(text: str) -> str:
    made = json.dumps(text, ensure_ascii=False)
    return re.sub(r"\\u00[01][0-9a-f]", lambda m: "\\u" + m.group(0)[2:].upper(), made)


def number(value: Number) -> str:
    """A whole number as it is, another as Java prints the double."""
    if value.whole:
        return str(int(value))
    double = float(value)
    if math.isinf(double):
        return '"Infinity"' if double > 0 else '"-Infinity"'
    if double == 0:
        return "-0.0" if math.copysign(1, double) < 0 else "0.0"
    if 1e-3 <= abs(double) < 1e7:
        return repr(double)
    return java_double(double, repr(double))


def dump(value: Any, sort: bool = True) -> str:
    if isinstance(value, Number):
        return number(value)
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return "[" + ",".join(dump(v, sort) for v in value) + "]"
    keys = sorted(value, key=lambda k: k.encode("utf-16-be")) if sort else value
    return "{" + ",".join(f"{quoted(k)}:{dump(value[k], sort)}" for k in keys) + "}"


@lru_cache(512)
def steps(path: str) -> tuple[str | int, ...]:
    """The members and indexes of a JSON path such as $.a["b.c"][0]. ValueError for anything else."""
    if not path.startswith("$"):
        raise ValueError(path)
    found: list[str | int] = []
    at = 1
    while at < len(path):
        match = re.compile(r'\.([A-Za-z_0-9:]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\[([A-Za-z_][A-Za-z0-9_]*)\]').match(
            path, at
        )
        if match is None:
            raise ValueError(path)
        name, index, quoted_name, bare = match.groups()
        if index is not None:
            found.append(int(index))
        else:
            found.append(name or bare or re.sub(r"\\(.)", r"\1", quoted_name or ""))
        at = match.end()
    return tuple(found)


def walk(value: Any, path: str) -> Any:
    """The value at the path, or MISSING."""
    for step in steps(path):
        if isinstance(step, int) and isinstance(value, list):
            value = value[step] if step < len(value) else MISSING
        elif isinstance(value, dict) and str(step) in value:
            value = value[str(step)]
        elif isinstance(value, list) and isinstance(step, str) and step.isdigit():
            value = value[int(step)] if int(step) < len(value) else MISSING
        else:
            return MISSING
        if value is MISSING:
            return MISSING
    return value


class _Twice(Exception):
    """An object has a key twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _Twice
    return made


_ONCE = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=_refused, object_pairs_hook=_once)


def _may_lead(text: str, path: str) -> bool:
    """Whether the keys of a path all stand in a broken text."""
    names = re.findall(r"[^\W\d][\w-]*", path)
    return all(f'"{name}"' in text for name in names)


def _at(text: str, path: str) -> Any:
    """Trino reads no further than it must: what stands behind the value, or is there twice, decides nothing."""
    try:
        document, _ = _ONCE.raw_decode(text.lstrip(" \t\r\n"))
    except _Twice:
        raise TrinoError("NOT_SUPPORTED", "a JSON object with a key twice is not supported by this engine") from None
    except ValueError:
        if text.lstrip(" \t\r\n")[:1] in ("{", "[") and len(text) > 1 and _may_lead(text, path):
            raise TrinoError("NOT_SUPPORTED", "a path into broken JSON is not supported by this engine") from None
        return MISSING
    return walk(document, path)


@udf("trino_json_extract", "VARCHAR, VARCHAR -> VARCHAR")
def json_extract(text: str, path: str) -> str | None:
    found = _at(text, path)
    return None if found is MISSING else dump(found, sort=False)


@udf("trino_json_scalar", "VARCHAR, VARCHAR -> VARCHAR")
def json_scalar(text: str, path: str) -> str | None:
    found = _at(text, path)
    if found is MISSING or found is None or isinstance(found, (list, dict)):
        return None
    return {True: "true", False: "false"}[found] if isinstance(found, bool) else str(found)


@udf("trino_json_size", "VARCHAR, VARCHAR -> BIGINT")
def json_size(text: str, path: str) -> int | None:
    found = _at(text, path)
    if found is MISSING:
        return None
    return len(found) if isinstance(found, (list, dict)) else 0


@udf("trino_json_parse", "VARCHAR -> VARCHAR")
def json_parse(text: str) -> str:
    try:
        return dump(load(text))
    except ValueError:
        raise invalid(f"Cannot convert value to JSON: '{text}'") from None


@udf("trino_json_length", "VARCHAR -> BIGINT")
def json_length(text: str) -> int | None:
    found = _at(text, "$")
    return len(found) if isinstance(found, list) else None


@udf("trino_json_is_scalar", "VARCHAR -> BOOLEAN")
def json_is_scalar(text: str) -> bool | None:
    try:
        return not isinstance(load(text), (list, dict))
    except ValueError:
        raise invalid(f"Invalid JSON value: {text}") from None


@udf("trino_json_contains", "VARCHAR, VARCHAR, VARCHAR -> BOOLEAN")
def json_contains(text: str, wanted: str, kind: str) -> bool | None:
    found = _at(text, "$")
    if not isinstance(found, list):
        return None
    return any(_same(item, wanted, kind) for item in found)


def _same(item: Any, wanted: str, kind: str) -> bool:
    if isinstance(item, Number):
        return (item.whole and kind == "bigint" and int(item) == int(wanted)) or (
            not item.whole and kind == "double" and float(item) == float(wanted)
        )
    if isinstance(item, bool):
        return kind == "boolean" and item == (wanted == "true")
    return isinstance(item, str) and kind == "varchar" and item == wanted


@udf("trino_json_string", "VARCHAR -> VARCHAR")
def json_string(text: str) -> str:
    return quoted(text)


@udf("trino_json_number", "VARCHAR -> VARCHAR")
def json_number(text: str) -> str:
    if text in ("NaN", "Infinity", "-Infinity"):
        return f'"{text}"'
    return number(Number(repr(float(text))))


@udf("trino_json_to", "VARCHAR, VARCHAR, BOOLEAN -> VARCHAR")
def json_to(text: str, spec: str, safe: bool) -> str | None:
    """The value of a JSON document as text that DuckDB casts to the type `spec`."""
    kind = _type(spec)
    try:
        value = load(text)
        made = converted(value, kind)
    except (ValueError, InvalidOperation, OverflowError):
        if safe:
            return None
        raise TrinoError("INVALID_CAST_ARGUMENT", f"Cannot cast '{text}' to {spec}") from None
    if made is None:
        return None
    return json.dumps(made, ensure_ascii=False, default=str) if kind.inner else _plain(made)


@lru_cache(256)
def _type(spec: str) -> types.Type:
    return types.parse(spec)


def _plain(made: Any) -> str:
    return {True: "true", False: "false"}[made] if isinstance(made, bool) else str(made)


def converted(value: Any, kind: types.Type) -> Any:
    """A JSON value as a value of `kind`, by Trino's rules. ValueError when it cannot be."""
    if kind.base == "json":
        return dump(value)
    if value is None:
        return None
    if kind.base == "array":
        if not isinstance(value, list):
            raise ValueError
        return [converted(v, kind.element) for v in value]
    if kind.base == "map":
        if not isinstance(value, dict):
            raise ValueError
        return {_plain(converted(k, kind.inner[0])): converted(v, kind.inner[1]) for k, v in value.items()}
    if kind.base == "row":
        return _row(value, kind)
    if isinstance(value, (list, dict)):
        raise ValueError
    return _scalar(value, kind)


def _row(value: Any, kind: types.Type) -> dict[str, Any]:
    if isinstance(value, list):
        if len(value) != len(kind.inner):
            raise ValueError
        return {k: converted(v, t) for k, v, t in zip(kind.keys, value, kind.inner, strict=True)}
    if not isinstance(value, dict) or None in kind.names:
        raise ValueError
    lowered = {k.lower(): v for k, v in value.items()}
    return {k: converted(lowered.get(k), t) for k, t in zip(kind.keys, kind.inner, strict=True)}


def _scalar(value: Any, kind: types.Type) -> Any:
    is_number = isinstance(value, Number)
    if kind.base == "varchar":
        text = _plain(value) if not is_number or value.whole else java_double(float(value), repr(float(value)))
        if kind.size is not None and len(text) > kind.size:
            raise ValueError
        return text
    if kind.base == "boolean":
        if isinstance(value, bool):
            return value
        if is_number:
            return float(value) != 0
        known = {"t": True, "true": True, "1": True, "f": False, "false": False, "0": False}
        if str(value).lower() not in known:
            raise ValueError
        return known[str(value).lower()]
    text = str(int(value)) if isinstance(value, bool) else str(value)
    if kind.base in ("double", "real"):
        return float(text)
    found = Decimal(text)
    if kind.is_integer:
        if not is_number and not isinstance(value, bool) and not re.fullmatch(r"[+-]?\d+", text):
            raise ValueError
        return int(found.quantize(Decimal(1), ROUND_HALF_UP))
    return str(found.quantize(Decimal(1).scaleb(-kind.scale), ROUND_HALF_UP))


def lax(value: Any, path: str) -> list[Any]:
    """The items of an SQL/JSON path in lax mode: arrays unwrap for members, single values wrap for indexes."""
    items = [value]
    for name, quoted_name, index in re.findall(r'\.([A-Za-z_][A-Za-z0-9_]*)|\."([^"]*)"|\[(\d+|\*)\]', path[1:]):
        following: list[Any] = []
        for item in items:
            if index:
                row = item if isinstance(item, list) else [item]
                following += row if index == "*" else row[int(index) : int(index) + 1]
            else:
                for part in item if isinstance(item, list) else [item]:
                    if isinstance(part, dict) and (name or quoted_name) in part:
                        following.append(part[name or quoted_name])
        items = following
    return items


def _lax(text: str, path: str) -> list[Any] | None:
    try:
        return lax(load(text), path)
    except ValueError:
        return None


@udf("trino_sql_json_exists", "VARCHAR, VARCHAR -> BOOLEAN")
def sql_json_exists(text: str, path: str) -> bool:
    return bool(_lax(text, path))


@udf("trino_sql_json_value", "VARCHAR, VARCHAR -> VARCHAR")
def sql_json_value(text: str, path: str) -> str | None:
    items = _lax(text, path)
    if not items or len(items) > 1 or items[0] is None or isinstance(items[0], (list, dict)):
        return None
    return _plain(items[0]) if not isinstance(items[0], Number) else _scalar(items[0], types.VARCHAR)


@udf("trino_sql_json_query", "VARCHAR, VARCHAR, VARCHAR -> VARCHAR")
def sql_json_query(text: str, path: str, wrapper: str) -> str | None:
    items = _lax(text, path)
    if not items:
        return None
    if wrapper == "unconditional" or (
        wrapper == "conditional" and (len(items) > 1 or not isinstance(items[0], (list, dict)))
    ):
        return dump(items, sort=False)
    return dump(items[0], sort=False) if len(items) == 1 else None
