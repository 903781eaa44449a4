"""Window functions (aggregates with OVER are in aggregates)."""

from typing import Any

from infra.local.athena.dialect.registry import Match, define
from infra.local.athena.dialect.typed import failed


def _over(template: str) -> Any:
    """The function's text; a window function makes no sense without OVER."""

    def make(match: Match) -> str:
        made = match.aggregate(template.format(*[a.sql for a in match.args]))
        if " OVER " not in made:
            raise failed("MISSING_OVER", match.where, f"Window function {match.function.name} requires an OVER clause")
        return made

    return make


def _offset(template: str, least: int) -> Any:
    """A call whose second argument counts rows. Trino fails where it is NULL or too small, row by row."""
    over = _over(template)

    def make(match: Match) -> str:
        count = match.args[1].const
        if not isinstance(count, int):
            raise failed("NOT_SUPPORTED", match.where, "a computed offset is not supported by this engine")
        if count < least:
            raise failed("INVALID_FUNCTION_ARGUMENT", match.where, f"Offset must be at least {least}")
        return str(over(match))

    return make


for _name in ("row_number", "rank", "dense_rank", "ntile"):
    define(
        f"{_name}({'bigint' if _name == 'ntile' else ''}) => bigint",
        _over(f"{_name}({'{0}' if _name == 'ntile' else ''})"),
        kind="window",
    )
define("percent_rank() => double", _over("percent_rank()"), kind="window")
define("cume_dist() => double", _over("cume_dist()"), kind="window")
for _name in ("lag", "lead"):
    define(f"{_name}(T) => T", _over(f"{_name}({{0}})"), kind="window")
    define(f"{_name}(T, bigint) => T", _offset(f"{_name}({{0}}, CAST({{1}} AS BIGINT))", 0), kind="window")
    define(f"{_name}(T, bigint, T) => T", _offset(f"{_name}({{0}}, CAST({{1}} AS BIGINT), {{2}})", 0), kind="window")
define("first_value(T) => T", _over("first_value({0})"), kind="window")
define("last_value(T) => T", _over("last_value({0})"), kind="window")
define("nth_value(T, bigint) => T", _offset("nth_value({0}, {1})", 1), kind="window")
