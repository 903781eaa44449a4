"""The SQL/JSON functions and format(): forms whose text arguments must be literals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra.local.athena.dialect import casts, types
from infra.local.athena.dialect.typed import Typed, failed, text
from infra.local.athena.dialect.types import BOOLEAN, VARCHAR

if TYPE_CHECKING:
    from infra.local.athena.dialect import tree
    from infra.local.athena.dialect.expressions import Expressions


def _input(self: Expressions, node: tree.Call) -> tuple[Typed, str]:
    value = self(node.args[0])
    if value.type.base != "varchar":
        raise failed(
            "TYPE_MISMATCH", node.where, f"Cannot read input of type {value.type} as JSON using formatting JSON"
        )
    path = str(getattr(node.args[1], "value", ""))
    match = re.fullmatch(r"\s*(lax|strict)\s+(\$.*?)\s*", path)
    if match is None:
        raise failed("INVALID_PATH", node.where, f"mismatched input in JSON path: {path}")
    steps = re.fullmatch(r'\$(?:\.[A-Za-z_][A-Za-z0-9_]*|\."[^"]*"|\[\d+\]|\[\*\])*', match.group(2))
    if match.group(1) == "strict" or steps is None:
        raise failed("NOT_SUPPORTED", node.where, f"JSON path {path} is not supported by this engine")
    return value, match.group(2)


def json_exists(self: Expressions, node: tree.Call) -> Typed:
    value, path = _input(self, node)
    return Typed(f"trino_sql_json_exists({value.sql}, {text(path)})", BOOLEAN)


def json_value(self: Expressions, node: tree.Call) -> Typed:
    value, path = _input(self, node)
    kind = types.parse(node.options.get("returning", "varchar"))
    made = Typed(f"trino_sql_json_value({value.sql}, {text(path)})", VARCHAR)
    if kind.base not in ("varchar", "bigint", "integer", "double", "decimal", "boolean"):
        raise failed("NOT_SUPPORTED", node.where, f"json_value returning {kind} is not supported by this engine")
    return made if kind == VARCHAR else casts.cast(made, kind, True, node.where)


def json_query(self: Expressions, node: tree.Call) -> Typed:
    value, path = _input(self, node)
    wrapper = node.options.get("wrapper", "without")
    return Typed(f"trino_sql_json_query({value.sql}, {text(path)}, {text(wrapper)})", VARCHAR)


def json_array(self: Expressions, node: tree.Call) -> Typed:
    raise failed("NOT_SUPPORTED", node.where, "json_array is not supported by this engine")


def json_object(self: Expressions, node: tree.Call) -> Typed:
    raise failed("NOT_SUPPORTED", node.where, "json_object is not supported by this engine")


_PLACE = re.compile(r"%(?:(\d+)\$)?([-0,+ (#]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])")


def formatted(pattern: Typed, args: list[Typed], where: tuple[int, int]) -> Typed:
    """format() with %s, %d, %x and %f of the types that they are for."""
    if not isinstance(pattern.const, str):
        raise failed("NOT_SUPPORTED", where, "format with a computed pattern is not supported by this engine")
    pieces, at, used = [], 0, 0
    for place in _PLACE.finditer(pattern.const):
        pieces.append(text(pattern.const[at : place.start()]))
        at = place.end()
        position, flags, width, precision, letter = place.groups()
        if letter == "%":
            pieces.append("'%'")
            continue
        if position or used >= len(args):
            raise failed("INVALID_FUNCTION_ARGUMENT", where, f"Invalid format string: {pattern.const}")
        pieces.append(_place(args[used], flags, width, precision, letter, where))
        used += 1
    if "%" in pattern.const[at:]:
        raise failed("INVALID_FUNCTION_ARGUMENT", where, f"Invalid format string: {pattern.const}")
    pieces.append(text(pattern.const[at:]))
    return Typed("(" + " || ".join(pieces) + ")", VARCHAR)


def _place(
    value: Typed, flags: str, width: str | None, precision: str | None, letter: str, where: tuple[int, int]
) -> str:
    fits = (letter == "d" and value.type.is_integer) or (letter == "f" and value.type.base in ("decimal", "double"))
    fits = fits or (
        (letter == "s" and value.type.base in ("varchar", "boolean", "date"))
        or (value.type.is_integer and letter == "s")
    )
    if not fits or set(flags) - set("-0,") or (precision and letter == "d"):
        raise failed("NOT_SUPPORTED", where, f"format of {value.type} with %{letter} is not supported by this engine")
    shown = casts.printed(value) if letter != "f" else f"CAST({value.sql} AS VARCHAR)"
    if letter == "f" and value.type.base == "double":
        shown = f"trino_double_text({value.sql}, {precision or 6})"
    return f"trino_format(coalesce({shown}, 'null'), {text(flags)}, {width or 0}, {precision or -1}, '{letter}')"
