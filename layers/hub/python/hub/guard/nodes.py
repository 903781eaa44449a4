"""The parts of a parse tree that a user's query may consist of. What is not listed is refused, whatever it is."""

from typing import Final

from sqlglot import exp

from hub.guard.functions import ALLOWED
from hub.guard.places import Place, refusal

MOST: Final = 6000
"""Parts of one query's tree."""
PLAIN_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")

QUERIES: Final = (
    exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.With, exp.CTE, exp.Values, exp.Tuple,
    exp.Table, exp.TableAlias, exp.From, exp.Join, exp.Where, exp.Group, exp.GroupingSets, exp.Cube, exp.Rollup,
    exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Fetch, exp.LimitOptions, exp.Distinct, exp.Unnest,
)  # fmt: skip
VALUES: Final = (
    exp.Column, exp.Identifier, exp.Alias, exp.Star, exp.Literal, exp.Boolean, exp.Null, exp.Placeholder, exp.Paren,
    exp.DataType, exp.DataTypeParam, exp.ColumnDef, exp.Interval, exp.Var, exp.Bracket, exp.Lambda, exp.Dot,
    exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript, exp.JSONPathWildcard,
)  # fmt: skip
OPERATORS: Final = (
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.Is, exp.In, exp.Between, exp.Like, exp.Escape, exp.Exists, exp.Any, exp.All, exp.Case, exp.If, exp.Cast,
    exp.TryCast, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe, exp.Window, exp.WindowSpec,
    exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls, exp.Extract, exp.AtTimeZone, exp.CurrentDate,
    exp.CurrentTimestamp, exp.Localtimestamp, exp.Array, exp.Map, exp.Coalesce,
)  # fmt: skip
SELF: Final = frozenset({"current_catalog", "current_path", "current_role", "current_schema", "session_user"})
KNOWN: Final = frozenset({*QUERIES, *VALUES, *OPERATORS})


def judge(tree: exp.Expr, sql: str) -> None:
    """InvalidInput for the first part of the tree that a report may not have."""
    for count, node in enumerate(tree.walk()):
        if count >= MOST:
            raise refusal("The query is too long", sql, Place(1, 1))
        if problem := _problem(node):
            raise refusal(problem, sql, Place.of_node(node, sql))


def _problem(node: exp.Expr) -> str | None:
    if type(node) in KNOWN:
        return _misuse(node)
    if isinstance(node, exp.Func):
        name = _name(node)
        return None if name in ALLOWED else f"The function {name} may not be used in a report"
    return f"{node.key.upper()} may not be used in a report"


def _name(function: exp.Func) -> str:
    """The name under which the function will be called."""
    if isinstance(function, exp.Anonymous):
        return function.name.lower()
    return function.sql(dialect="athena").partition("(")[0].strip().lower()


def _asks_engine(column: exp.Column) -> bool:
    """Words that are no column: they ask who and where the engine is."""
    return column.name.lower() in SELF


def _misuse(node: exp.Expr) -> str | None:
    """Listed parts that have a form which is not meant."""
    if isinstance(node, exp.With) and node.args.get("recursive"):
        return "RECURSIVE may not be used in a report"
    if isinstance(node, exp.Star) and any(node.args.values()):
        return "`*` stands alone; name the columns instead"
    if isinstance(node, exp.Dot) and not isinstance(node.expression, exp.Identifier):
        return "A function is called by its name alone"
    if isinstance(node, exp.Identifier) and not (node.name.isprintable() and 0 < len(node.name) <= 128):
        return "A name has 1 to 128 printable characters"
    if isinstance(node, exp.Identifier) and "$" in node.name and isinstance(node.parent, exp.Column | exp.Dot):
        return "A column that tells of the files beneath a table may not be used in a report"
    if isinstance(node, exp.Column) and not node.table and not node.this.args.get("quoted") and _asks_engine(node):
        return f"{node.name} may not be used in a report"
    if isinstance(node, exp.CTE | exp.TableAlias) and not set(node.alias_or_name.lower()) <= PLAIN_NAME:
        return "A name in FROM or WITH has letters, digits and _ only"
    if isinstance(node, exp.Select) and not node.expressions:
        return "SELECT names no column"
    if isinstance(node, exp.Select) and node.args.get("kind"):
        return f"SELECT AS {node.args['kind']} may not be used in a report"
    return None
