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
    define(f"{_name}(T, bigint) => T", _over(f"{_name}({{0}}, CAST({{1}} AS BIGINT))"), kind="window")
    define(f"{_name}(T, bigint, T) => T", _over(f"{_name}({{0}}, CAST({{1}} AS BIGINT), {{2}})"), kind="window")
define("first_value(T) => T", _over("first_value({0})"), kind="window")
define("last_value(T) => T", _over("last_value({0})"), kind="window")
define("nth_value(T, bigint) => T", _over("nth_value({0}, {1})"), kind="window")
