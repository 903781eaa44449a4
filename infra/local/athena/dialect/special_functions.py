"""Functions with rules of their own, which no signature in the registry tells: IF, COALESCE, TRY, EXTRACT."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from infra.local.athena.dialect import casts, operators, sql_json, tree, types
from infra.local.athena.dialect.typed import Typed, failed, text

if TYPE_CHECKING:
    from infra.local.athena.dialect.expressions import Expressions

_EXTRACT = {
    "year", "quarter", "month", "week", "day", "day_of_month", "day_of_week", "dow", "day_of_year", "doy",
    "year_of_week", "yow", "hour", "minute", "second", "timezone_hour", "timezone_minute",
}  # fmt: skip


def _if(self: Expressions, node: tree.Call) -> Typed:
    if len(node.args) not in (2, 3):
        raise failed("INVALID_FUNCTION_ARGUMENT", node.where, "Invalid number of arguments for 'if' function")
    default = node.args[2] if len(node.args) == 3 else None
    return self.case(tree.Case(node.where, None, [(node.args[0], node.args[1])], default))


def _coalesce(self: Expressions, node: tree.Call) -> Typed:
    if len(node.args) < 2:
        raise failed(
            "INVALID_FUNCTION_ARGUMENT", node.where, "The 'coalesce' function must have at least two arguments"
        )
    items, kind = casts.unify([self(a) for a in node.args], node.where, "All COALESCE operands")
    return Typed(f"coalesce({', '.join(i.sql for i in items)})", kind)


def _nullif(self: Expressions, node: tree.Call) -> Typed:
    if len(node.args) != 2:
        raise failed("INVALID_FUNCTION_ARGUMENT", node.where, "Invalid number of arguments for 'nullif' function")
    first, second = (self(a) for a in node.args)
    same = operators.compare("=", first, second, node.where)
    return Typed(f"(CASE WHEN {same.sql} THEN NULL ELSE {first.sql} END)", first.type)


def _try(self: Expressions, node: tree.Call) -> Typed:
    if len(node.args) != 1:
        raise failed("INVALID_FUNCTION_ARGUMENT", node.where, "The 'try' function must have exactly one argument")
    value = self(node.args[0])
    return Typed(f"TRY({value.sql})", value.type)


def _typeof(self: Expressions, node: tree.Call) -> Typed:
    (value,) = [self(a) for a in node.args]
    name = text(str(value.type))
    return Typed(f"(CASE WHEN {value.sql} IS NULL THEN {name} ELSE {name} END)", types.VARCHAR)


def _extreme(word: str) -> Callable[[Expressions, tree.Call], Typed]:
    def made(self: Expressions, node: tree.Call) -> Typed:
        items, kind = casts.unify([self(a) for a in node.args], node.where, f"All {word.upper()} operands")
        if kind.inner or kind.base in ("json", "timestamptz", "boolean"):
            raise failed("NOT_SUPPORTED", node.where, f"{word} of {kind} is not supported by this engine")
        nulls = " OR ".join(f"{i.sql} IS NULL" for i in items)
        extreme = f"{word}({', '.join(i.sql for i in items)})"
        if kind.base in ("double", "real"):  # NaN loses against any number
            numbers = ", ".join(f"CASE WHEN isnan({i.sql}) THEN NULL ELSE {i.sql} END" for i in items)
            extreme = f"coalesce({word}({numbers}), CAST('NaN' AS {kind.duck}))"
        return Typed(f"(CASE WHEN {nulls} THEN NULL ELSE {extreme} END)", kind)

    return made


def _extract(self: Expressions, node: tree.Call) -> Typed:
    unit = node.options["field"]
    if unit not in _EXTRACT:
        raise failed("SYNTAX_ERROR", node.where, f"Invalid EXTRACT field: {unit}")
    value = self(node.args[0])
    zone = unit.startswith("timezone")
    if (value.type.base == "date" and (zone or unit in ("hour", "minute", "second"))) or (
        zone and value.type.base == "timestamp"
    ):
        raise failed("TYPE_MISMATCH", node.where, f"Cannot extract {unit} from {value.type}")
    return self.resolved(tree.Call(node.where, unit, node.args), [value])


def _concat(self: Expressions, node: tree.Call) -> Typed:
    """Arrays are joined pairwise as || joins them; text and bytes by the registry."""
    args = [self(a) for a in node.args]
    if len(args) > 1 and any(a.type.base in ("array", "unknown") for a in args):
        made = args[0]
        for arg in args[1:]:
            made = operators.concatenate(made, arg, node.where)
        return made
    return self.resolved(node, list(args))


def _current_user(self: Expressions, node: tree.Call) -> Typed:
    raise failed("NOT_SUPPORTED", node.where, f"{node.name} is not supported by this engine")


def _format(self: Expressions, node: tree.Call) -> Typed:
    if len(node.args) < 2:
        raise failed("FUNCTION_NOT_FOUND", node.where, "Function format needs at least two arguments")
    pattern, *args = [self(a) for a in node.args]
    return sql_json.formatted(pattern, args, node.where)


SPECIAL: dict[str, Callable[[Expressions, tree.Call], Typed]] = {
    "if": _if, "coalesce": _coalesce, "nullif": _nullif, "try": _try, "typeof": _typeof, "extract": _extract,
    "greatest": _extreme("greatest"), "least": _extreme("least"), "concat": _concat,
    "current_user": _current_user, "current_time": _current_user, "localtime": _current_user, "format": _format,
    "json_exists": sql_json.json_exists, "json_value": sql_json.json_value, "json_query": sql_json.json_query,
    "json_object": sql_json.json_object, "json_array": sql_json.json_array,
}  # fmt: skip
