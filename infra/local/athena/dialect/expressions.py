"""Expressions: from the parse tree to DuckDB text with Trino's types."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.local.athena.dialect import aggregation, casts, literals, operators, registry, tree, types
from infra.local.athena.dialect.scope import Scope, field_of
from infra.local.athena.dialect.special_functions import SPECIAL
from infra.local.athena.dialect.typed import Typed, fail, failed, text
from infra.local.athena.dialect.types import BOOLEAN, Type, UnknownType
from infra.local.athena.errors import QueryFailed

if TYPE_CHECKING:
    from infra.local.athena.dialect.relations import Relations

_COMPARISONS = ("=", "<>", "<", "<=", ">", ">=", "is distinct from")
_NAMES = itertools.count(1)


@dataclass
class Level:
    """What is allowed at a place. `groups` are the GROUP BY expressions of an aggregated select (None: not one)."""

    scope: Scope
    clause: str
    groups: list[tuple[tree.Node, str]] | None = None
    aggregates: bool = False
    windows: dict[str, tree.Window] | None = None  # None: window functions are not allowed here
    inside: bool = False  # an aggregate's argument


class Expressions:
    """Translates expressions of one place in a query."""

    def __init__(self, relations: Relations, level: Level):
        self.relations = relations
        self.level = level

    def at(self, **changes: Any) -> Expressions:
        return Expressions(self.relations, Level(**{**vars(self.level), **changes}))

    def __call__(self, node: tree.Node) -> Typed:
        groups = self.level.groups
        if groups and not self.level.inside and not isinstance(node, tree.Name):
            for key, sql in groups:
                if type(key) is type(node) and (made := self._plainly(node)) is not None and made.sql == sql:
                    return made
        return _VISIT[type(node)](self, node)

    def _plainly(self, node: tree.Node) -> Typed | None:
        """The node as it would read before grouping; None when it would not."""
        try:
            return self.at(groups=None, aggregates=False, windows=None)(node)
        except (QueryFailed, UnknownType):  # what is wrong with it is said when it is translated in its place
            return None

    def boolean(self, node: tree.Node, what: str) -> Typed:
        made = self(node)
        operators.require_boolean(made, node.where, f"{what} must evaluate to a boolean: actual type {made.type}")
        return made

    def name(self, node: tree.Name) -> Typed:
        value, depth, column = self.level.scope.find(node.parts, node.where)
        groups = self.level.groups
        if groups is not None and not self.level.inside and depth == 0 and column is not None:
            known = {sql for _, sql in groups}
            if value.sql not in known and column.value.sql not in known:
                shown = ".".join(node.parts)
                message = f"'{shown}' must be an aggregate expression or appear in GROUP BY clause"
                raise failed("EXPRESSION_NOT_AGGREGATE", node.where, message)
        return value

    def unary(self, node: tree.Unary) -> Typed:
        if node.op == "-" and isinstance(node.operand, tree.Literal) and node.operand.kind == "integer":
            return literals.integer(-int(node.operand.value), node.where)
        value = self(node.operand)
        if node.op == "not":
            operators.require_boolean(
                value, node.where, f"Value of logical NOT expression must evaluate to a boolean (actual: {value.type})"
            )
            return Typed(f"(NOT {value.sql})", BOOLEAN)
        if node.op == "-":
            return operators.negate(value, node.where)
        operators.negate(value, node.where)
        return value

    def binary(self, node: tree.Binary) -> Typed:
        left, right = self(node.left), self(node.right)
        if node.op in ("and", "or"):
            return operators.logical(node.op, left, right, node.where)
        if node.op in _COMPARISONS:
            return operators.compare(node.op, left, right, node.where)
        if node.op == "||":
            return operators.concatenate(left, right, node.where)
        return operators.arithmetic(node.op, left, right, node.where)

    def is_null(self, node: tree.IsNull) -> Typed:
        return Typed(f"({self(node.operand).sql} IS NULL)", BOOLEAN)

    def between(self, node: tree.Between) -> Typed:
        value, low, high = self(node.operand), self(node.low), self(node.high)
        above = operators.compare(">=", value, low, node.where)
        below = operators.compare("<=", value, high, node.where)
        return Typed(f"({above.sql} AND {below.sql})", BOOLEAN)

    def in_(self, node: tree.In) -> Typed:
        value = self(node.operand)
        if isinstance(node.items, tree.Query):
            return self._in_query(value, node, node.items)
        tests = [operators.compare("=", value, self(item), item.where) for item in node.items]
        return Typed("(" + " OR ".join(t.sql for t in tests) + ")", BOOLEAN)

    def _in_query(self, value: Typed, node: tree.In, items: tree.Query) -> Typed:
        query = self.relations.query(items, self.level.scope, nested=True)
        if value.type.base == "row" or len(query.columns) != 1:
            raise failed(
                "NOT_SUPPORTED", node.where, "IN with a subquery of several columns is not supported by this engine"
            )
        inner = Typed("q_.c0", query.columns[0][1])
        kind = types.common(value.type, inner.type)
        if kind is None:
            raise failed(
                "TYPE_MISMATCH",
                node.where,
                f"value and result of subquery must be of the same type for IN expression: {value.type} vs "
                f"{inner.type}",
            )
        if any(t.base in ("timestamptz", "array", "map", "row") for t in types.walk(kind)):
            raise failed("NOT_SUPPORTED", node.where, f"IN with a subquery of {kind} is not supported by this engine")
        left, right = casts.coerce(value, kind), casts.coerce(inner, kind)
        listed = right.sql
        if kind.base in ("double", "real"):  # Trino answers for NaN one way as a condition and another as a value
            refusal = fail("NOT_SUPPORTED", text("IN with NaN in the subquery is not supported by this engine"), kind)
            listed = f"CASE WHEN isnan({listed}) THEN {refusal} ELSE {listed} END"
        return Typed(f"({left.sql} IN (SELECT {listed} FROM ({query.sql}) q_))", BOOLEAN)

    def like(self, node: tree.Like) -> Typed:
        value, pattern = self(node.operand), self(node.pattern)
        for side in (value, pattern):
            if side.type.base not in ("varchar", "char", "unknown"):
                raise failed(
                    "TYPE_MISMATCH",
                    node.where,
                    f"Left side of LIKE expression must evaluate to a varchar (actual: {side.type})",
                )
        escape = ""
        if node.escape is not None:
            sign = self(node.escape).const
            if not isinstance(sign, str) or len(sign) != 1:
                raise failed("INVALID_FUNCTION_ARGUMENT", node.where, "Escape string must be a single character")
            escape = f" ESCAPE {text(sign)}"
        return Typed(
            f"({casts.coerce(value, types.VARCHAR).sql} LIKE {casts.coerce(pattern, types.VARCHAR).sql}{escape})",
            BOOLEAN,
        )

    def exists(self, node: tree.Exists) -> Typed:
        return Typed(f"EXISTS ({self.relations.query(node.query, self.level.scope, nested=True).sql})", BOOLEAN)

    def subquery(self, node: tree.Subquery) -> Typed:
        query = self.relations.query(node.query, self.level.scope, nested=True)
        if len(query.columns) != 1:
            raise failed(
                "NOT_SUPPORTED", node.where, "Multiple columns returned by subquery are not supported by this engine"
            )
        return Typed(f"({query.sql})", query.columns[0][1])

    def quantified(self, node: tree.Quantified) -> Typed:
        raise failed(
            "NOT_SUPPORTED", node.where, f"{node.op} {node.quantifier} (subquery) is not supported by this engine"
        )

    def case(self, node: tree.Case) -> Typed:
        operand = self(node.operand) if node.operand is not None else None
        conditions, results = [], []
        for when, then in node.whens:
            if operand is None:
                conditions.append(self.boolean(when, "CASE WHEN clause"))
            else:
                conditions.append(operators.compare("=", operand, self(when), when.where))
            results.append(self(then))
        if node.default is not None:
            results.append(self(node.default))
        results, kind = casts.unify(results, node.where, "All CASE results")
        pairs = zip(conditions, results, strict=False)
        body = " ".join(f"WHEN {c.sql} THEN {r.sql}" for c, r in pairs)
        default = f" ELSE {results[-1].sql}" if node.default is not None else ""
        return Typed(f"(CASE {body}{default} END)", kind)

    def cast(self, node: tree.Cast) -> Typed:
        try:
            kind = types.parse(node.type)
        except types.UnknownType as unknown:
            raise failed("TYPE_NOT_FOUND", node.where, f"Unknown type: {unknown}") from None
        return casts.cast(self(node.operand), kind, node.safe, node.where)

    def array(self, node: tree.Array) -> Typed:
        if not node.items:
            return Typed("[]", types.array(types.UNKNOWN))
        items, kind = casts.unify([self(i) for i in node.items], node.where, "All ARRAY elements")
        return Typed("[" + ", ".join(i.sql for i in items) + "]", types.array(kind))

    def row(self, node: tree.Row) -> Typed:
        items = [self(i) for i in node.items]
        kind = types.row([(None, i.type) for i in items])
        inside = ", ".join(f"{text(k)}: {i.sql}" for k, i in zip(kind.keys, items, strict=True))
        return Typed(f"{{{inside}}}", kind)

    def subscript(self, node: tree.Subscript) -> Typed:
        base, index = self(node.base), self(node.index)
        if base.type.base == "array" and types.coerces(index.type, types.BIGINT):
            return Typed(f"trino_subscript({base.sql}, {casts.coerce(index, types.BIGINT).sql})", base.type.element)
        if base.type.base == "map" and types.coerces(index.type, base.type.inner[0]):
            key = casts.coerce(index, base.type.inner[0])
            return Typed(f"trino_map_get({base.sql}, {key.sql})", base.type.inner[1])
        if base.type.base == "row" and isinstance(index.const, int):
            if not 1 <= index.const <= len(base.type.inner):
                raise failed("INVALID_FUNCTION_ARGUMENT", node.where, f"ROW index out of bounds: {index.const}")
            name = base.type.keys[index.const - 1]
            return Typed(f'({base.sql})."{name}"', base.type.inner[index.const - 1])
        raise failed("TYPE_MISMATCH", node.where, f"Cannot use {index.type} for subscript of {base.type}")

    def field(self, node: tree.Field) -> Typed:
        return field_of(self(node.base), node.name, node.where)

    def at_time_zone(self, node: tree.AtTimeZone) -> Typed:
        value, zone = self(node.operand), self(node.zone)
        if value.type.base not in ("timestamp", "timestamptz") or zone.type.base != "varchar":
            raise failed(
                "TYPE_MISMATCH",
                node.where,
                f"Type of value must be a time or timestamp with or without time zone (actual {value.type})",
            )
        kind = types.timestamptz(value.type.size or 0)
        return Typed(f"trino_tz(({casts.coerce(value, kind).sql}).t, trino_zone({zone.sql}))", kind)

    def grouping(self, node: tree.Grouping) -> Typed:
        items = ", ".join(self.at(groups=None)(i).sql for i in node.items)
        return Typed(f"CAST(grouping({items}) AS INTEGER)", types.INTEGER)

    def call(self, node: tree.Call) -> Typed:
        if (special := SPECIAL.get(node.name)) is not None:
            return special(self, node)
        kind = registry.kind_of(node.name)
        if kind in ("aggregate", "window") or node.over is not None or node.star:
            return aggregation.aggregate(self, node, kind)
        if node.distinct or node.filter is not None or node.order:
            raise failed(
                "FUNCTION_NOT_AGGREGATE", node.where, f"DISTINCT, FILTER or ORDER BY on the scalar function {node.name}"
            )
        return self.resolved(node, [self.argument(a) for a in node.args])

    def argument(self, node: tree.Node) -> Typed | tree.Lambda:
        return node if isinstance(node, tree.Lambda) else self(node)

    def resolved(self, node: tree.Call, args: list[Typed | tree.Lambda]) -> Typed:
        match = registry.resolve(node.name, args, node.where, self.lambda_)
        return Typed(match.sql, match.type)

    def lambda_(self, node: tree.Lambda, kinds: list[Type]) -> tuple[Typed, list[str]]:
        names = [f"p{next(_NAMES)}_" for _ in kinds]
        made = {p: Typed(n, k) for p, n, k in zip(node.parameters, names, kinds, strict=True)}
        inner = self.at(scope=self.level.scope.child(made))
        return inner(node.body), names

    def sorted(self, order: list[tree.Sort]) -> str:
        return ", ".join(self.sort_key(s, self(s.key)) for s in order)

    def sort_key(self, sort: tree.Sort, value: Typed) -> str:
        if any(t.base in ("map", "json") for t in types.walk(value.type)):
            raise failed(
                "TYPE_MISMATCH",
                sort.where,
                f"Type {value.type} is not orderable, and therefore cannot be used in ORDER BY",
            )
        sql = f"({value.sql}).t" if value.type.base == "timestamptz" else value.sql
        return f"{sql} {'DESC' if sort.descending else 'ASC'} NULLS {'FIRST' if sort.nulls_first else 'LAST'}"


def _parameter(self: Expressions, node: tree.Parameter) -> Typed:
    raise failed("INVALID_PARAMETER_USAGE", node.where, "Incorrect number of parameters: a value is missing")


_VISIT: dict[type, Callable[[Expressions, Any], Typed]] = {
    tree.Literal: lambda self, node: literals.literal(node), tree.Typed: lambda self, node: literals.typed(node),
    tree.Interval: lambda self, node: literals.interval(node), tree.Name: Expressions.name,
    tree.Unary: Expressions.unary, tree.Binary: Expressions.binary, tree.IsNull: Expressions.is_null,
    tree.Between: Expressions.between, tree.In: Expressions.in_, tree.Like: Expressions.like,
    tree.Exists: Expressions.exists, tree.Subquery: Expressions.subquery, tree.Quantified: Expressions.quantified,
    tree.Case: Expressions.case, tree.Cast: Expressions.cast, tree.Array: Expressions.array, tree.Row: Expressions.row,
    tree.Subscript: Expressions.subscript, tree.Field: Expressions.field, tree.AtTimeZone: Expressions.at_time_zone,
    tree.Parameter: _parameter, tree.Grouping: Expressions.grouping, tree.Call: Expressions.call,
}  # fmt: skip
