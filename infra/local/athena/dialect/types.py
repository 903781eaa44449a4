"""Trino's types: their spelling, what coerces to what, and how DuckDB, Glue and Athena's API name them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

UNBOUNDED = 2147483647
_INTEGERS = ("tinyint", "smallint", "integer", "bigint")
_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}


@dataclass(frozen=True)
class Type:
    """`size` is the length of varchar and char (None: unbounded), the precision of timestamps and decimals;
    `inner` are the element, key and value or field types, `names` a row's field names (None: anonymous)."""

    base: str
    size: int | None = None
    scale: int = 0
    inner: tuple[Type, ...] = ()
    names: tuple[str | None, ...] = ()

    def __str__(self) -> str:
        if self.base in ("varchar", "char"):
            return self.base if self.size is None else f"{self.base}({self.size})"
        if self.base == "decimal":
            return f"decimal({self.size},{self.scale})"
        if self.base in ("timestamp", "time"):
            return f"{self.base}({self.size})"
        if self.base == "timestamptz":
            return f"timestamp({self.size}) with time zone"
        if self.base == "row":
            pairs = zip(self.names, self.inner, strict=True)
            return "row(" + ", ".join(f"{_quoted(n)} {t}" if n else str(t) for n, t in pairs) + ")"
        if self.inner:
            return f"{self.base}(" + ", ".join(map(str, self.inner)) + ")"
        return self.base

    @property
    def is_integer(self) -> bool:
        return self.base in _INTEGERS

    @property
    def is_number(self) -> bool:
        return self.is_integer or self.base in ("decimal", "double", "real")

    @property
    def element(self) -> Type:
        return self.inner[0]

    @property
    def duck(self) -> str:
        """The DuckDB type that holds it. A timestamp with time zone is its UTC instant and its zone's name; JSON is
        canonical text; intervals are months or milliseconds."""
        if self.base == "decimal":
            return f"DECIMAL({self.size},{self.scale})"
        if self.base == "array":
            return self.element.duck + "[]"
        if self.base == "map":
            return f"MAP({self.inner[0].duck}, {self.inner[1].duck})"
        if self.base == "row":
            return "STRUCT(" + ", ".join(f'"{n}" {t.duck}' for n, t in zip(self.keys, self.inner, strict=True)) + ")"
        return _DUCK[self.base]

    @property
    def keys(self) -> list[str]:
        """The field names of a row's DuckDB struct."""
        return [(n or f"_{i}").replace('"', '""') for i, n in enumerate(self.names)]

    @property
    def glue(self) -> str:
        """The Hive spelling that Glue keeps."""
        if self.base == "array":
            return f"array<{self.element.glue}>"
        if self.base == "map":
            return f"map<{self.inner[0].glue},{self.inner[1].glue}>"
        if self.base == "row":
            return "struct<" + ",".join(f"{n}:{t.glue}" for n, t in zip(self.keys, self.inner, strict=True)) + ">"
        if self.base in ("decimal", "char") or (self.base == "varchar" and self.size is not None):
            return str(self)
        return {"integer": "int", "real": "float", "varchar": "string", "varbinary": "binary"}.get(self.base, self.base)

    @property
    def api(self) -> tuple[str, int, int]:
        """(Type, Precision, Scale) of ColumnInfo."""
        if self.base == "decimal":
            return "decimal", self.size or 38, self.scale
        if self.base == "timestamptz":
            return "timestamp with time zone", 3, 0
        if self.base in ("varchar", "char"):
            return self.base, self.size or UNBOUNDED, 0
        return _API.get(self.base, (self.base, 0, 0))


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


_DUCK = {
    "boolean": "BOOLEAN", "tinyint": "TINYINT", "smallint": "SMALLINT", "integer": "INTEGER", "bigint": "BIGINT",
    "real": "FLOAT", "double": "DOUBLE", "varchar": "VARCHAR", "char": "VARCHAR", "varbinary": "BLOB",
    "json": "VARCHAR",
    "date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "STRUCT(t TIMESTAMP, z VARCHAR)", "time": "TIME",
    "uuid": "UUID", "unknown": "INTEGER", "interval year to month": "INTEGER", "interval day to second": "BIGINT",
    "jsonpath": "VARCHAR",
}  # fmt: skip
_API = {
    "boolean": ("boolean", 0, 0), "tinyint": ("tinyint", 3, 0), "smallint": ("smallint", 5, 0),
    "integer": ("integer", 10, 0), "bigint": ("bigint", 19, 0), "real": ("float", 17, 0), "double": ("double", 17, 0),
    "varbinary": ("varbinary", 1073741824, 0), "timestamp": ("timestamp", 3, 0), "time": ("time", 3, 0),
}  # fmt: skip

UNKNOWN, BOOLEAN, VARCHAR, JSON, VARBINARY = (
    Type("unknown"),
    Type("boolean"),
    Type("varchar"),
    Type("json"),
    Type("varbinary"),
)
TINYINT, SMALLINT, INTEGER, BIGINT = (Type(n) for n in _INTEGERS)
REAL, DOUBLE, DATE, UUID = Type("real"), Type("double"), Type("date"), Type("uuid")
MONTHS, MILLIS = Type("interval year to month"), Type("interval day to second")


def varchar(size: int | None) -> Type:
    return Type("varchar", size if size is not None and size < UNBOUNDED else None)


def char(size: int) -> Type:
    return Type("char", size)


def decimal(precision: int, scale: int) -> Type:
    return Type("decimal", min(38, precision), scale)


def timestamp(precision: int) -> Type:
    return Type("timestamp", precision)


def timestamptz(precision: int) -> Type:
    return Type("timestamptz", precision)


def array(element: Type) -> Type:
    return Type("array", inner=(element,))


def map_of(key: Type, value: Type) -> Type:
    return Type("map", inner=(key, value))


def row(fields: list[tuple[str | None, Type]]) -> Type:
    return Type("row", inner=tuple(t for _, t in fields), names=tuple(n for n, _ in fields))


class UnknownType(ValueError):
    """A type name that Trino does not know or this engine does not hold."""


def split_top(text: str) -> list[str]:
    """The parts between commas that stand outside brackets and quotes."""
    parts, depth, quoted, current = [], 0, False, ""
    for letter in text:
        quoted ^= letter == '"'
        if not quoted:
            depth += (letter in "(<") - (letter in ")>")
        if letter == "," and depth == 0 and not quoted:
            parts.append(current.strip())
            current = ""
        else:
            current += letter
    return [*parts, current.strip()] if current.strip() else parts


_ALIASES = {"int": "integer", "string": "varchar", "float": "real", "binary": "varbinary", "struct": "row"}


def parse(text: str) -> Type:
    """A type from Trino's or Hive's spelling. Raises UnknownType."""
    text = text.strip()
    match = re.fullmatch(r"(?is)([a-z0-9_]+(?: [a-z]+)*?)\s*(?:[(<](.*)[)>])?(\s+with(?:out)? time zone)?", text)
    if match is None:
        raise UnknownType(text)
    base, inside, zone = match.group(1).lower(), match.group(2), (match.group(3) or "").strip().lower()
    base = _ALIASES.get(base, base)
    if base.endswith(" with time zone"):
        base, zone = base.removesuffix(" with time zone"), "with time zone"
    if base in ("varchar", "char"):
        return Type(base, int(inside) if inside else (1 if base == "char" else None))
    if base == "decimal":
        sizes = [int(i) for i in (inside or "38,0").split(",")]
        scale = sizes[1] if len(sizes) > 1 else 0
        if not 1 <= sizes[0] <= 38 or scale > sizes[0]:
            raise UnknownType(text)
        return Type("decimal", sizes[0], scale)
    if base in ("timestamp", "time"):
        size = int(inside) if inside else 3
        if size > 6 or (base == "time" and zone == "with time zone"):
            raise UnknownType(text)
        return Type("timestamptz" if zone == "with time zone" else base, size)
    if base == "timestamptz":
        return timestamptz(6)
    if base in ("array", "map") and inside:
        return Type(base, inner=tuple(parse(p) for p in split_top(inside)))
    if base == "row" and inside:
        return row([_row_field(part) for part in split_top(inside)])
    if base in _DUCK and not inside:
        return Type(base)
    raise UnknownType(text)


def _row_field(part: str) -> tuple[str | None, Type]:
    """name type (Trino), name:type (Hive), or a type alone."""
    match = re.fullmatch(r'(?s)(?:"((?:[^"]|"")+)"|([A-Za-z0-9_]+))\s*(:|\s)\s*(.+)', part)
    if match:
        try:
            return (match.group(1) or match.group(2)).lower(), parse(match.group(4))
        except UnknownType:
            if match.group(3) == ":":
                raise
    return None, parse(part)


def as_decimal(kind: Type) -> Type:
    return kind if kind.base == "decimal" else decimal(_DIGITS[kind.base], 0)


def common(left: Type, right: Type) -> Type | None:
    """The least type that both coerce to without a cast; None when there is none."""
    if left == right or right.base == "unknown":
        return left
    if left.base == "unknown":
        return right
    if left.is_number and right.is_number:
        return _common_number(left, right)
    bases = {left.base, right.base}
    if bases <= {"varchar", "char"}:
        return _common_text(left, right)
    if bases <= {"date", "timestamp", "timestamptz"}:
        top = next(b for b in ("timestamptz", "timestamp", "date") if b in bases)
        return Type(top, max(left.size or 0, right.size or 0))
    if left.base == right.base and left.base == "time":
        return Type("time", max(left.size or 0, right.size or 0))
    if left.base == right.base and left.inner and len(left.inner) == len(right.inner):
        inner = [common(a, b) for a, b in zip(left.inner, right.inner, strict=True)]
        if all(inner):
            same = zip(left.names, right.names, strict=True) if left.names else ()
            names = tuple(a if a == b else None for a, b in same)
            return Type(left.base, inner=tuple(t for t in inner if t), names=names)
    return None


def _common_number(left: Type, right: Type) -> Type:
    if left.is_integer and right.is_integer:
        return max(left, right, key=lambda t: _INTEGERS.index(t.base))
    bases = {left.base, right.base}
    if "double" in bases:
        return DOUBLE
    if "real" in bases:
        return REAL
    a, b = as_decimal(left), as_decimal(right)
    scale = max(a.scale, b.scale)
    return decimal(max((a.size or 0) - a.scale, (b.size or 0) - b.scale) + scale, scale)


def _common_text(left: Type, right: Type) -> Type:
    if left.base == right.base:
        sizes = (left.size, right.size)
        return Type(left.base, None if None in sizes else max(s for s in sizes if s is not None))
    text, padded = (left, right) if left.base == "varchar" else (right, left)
    return char(max(text.size, padded.size or 0)) if text.size is not None else text


def coerces(source: Type, target: Type) -> bool:
    """Whether a value of `source` may stand where `target` is wanted (varchar of any length: `target.size` None)."""
    if source == target or source.base == "unknown":
        return True
    if source.base == "char" and target.base == "varchar":
        return target.size is None or (source.size or 0) <= target.size
    if source.base == "varchar" and target.base == "char":
        return False
    if source.base == target.base == "timestamp" or source.base == target.base == "timestamptz":
        return True
    if source.base == "real" and target.base == "double":
        return True
    return common(source, target) == target


def walk(kind: Type) -> Iterator[Type]:
    yield kind
    for part in kind.inner:
        yield from walk(part)
