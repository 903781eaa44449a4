"""CAST, TRY_CAST and implicit coercion with Trino's results."""

from __future__ import annotations

from typing import Any

from infra.local.athena.dialect import types
from infra.local.athena.dialect.typed import Typed, fail, failed, identifier, text
from infra.local.athena.dialect.types import Type, common, varchar

_RANGES = {"tinyint": 7, "smallint": 15, "integer": 31, "bigint": 63}


def null(kind: Type) -> Typed:
    return Typed(f"CAST(NULL AS {kind.duck})", kind)


def coerce(value: Typed, target: Type) -> Typed:
    """`value` as `target`, which `types.coerces` must allow."""
    source = value.type
    if source == target:
        return value
    if source.base == "unknown":
        return null(target)
    if source.base == "char" and target.base == "varchar":
        return Typed(value.sql, target)
    if source.base == target.base and source.base in ("varchar", "char", "timestamp", "timestamptz", "time"):
        return Typed(value.sql, target, value.const)
    if target.base == "timestamptz":
        local = value.sql if source.base == "timestamp" else f"CAST({value.sql} AS TIMESTAMP)"
        return Typed(f"trino_tz({local}, 'UTC')", target)
    if source.inner:
        return Typed(_inner(value, target, coerce), target)
    return Typed(f"CAST({value.sql} AS {target.duck})", target, value.const if target.is_integer else None)


def _inner(value: Typed, target: Type, convert: Any) -> str:
    """Element by element; the text itself where no element changes."""
    source = value.type
    if source.base == "array":
        element = convert(Typed("e_", source.element), target.element)
        return value.sql if element.sql == "e_" else f"list_transform({value.sql}, lambda e_: {element.sql})"
    if source.base == "map":
        parts = [
            convert(Typed(f"e_.{n}", s), t)
            for n, s, t in zip(("key", "value"), source.inner, target.inner, strict=True)
        ]
        if [p.sql for p in parts] == ["e_.key", "e_.value"]:
            return value.sql
        pair = f"{{'key': {parts[0].sql}, 'value': {parts[1].sql}}}"
        return f"map_from_entries(list_transform(map_entries({value.sql}), lambda e_: {pair}))"
    fields = []
    for old, new, s, t in zip(source.keys, target.keys, source.inner, target.inner, strict=True):
        fields.append((new, convert(Typed(f"({value.sql}).{identifier(old)}", s), t).sql))
    made = "{" + ", ".join(f"{text(n)}: {sql}" for n, sql in fields) + "}"
    return f"CASE WHEN {value.sql} IS NULL THEN NULL ELSE {made} END"


def cast(value: Typed, target: Type, safe: bool, where: tuple[int, int]) -> Typed:
    """CAST(value AS target); `safe` makes TRY_CAST of it. Raises QueryFailed for a pair that Trino does not cast."""
    source = value.type
    if source == target:
        return value
    if source.base == "unknown":
        return null(target)
    maker = _CASTS.get((_family(source), _family(target)))
    if maker is None:
        raise failed("TYPE_MISMATCH", where, f"Cannot cast {source} to {target}")
    if source.inner and target.inner and len(source.inner) != len(target.inner):
        raise failed("TYPE_MISMATCH", where, f"Cannot cast {source} to {target}")
    if safe and source.inner:
        return Typed(f"TRY({cast(value, target, False, where).sql})", target)
    return Typed(maker(value, target, _otherwise(value, target, safe), safe, where), target)


def _otherwise(value: Typed, target: Type, safe: bool) -> str:
    """What stands where the value cannot be cast."""
    if safe:
        return f"CAST(NULL AS {target.duck})"
    shown = "'?'" if value.type.inner or value.type.base == "timestamptz" else f"CAST({value.sql} AS VARCHAR)"
    return fail("INVALID_CAST_ARGUMENT", f"'Cannot cast ''' || {shown} || ''' to {target}'", target)


def _family(kind: Type) -> str:
    if kind.is_integer:
        return "integer"
    return {"real": "float", "double": "float"}.get(kind.base, kind.base)


def _plain(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    word = "TRY_CAST" if safe else "CAST"
    return f"{word}({value.sql} AS {target.duck})"


def _checked(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    """A cast that may overflow: DuckDB's own check, with Trino's error."""
    if target.is_integer and value.type.is_number and not safe:
        otherwise = otherwise.replace("'INVALID_CAST_ARGUMENT'", "'NUMERIC_VALUE_OUT_OF_RANGE'", 1)
    tried = f"TRY_CAST({value.sql} AS {target.duck})"
    return f"CASE WHEN {value.sql} IS NULL THEN NULL ELSE coalesce({tried}, {otherwise}) END"


def _float_to_integer(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    rounded = Typed(f"round(CAST({value.sql} AS DOUBLE))", value.type)
    return _checked(rounded, target, otherwise, safe, where)


def _float_to_decimal(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    exact = Typed(f"trino_double_text({value.sql}, {target.scale})", varchar(None))
    return _checked(exact, target, otherwise, safe, where)


def _text_to(pattern: str, prepared: str = "trim({0}, trino_blanks())") -> Any:
    def made(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
        clean = prepared.format(value.sql)
        return (
            f"CASE WHEN {value.sql} IS NULL THEN NULL WHEN regexp_full_match({clean}, '{pattern}') "
            f"THEN coalesce(TRY_CAST({clean} AS {target.duck}), {otherwise}) ELSE {otherwise} END"
        )

    return made


def _text_to_boolean(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    return (
        f"CASE WHEN {value.sql} IS NULL THEN NULL WHEN lower({value.sql}) IN ('t', 'true', '1') THEN true "
        f"WHEN lower({value.sql}) IN ('f', 'false', '0') THEN false ELSE {otherwise} END"
    )


def _parsed(function: str) -> Any:
    """A cast done by a function that answers NULL for text that is not such a value."""

    def made(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
        size = "" if target.size is None else f", {target.size}"
        return f"CASE WHEN {value.sql} IS NULL THEN NULL ELSE coalesce({function}({value.sql}{size}), {otherwise}) END"

    return made


def _to_text(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    """Anything scalar to varchar or char; a bounded target refuses what does not fit, but cuts text."""
    source, shown = value.type, printed(value)
    if source.base == "varchar" and target.base == "varchar":
        longer = target.size is None or (source.size is not None and source.size <= target.size)
        return value.sql if longer else f"left({value.sql}, {target.size})"
    if source.base == "char" and target.base == "varchar":
        return value.sql if target.size is None else f"left({value.sql}, {target.size})"
    if target.base == "char":
        if source.base not in ("varchar", "char"):
            raise failed("NOT_SUPPORTED", where, f"cast from {source} to {target} is not supported by this engine")
        return f"rpad({shown}, {target.size}, ' ')"
    if target.size is None:
        return shown
    fits = f"length({shown}) <= {target.size}"
    return f"CASE WHEN {value.sql} IS NULL THEN NULL WHEN {fits} THEN {shown} ELSE {otherwise} END"


def printed(value: Typed) -> str:
    """DuckDB text of the varchar that Trino makes of a scalar."""
    base, sql = value.type.base, value.sql
    if base in ("varchar", "char"):
        return sql
    if base == "double":
        return f"trino_double({sql})"
    if base == "real":
        return f"trino_real({sql})"
    if base == "timestamp":
        return stamp(sql, value.type.size or 0)
    if base == "timestamptz":
        return f"({stamp(f'trino_local({sql})', value.type.size or 0)} || ' ' || ({sql}).z)"
    if base == "time":
        return f"left(strftime(DATE '2000-01-01' + {sql}, '%H:%M:%S.%f'), {_stamp_length(value.type.size or 0) - 11})"
    if base == "decimal" and value.type.size == value.type.scale:  # DuckDB leaves out the 0 before the point
        return f"regexp_replace(CAST({sql} AS VARCHAR), '^(-?)[.]', '\\10.')"
    return f"CAST({sql} AS VARCHAR)"


def _stamp_length(precision: int) -> int:
    return 19 if precision == 0 else 20 + precision


def stamp(sql: str, precision: int) -> str:
    whole = f"strftime({sql}, '%Y-%m-%d %H:%M:%S" + ("')" if precision == 0 else ".%f')")
    return whole if precision in (0, 6) else f"left({whole}, {_stamp_length(precision)})"


def rounded(sql: str, precision: int) -> str:
    """A timestamp rounded half up to a smaller precision."""
    step = 10 ** (6 - precision)
    return f"make_timestamp(CAST(floor((epoch_us({sql}) + {step // 2}) / {step}.0) AS BIGINT) * {step})"


def _timestamp(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    local = f"trino_local({value.sql})" if value.type.base == "timestamptz" else value.sql
    shrinks = (target.size or 0) < (value.type.size or 0)
    return rounded(local, target.size or 0) if shrinks else local


def _zoned(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    if value.type.base != "timestamptz":
        local = Typed(_timestamp(value, target, otherwise, safe, where), value.type) if value.type.size else value
        return coerce(local, target).sql
    if (target.size or 0) >= (value.type.size or 0):
        return value.sql
    return f"trino_tz({rounded(f'({value.sql}).t', target.size or 0)}, ({value.sql}).z)"


def _date(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    local = f"trino_local({value.sql})" if value.type.base == "timestamptz" else value.sql
    return f"CAST({local} AS DATE)"


def _time(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    return f"CAST({_timestamp(value, target, otherwise, safe, where)} AS TIME)"


def _to_bytes(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    return f"encode({value.sql})"


def _structured(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    return _inner(value, target, lambda v, t: cast(v, t, safe, where))


def _integer_to_boolean(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    return f"({value.sql} <> 0)"


def _to_json(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    base = value.type.base
    if base in ("varchar", "char"):
        return f"trino_json_string({value.sql})"
    if base in ("boolean", "tinyint", "smallint", "integer", "bigint", "decimal"):
        return printed(value)
    if base in ("double", "real"):
        return f"trino_json_number({printed(value)})"
    if base in ("date", "timestamp", "timestamptz"):
        return f"trino_json_string({printed(value)})"
    if base == "array":
        item = _json_item(Typed("e_", value.type.element), where)
        return f"('[' || array_to_string(list_transform({value.sql}, lambda e_: {item}), ',') || ']')"
    if base == "map":
        key, item = Typed("e_.key", value.type.inner[0]), _json_item(Typed("e_.value", value.type.inner[1]), where)
        entry = f"trino_json_string({printed(key)}) || ':' || {item}"
        entries = f"list_sort(list_transform(map_entries({value.sql}), lambda e_: {entry}))"
        return f"('{{' || array_to_string({entries}, ',') || '}}')"
    parts = []
    for name, field, kind in zip(value.type.names, value.type.keys, value.type.inner, strict=True):
        item = _json_item(Typed(f"({value.sql}).{identifier(field)}", kind), where)
        parts.append(f"{text(_json_name(name or ''))} || ':' || {item}")
    inside = " || ',' || ".join(parts)
    return f"CASE WHEN {value.sql} IS NULL THEN NULL ELSE '{{' || {inside} || '}}' END"


def _json_name(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _json_item(value: Typed, where: tuple[int, int]) -> str:
    made = value if value.type.base == "json" else cast(value, Type("json"), False, where)
    return f"coalesce({made.sql}, 'null')"


def _from_json(value: Typed, target: Type, otherwise: str, safe: bool, where: tuple[int, int]) -> str:
    """JSON to a type: a function checks and normalises the text, DuckDB reads it."""
    spec = text(str(target))
    made = f"trino_json_to({value.sql}, {spec}, {str(safe).lower()})"
    if target.base in ("varchar", "char"):
        return made
    if target.inner:
        return f"from_json({made}, {text(_json_shape(target, where))})"
    return f"CAST({made} AS {target.duck})"


def _json_shape(kind: Type, where: tuple[int, int]) -> str:
    """DuckDB's structure text for from_json."""
    for part in types.walk(kind):
        if part.base in ("date", "timestamp", "timestamptz", "varbinary", "time", "uuid", "char"):
            raise failed("TYPE_MISMATCH", where, f"Cannot cast json to {kind}")
    made = '"' + kind.duck.replace('"', '\\"') + '"'
    return f"[{_json_shape(kind.element, where)}]" if kind.base == "array" else made


_INTEGER = _text_to("[+-]?[0-9]+")
_FLOAT = _text_to(
    "[+-]?(NaN|Infinity|([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?[fFdD]?)",
    "regexp_replace(trim({0}, trino_blanks()), '([0-9.])[fFdD]$', '\\1')",
)
_DECIMAL = _text_to("[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?", "{0}")

_CASTS = {
    ("boolean", "integer"): _plain, ("boolean", "float"): _plain, ("boolean", "varchar"): _to_text,
    ("boolean", "decimal"): _plain, ("boolean", "json"): _to_json,
    ("integer", "boolean"): _integer_to_boolean, ("integer", "integer"): _checked, ("integer", "float"): _plain,
    ("integer", "decimal"): _checked, ("integer", "varchar"): _to_text, ("integer", "json"): _to_json,
    ("float", "boolean"): _integer_to_boolean, ("float", "integer"): _float_to_integer, ("float", "float"): _plain,
    ("float", "decimal"): _float_to_decimal, ("float", "varchar"): _to_text, ("float", "json"): _to_json,
    ("decimal", "boolean"): _integer_to_boolean, ("decimal", "integer"): _checked, ("decimal", "float"): _plain,
    ("decimal", "decimal"): _checked, ("decimal", "varchar"): _to_text, ("decimal", "json"): _to_json,
    ("varchar", "boolean"): _text_to_boolean, ("varchar", "integer"): _INTEGER, ("varchar", "float"): _FLOAT,
    ("varchar", "decimal"): _DECIMAL, ("varchar", "varchar"): _to_text, ("varchar", "char"): _to_text,
    ("char", "varchar"): _to_text, ("char", "char"): _to_text,
    ("varchar", "date"): _parsed("trino_date"), ("varchar", "timestamp"): _parsed("trino_timestamp"),
    ("varchar", "timestamptz"): _parsed("trino_timestamptz"), ("varchar", "json"): _to_json,
    ("varchar", "uuid"): _checked, ("varchar", "varbinary"): _to_bytes, ("timestamptz", "time"): _time,
    ("varchar", "time"): _parsed("trino_time"),
    ("date", "varchar"): _to_text, ("date", "timestamp"): _plain, ("date", "timestamptz"): _zoned,
    ("date", "json"): _to_json, ("timestamp", "json"): _to_json,
    ("timestamp", "varchar"): _to_text, ("timestamp", "date"): _date, ("timestamp", "timestamp"): _timestamp,
    ("timestamp", "timestamptz"): _zoned, ("timestamp", "time"): _time, ("time", "varchar"): _to_text,
    ("timestamptz", "varchar"): _to_text, ("timestamptz", "date"): _date, ("timestamptz", "timestamp"): _timestamp,
    ("timestamptz", "timestamptz"): _zoned, ("uuid", "varchar"): _to_text,
    ("array", "array"): _structured, ("map", "map"): _structured, ("row", "row"): _structured,
    ("array", "json"): _to_json, ("map", "json"): _to_json, ("row", "json"): _to_json,
    **{("json", t): _from_json for t in ("boolean", "integer", "float", "decimal", "varchar", "array", "map", "row")},
}  # fmt: skip


def unify(values: list[Typed], where: tuple[int, int], what: str) -> tuple[list[Typed], Type]:
    """All values as their common type. Raises QueryFailed TYPE_MISMATCH."""
    kind = values[0].type
    for value in values[1:]:
        both = common(kind, value.type)
        if both is None:
            raise failed("TYPE_MISMATCH", where, f"{what} must be the same type or coercible to a common type. "
                         f"Cannot find common type between {kind} and {value.type}")  # fmt: skip
        kind = both
    return [coerce(v, kind) for v in values], kind
