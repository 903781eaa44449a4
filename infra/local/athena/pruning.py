"""Which partitions and files a query need not read, judged by the simple conditions of its WHERE clauses."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pyiceberg import expressions as ice

from infra.local.athena.catalogue import NULL_PARTITION, Partition
from infra.local.athena.dialect.rendered import Columns
from infra.local.athena.dialect.types import Type

Tests = list[tuple[str, str, list[Any]]]


def may_match(partition: Partition, columns: Columns, tests: Tests) -> bool:
    """Whether a partition's values can meet the tests."""
    for column, op, wanted in tests:
        name, kind = columns[int(column[1:])]
        raw = partition.values.get(name)
        if raw is None:
            continue
        if raw == NULL_PARTITION:
            return False
        value = _parsed(raw, kind)
        if value is None or any(type(w) is not type(value) for w in wanted):
            continue
        if not _holds(value, op, wanted):
            return False
    return True


def _parsed(raw: str, kind: Type) -> Any:
    try:
        if kind.base == "varchar":
            return raw
        if kind.is_integer:
            return int(raw)
        return date.fromisoformat(raw) if kind.base == "date" else None
    except ValueError:
        return None


def _holds(value: Any, op: str, wanted: list[Any]) -> bool:
    first = wanted[0]
    tests = {
        "=": lambda: value == first, "<": lambda: value < first, "<=": lambda: value <= first,
        ">": lambda: value > first, ">=": lambda: value >= first, "in": lambda: value in wanted,
        "between": lambda: wanted[0] <= value <= wanted[1],
    }  # fmt: skip
    return bool(tests[op]())


def iceberg_filter(tests: Tests, columns: list[Any], kinds: list[Type]) -> ice.BooleanExpression:
    """The tests as PyIceberg's filter, by which it leaves files out; the query applies them to the rows itself."""
    made: ice.BooleanExpression = ice.AlwaysTrue()
    for column, op, wanted in tests:
        at = int(column[1:])
        values = [_literal(w, kinds[at]) for w in wanted]
        if None in values:
            continue
        made = ice.And(made, _predicate(columns[at].name, op, values))
    return made


def _predicate(name: str, op: str, values: list[Any]) -> ice.BooleanExpression:
    if op == "in":
        return ice.In(name, values)
    if op == "between":
        return ice.And(ice.GreaterThanOrEqual(name, values[0]), ice.LessThanOrEqual(name, values[1]))
    simple = {
        "=": ice.EqualTo,
        "<": ice.LessThan,
        "<=": ice.LessThanOrEqual,
        ">": ice.GreaterThan,
        ">=": ice.GreaterThanOrEqual,
    }
    return simple[op](name, values[0])


def _literal(value: Any, kind: Type) -> Any:
    """A constant as PyIceberg takes it for a column; None when the two do not fit."""
    if isinstance(value, bool | float | Decimal):
        return None
    if isinstance(value, datetime):
        return (
            value.isoformat() + ("+00:00" if kind.base == "timestamptz" else "")
            if kind.base.startswith("timestamp")
            else None
        )
    if isinstance(value, date):
        return value.isoformat() if kind.base == "date" else None
    if isinstance(value, int):
        return value if kind.is_integer and (kind.base == "bigint" or abs(value) < 2**31) else None
    return value if isinstance(value, str) and kind.base == "varchar" else None
