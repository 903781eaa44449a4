"""Operators: arithmetic, concatenation, comparison, with Trino's types and three-valued logic."""

from __future__ import annotations

from collections.abc import Iterable

from infra.local.athena.dialect import types
from infra.local.athena.dialect.casts import cast, coerce
from infra.local.athena.dialect.casts import null as casts_null
from infra.local.athena.dialect.functions.dates import added
from infra.local.athena.dialect.functions.numbers import remainder, remainder_type
from infra.local.athena.dialect.typed import Typed, fail, failed, identifier, text
from infra.local.athena.dialect.types import BOOLEAN, DATE, MILLIS, MONTHS, Type, array, as_decimal, decimal

Where = tuple[int, int]
_INTERVALS = (MONTHS.base, MILLIS.base)
_TIMES = ("date", "timestamp", "timestamptz")


def _refused(op: str, left: Typed, right: Typed, where: Where) -> Exception:
    return failed("TYPE_MISMATCH", where, f"Cannot apply operator: {left.type} {op} {right.type}")


def arithmetic(op: str, left: Typed, right: Typed, where: Where) -> Typed:
    """+ - * / % on numbers, dates and intervals. Raises TYPE_MISMATCH."""
    if left.type.base in _INTERVALS or right.type.base in _INTERVALS:
        return _with_interval(op, left, right, where)
    if op == "-" and left.type.base in _TIMES and right.type.base in _TIMES:
        return _time_between(left, right, where)
    kind = types.common(left.type, right.type)
    if kind is None or not kind.is_number:
        raise _refused(op, left, right, where)
    if kind.base == "decimal":
        return _decimal(op, left, right)
    a, b = coerce(left, kind), coerce(right, kind)
    if op in "/%" and kind.is_integer:
        if op == "%":
            return Typed(f"({remainder(a.sql, b.sql, kind)})", kind)
        zero = fail("DIVISION_BY_ZERO", text("Division by zero"), kind)
        return Typed(
            f"(CASE WHEN {a.sql} IS NULL THEN NULL WHEN {b.sql} = 0 THEN {zero} ELSE CAST({a.sql} // {b.sql} AS "
            f"{kind.duck}) END)",
            kind,
        )
    made = f"({a.sql} {op} {b.sql})"
    return Typed(f"CAST({made} AS {kind.duck})" if kind.base in ("real", "tinyint", "smallint") else made, kind)


def _decimal(op: str, left: Typed, right: Typed) -> Typed:
    a, b = as_decimal(left.type), as_decimal(right.type)
    x, y = coerce(left, a).sql, coerce(right, b).sql
    p, q = a.size or 0, b.size or 0
    if op in "+-":
        scale = max(a.scale, b.scale)
        kind = decimal(max(p - a.scale, q - b.scale) + scale + 1, scale)
        return Typed(f"CAST({x} {op} {y} AS {kind.duck})", kind)
    if op == "*":
        kind = decimal(p + q, a.scale + b.scale)
        return Typed(f"CAST({x} * {y} AS {kind.duck})", kind)
    if op == "/":
        kind = decimal(p + b.scale + max(b.scale - a.scale, 0), max(a.scale, b.scale))
        made = f"trino_divide(CAST({x} AS VARCHAR), CAST({y} AS VARCHAR), {kind.scale})"
        return Typed(f"CAST({made} AS {kind.duck})", kind)
    kind = remainder_type(a, b)
    return Typed(f"({remainder(x, y, kind)})", kind)


def _with_interval(op: str, left: Typed, right: Typed, where: Where) -> Typed:
    """Dates and intervals: added, subtracted, multiplied."""
    a, b = left.type.base, right.type.base
    if a == b and op in "+-":
        return Typed(f"({left.sql} {op} {right.sql})", left.type)
    if b in _INTERVALS and a in _TIMES and op in "+-":
        return _moved(op, left, right, where)
    if a in _INTERVALS and b in _TIMES and op == "+":
        return _moved(op, right, left, where)
    if a in _INTERVALS and right.type.is_number and op in "*/":
        kind = left.type
        if right.type.is_integer and op == "*":
            return Typed(f"({left.sql} * {right.sql})", kind)
        made = f"CAST({left.sql} AS DOUBLE) {op} CAST({right.sql} AS DOUBLE)"
        return Typed(f"CAST(trunc({made}) AS {kind.duck})", kind)
    if b in _INTERVALS and left.type.is_integer and op == "*":
        return Typed(f"({right.sql} * {left.sql})", right.type)
    raise _refused(op, left, right, where)


def _moved(op: str, value: Typed, interval: Typed, where: Where) -> Typed:
    amount = interval.sql if op == "+" else f"-{interval.sql}"
    if interval.type == MONTHS:
        return Typed(added(value, "month", amount), value.type)
    if value.type.base != "date":
        fine = Type(value.type.base, max(3, value.type.size or 0))
        return Typed(added(Typed(value.sql, fine), "millisecond", amount), fine)
    if isinstance(interval.const, int):
        if interval.const % 86400000:
            raise failed("INVALID_FUNCTION_ARGUMENT", where, "Cannot add hour, minutes or seconds to a date")
        sign = 1 if op == "+" else -1
        return Typed(added(value, "day", str(sign * interval.const // 86400000)), DATE)
    return Typed(added(value, "day", f"({amount} // 86400000)"), DATE)


def _time_between(left: Typed, right: Typed, where: Where) -> Typed:
    kind = types.common(left.type, right.type)
    assert kind is not None
    if kind.base == "timestamptz":
        a, b = (f"({coerce(v, kind).sql}).t" for v in (left, right))
    else:
        a, b = (f"CAST({v.sql} AS TIMESTAMP)" for v in (left, right))
    if kind.base == "timestamptz":
        a, b = (f"date_trunc('millisecond', {side})" for side in (a, b))
    micros = f"(epoch_us({a}) - epoch_us({b}))"
    return Typed(f"(CASE WHEN {micros} < 0 THEN -1 ELSE 1 END * ((abs({micros}) + 500) // 1000))", MILLIS)


def negate(value: Typed, where: Where) -> Typed:
    if not (value.type.is_number or value.type.base in _INTERVALS):
        raise failed("TYPE_MISMATCH", where, f"Cannot negate {value.type}")
    const = -value.const if isinstance(value.const, int) and not isinstance(value.const, bool) else None
    made = f"(-{value.sql})"
    if value.type.is_integer and (const is None or const in (2**31, 2**63)):
        made = f"CAST(-CAST({value.sql} AS HUGEINT) AS {value.type.duck})"
    return Typed(made, value.type, const)


def concatenate(left: Typed, right: Typed, where: Where) -> Typed:
    """|| on text, bytes and arrays (an array may take a single element on either side)."""
    a, b = left.type, right.type
    if a.base == "array" or b.base == "array":
        return _concatenate_arrays(left, right, where)
    if "unknown" in (a.base, b.base):
        return _concatenate_null(left, right, where)
    if {a.base, b.base} <= {"varchar", "char"}:
        if "char" in (a.base, b.base) and None not in (a.size, b.size):
            x, y = (cast(v, types.char(v.type.size or 0), False, where) for v in (left, right))
            return Typed(f"({x.sql} || {y.sql})", types.char((a.size or 0) + (b.size or 0)))
        return Typed(f"({coerce(left, types.VARCHAR).sql} || {coerce(right, types.VARCHAR).sql})", types.VARCHAR)
    if a.base == b.base == "varbinary":
        return Typed(f"({left.sql} || {right.sql})", a)
    raise failed("FUNCTION_NOT_FOUND", where, f"Unexpected parameters ({a}, {b}) for function concat")


def _concatenate_null(left: Typed, right: Typed, where: Where) -> Typed:
    """A bare NULL is taken for an array beside a single element, as Trino resolves it."""
    known = left.type if right.type.base == "unknown" else right.type
    if known.base == "unknown" or known == types.VARCHAR:
        raise failed("AMBIGUOUS_FUNCTION_CALL", where, "Could not choose a best candidate for function concat")
    return casts_null(array(known))


def _concatenate_arrays(left: Typed, right: Typed, where: Where) -> Typed:
    both = types.common(left.type, right.type)
    empty = [t for t in (left.type, right.type) if t.base == "array" and t.element.base == "unknown"]
    if len(empty) == 1 and both is not None:
        raise failed("AMBIGUOUS_FUNCTION_CALL", where, "Could not choose a best candidate for function concat")
    if both is not None:
        a, b = coerce(left, both).sql, coerce(right, both).sql
        return Typed(f"CASE WHEN {a} IS NULL OR {b} IS NULL THEN NULL ELSE list_concat({a}, {b}) END", both)
    whole, single = (left, right) if left.type.base == "array" else (right, left)
    element = types.common(whole.type.element, single.type)
    if element is None:
        raise failed(
            "FUNCTION_NOT_FOUND", where, f"Unexpected parameters ({left.type}, {right.type}) for function concat"
        )
    items, item = coerce(whole, array(element)), coerce(single, element)
    word = f"list_append({items.sql}, {item.sql})" if whole is left else f"list_prepend({item.sql}, {items.sql})"
    return Typed(f"CASE WHEN {items.sql} IS NULL THEN NULL ELSE {word} END", array(element))


def compare(op: str, left: Typed, right: Typed, where: Where) -> Typed:
    """= <> < <= > >= and "is distinct from" of values of one type. Raises TYPE_MISMATCH."""
    kind = types.common(left.type, right.type)
    if kind is None:
        raise _refused(op.upper(), left, right, where)
    if kind.base == "unknown":
        return Typed("false" if op == "is distinct from" else "CAST(NULL AS BOOLEAN)", BOOLEAN)
    a, b = coerce(left, kind), coerce(right, kind)
    if op == "is distinct from":
        return Typed(_distinct(a, b, kind, where), BOOLEAN)
    if op in ("=", "<>"):
        made = _equal(a.sql, b.sql, kind, where)
        if op == "<>":
            made = (
                f"(NOT {made})"
                if kind.inner or kind.base in ("double", "real")
                else f"({_key(a.sql, kind)} <> {_key(b.sql, kind)})"
            )
        return Typed(made, BOOLEAN)
    if kind.base in ("map", "json", "array", "row"):
        raise failed("NOT_SUPPORTED", where, f"{op} on {kind} is not supported by this engine")
    made = f"({_key(a.sql, kind)} {op} {_key(b.sql, kind)}"
    if kind.base in ("double", "real"):
        for side in (a, b):
            made += "" if side.const is not None else f" AND NOT isnan({side.sql})"
    return Typed(made + ")", BOOLEAN)


def _key(sql: str, kind: Type) -> str:
    """What of a value takes part in comparisons."""
    if kind.base == "timestamptz":
        return f"({sql}).t"
    return f"rtrim({sql}, ' ')" if kind.base == "char" else sql


def _equal(a: str, b: str, kind: Type, where: Where) -> str:
    if kind.base in ("double", "real"):
        return f"({a} = {b} AND NOT isnan({a}))"
    if kind.base == "row":
        fields = [
            _equal(f"({a}).{identifier(key)}", f"({b}).{identifier(key)}", inner, where)
            for key, inner in zip(kind.keys, kind.inner, strict=True)
        ]
        return f"CASE WHEN {a} IS NULL OR {b} IS NULL THEN NULL ELSE ({' AND '.join(fields)}) END"
    if kind.base == "array":
        pairs = _equal("z_.a", "z_.b", kind.element, where)
        same = f"trino_all_match(list_transform(trino_zip({a}, {b}), lambda z_: {pairs}))"
        return f"CASE WHEN {a} IS NULL OR {b} IS NULL THEN NULL WHEN len({a}) <> len({b}) THEN false ELSE {same} END"
    if kind.base == "map":
        raise failed("NOT_SUPPORTED", where, f"comparison of {kind} is not supported by this engine")
    return f"({_key(a, kind)} = {_key(b, kind)})"


def _distinct(a: Typed, b: Typed, kind: Type, where: Where) -> str:
    if any(t.base in ("map",) or (t.base == "timestamptz" and kind.inner) for t in types.walk(kind)):
        raise failed("NOT_SUPPORTED", where, f"IS DISTINCT FROM on {kind} is not supported by this engine")
    return f"({_key(a.sql, kind)} IS DISTINCT FROM {_key(b.sql, kind)})"


def logical(op: str, left: Typed, right: Typed, where: Where) -> Typed:
    for side in (left, right):
        require_boolean(side, where, f"Logical expression term must evaluate to a boolean: {side.type}")
    return Typed(f"({left.sql} {op.upper()} {right.sql})", BOOLEAN)


def require_plain(kinds: Iterable[Type], where: Where, what: str) -> None:
    """Refuses types whose values DuckDB would tell apart though Trino does not: an instant in two zones, maps."""
    for kind in kinds:
        if any(t.base in ("timestamptz", "map") for t in types.walk(kind)):
            raise failed("NOT_SUPPORTED", where, f"{what} of {kind} is not supported by this engine")


def require_boolean(value: Typed, where: Where, message: str) -> None:
    if value.type.base not in ("boolean", "unknown"):
        raise failed("TYPE_MISMATCH", where, message)
