"""Forms that engines read differently, found in the parse tree. Each rule names the spelling that is right on all."""

import re
from collections.abc import Callable, Iterator, Mapping

from sqlglot import exp

Types = Mapping[str, str] | None
Found = Iterator[tuple[exp.Expr, str]]

EXACT = ("BIGINT", "INT", "SMALLINT", "TINYINT", "DECIMAL", "BOOLEAN", "VARCHAR", "TEXT")
EXACT_NAMES = ("bigint", "integer", "varchar", "json", "boolean", "decimal")
UNSAFE_REGEX = re.compile(r"\\[wWdDsSbB]|\(\?[=!<]|\\[1-9]|(?<!\\)\$")


def forbidden(tree: exp.Expr, types: Types) -> list[str]:
    """Messages "line n: ..." for each forbidden form. types: column -> Trino type; None: not known."""
    found = []
    for rule in RULES:
        for node, message in rule(tree, types):
            found.append(f"line {_line(node)}: {message}")
    return found


def _division(tree: exp.Expr, types: Types) -> Found:
    node: exp.Expr
    for node in tree.find_all(exp.Div):
        if not (_is_double(node.left) or _is_double(node.right)):
            yield node, "`/` truncates on one engine; write cast(a as double) / nullif(b, 0)"
        if not (
            isinstance(node.right, exp.Nullif) or (isinstance(node.right, exp.Literal) and float(node.right.this) != 0)
        ):
            yield node, "a division by zero fails on one engine; write / nullif(b, 0)"


def _casts(tree: exp.Expr, types: Types) -> Found:
    node: exp.Expr
    for node in tree.find_all(exp.Cast):
        kind, inner, to = node.args["to"].this.name, node.this, node.args["to"]
        if isinstance(node, exp.TryCast):
            yield from _try_cast(node, kind)
        elif kind in ("VARCHAR", "TEXT", "CHAR") and (to.expressions or kind == "CHAR"):
            yield node, "the length of varchar(n) and char(n) is not kept by all engines; write substr(s, 1, n)"
        elif kind in ("VARCHAR", "TEXT") and not _prints_alike(inner, types):
            yield (
                node,
                "text of fractions and times differs; cast to decimal or bigint first, or date_format",
            )
        elif kind in ("INT", "BIGINT", "SMALLINT") and (_is_double(inner) or isinstance(inner, exp.Div)):
            yield node, "casts of a fraction round differently; write cast(round(x) as integer)"


def _try_cast(node: exp.TryCast, kind: str) -> Found:
    if kind in ("INT", "BIGINT", "SMALLINT") and not _calls(node.this, "regexp_extract"):
        yield (
            node,
            "dirty numbers convert differently; write try_cast(regexp_extract(s, '^[+-]?[0-9]{1,9}\\z') as integer)",
        )
    elif kind == "BOOLEAN":
        yield node, "write case when lower(s) in ('yes', ...) then true ... end"
    elif kind in ("DATE", "TIMESTAMP", "TIMESTAMPTZ"):
        yield node, "write try(cast(date_parse(s, '%Y-%m-%d') as date))"


def _aggregates(tree: exp.Expr, types: Types) -> Found:
    node: exp.Expr
    for node in tree.find_all(exp.Sum):
        if not isinstance(_outside_filter(node).parent, exp.Cast):
            yield node, "the type of a sum differs; write cast(sum(x) as bigint) or as decimal(18,4)"
    for node in tree.find_all(exp.Avg):
        if not _is_double(node.this):
            yield node, "write avg(cast(x as double))"
    for node in tree.find_all(exp.ArgMax, exp.ArgMin):
        if not isinstance(node.parent, exp.Filter):
            yield node, "max_by and min_by treat null differently; write max_by(v, o) filter (where v is not null)"
    for node in tree.find_all(exp.ArrayDistinct):
        if not isinstance(node.parent, exp.ArraySort):
            yield node, "the order differs; write array_sort(array_distinct(a))"


def _texts(tree: exp.Expr, types: Types) -> Found:
    node: exp.Expr
    for node in tree.find_all(exp.Substring):
        start = node.args.get("start")
        if isinstance(start, exp.Neg) or (isinstance(start, exp.Literal) and int(start.this) < 1):
            yield node, "substr starts at 1 or later"
    for node in tree.find_all(exp.RegexpLike, exp.RegexpExtract, exp.RegexpReplace):
        pattern = node.args.get("expression")
        if not (isinstance(pattern, exp.Literal) and pattern.is_string):
            yield node, "a regular expression is a literal, so that it can be checked"
        elif match := UNSAFE_REGEX.search(pattern.this):
            yield (
                node,
                f"{match[0]!r} in a regular expression differs; write classes such as [0-9A-Za-z_], and \\z",
            )
    for node in tree.find_all(exp.RegexpReplace):
        replacement = node.args.get("replacement")
        if isinstance(replacement, exp.Literal) and "$" in replacement.this:
            yield node, "group references differ; write concat(regexp_extract(...), ...)"
    for node in tree.find_all(exp.RegexpExtract):
        if not isinstance(node.parent, exp.Nullif | exp.TryCast):
            yield node, "no match is null or ''; write nullif(regexp_extract(s, p), '')"
    for node in tree.find_all(exp.JSONExtractScalar):
        if not isinstance(node.parent, exp.Try):
            yield node, "text that is no JSON fails on one engine; write try(json_extract_scalar(j, '$.path'))"


def _times(tree: exp.Expr, types: Types) -> Found:
    node: exp.Expr
    for node in tree.find_all(exp.AtTimeZone):
        if not isinstance(node.parent, exp.Cast):
            yield node, "write cast(t at time zone 'UTC' as timestamp), at once"
    for node in tree.find_all(exp.DateDiff):
        unit = node.args.get("unit")
        if (
            unit is None
            or unit.name.lower() != "day"
            or not all(_casts_to(side, "DATE") for side in (node.this, node.expression))
        ):
            yield node, "write date_diff('day', cast(a as date), cast(b as date))"
    for node in tree.find_all(exp.DateTrunc, exp.TimestampTrunc, exp.DateAdd, exp.Interval):
        outer = node.parent if not isinstance(node, exp.Interval) else _above_interval(node)
        if not isinstance(outer, exp.Cast):
            yield (
                node,
                "is a date on one engine, a timestamp on the other; put a cast to one of them around it",
            )


def _lists(tree: exp.Expr, types: Types) -> Found:
    node: exp.Expr
    for node in tree.find_all(exp.ArrayContains):
        if not isinstance(node.parent, exp.Coalesce):
            yield node, "a null in the array answers differently; write coalesce(contains(a, x), false)"


def _clauses(tree: exp.Expr, types: Types) -> Found:
    node: exp.Expr
    for node in tree.find_all(exp.Star):
        if not isinstance(node.parent, exp.Count):
            yield node, "name the columns: `*` changes when a table grows"
    for kind, what in (
        (exp.Qualify, "qualify"),
        (exp.ILike, "ilike"),
        (exp.RegexpILike, "~*"),
        (exp.Lateral, "lateral"),
    ):
        for node in tree.find_all(kind):
            yield node, f"{what} is not Athena's"
    for node in tree.find_all(exp.Distinct):
        if node.args.get("on"):
            yield node, "distinct on is not Athena's; use row_number()"
    for node in tree.find_all(exp.Group):
        if node.args.get("all"):
            yield node, "group by all is not Athena's"


RULES: tuple[Callable[[exp.Expr, Types], Found], ...] = (
    _division, _casts, _aggregates, _texts, _times, _lists, _clauses,
)  # fmt: skip


def _is_double(node: exp.Expr) -> bool:
    node = node.unnest()
    return _casts_to(node, "DOUBLE") or (
        isinstance(node, exp.Literal) and not node.is_string and "e" in node.this.lower()
    )


def _casts_to(node: exp.Expr, kind: str) -> bool:
    return isinstance(node, exp.Cast) and node.args["to"].this.name == kind


def _prints_alike(node: exp.Expr, types: Types) -> bool:
    """Whether the value's text is the same on all engines: text, whole numbers, decimals."""
    node = node.unnest()
    if isinstance(node, exp.Null | exp.Literal):
        return not isinstance(node, exp.Literal) or node.is_string or node.this.isdigit()
    if isinstance(node, exp.Column):
        return types is None or types.get(node.name, "").split("(")[0] in EXACT_NAMES
    return isinstance(node, exp.Cast) and node.args["to"].this.name in EXACT


def _calls(node: exp.Expr, name: str) -> bool:
    return isinstance(node, exp.RegexpExtract) if name == "regexp_extract" else node.name.lower() == name


def _outside_filter(node: exp.Expr) -> exp.Expr:
    while isinstance(node.parent, exp.Filter | exp.Window | exp.Coalesce):
        node = node.parent
    return node


def _above_interval(node: exp.Interval) -> exp.Expr | None:
    operation = node.parent
    return operation.parent if isinstance(operation, exp.Add | exp.Sub) else operation


def _line(node: exp.Expr) -> int:
    for each in (node, *node.find_all(exp.Identifier, exp.Column)):
        if "line" in each.meta:
            return int(each.meta["line"])
    return 1
