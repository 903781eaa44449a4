"""Expressions: from the parse tree to DuckDB text with Trino's types."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from infra.local.athena.dialect import casts, literals, operators, registry, sql_json, tree, types
from infra.local.athena.dialect.scope import Scope, field_of
from infra.local.athena.dialect.typed import Typed, failed, text
from infra.local.athena.dialect.types import BOOLEAN, Type

if TYPE_CHECKING:
    from infra.local.athena.dialect.relations import Relations

_COMPARISONS = ("=", "<>", "<", "<=", ">", ">=", "is distinct from")
_NAMES = itertools.count(1)
_EXTRACT = {
    "year", "quarter", "month", "week", "day", "day_of_month", "day_of_week", "dow", "day_of_year", "doy",
    "year_of_week", "yow", "hour", "minute", "second", "timezone_hour", "timezone_minute",
}  # fmt: skip


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
        except Exception:  # noqa: BLE001  (whatever is wrong with it is said when it is translated in its place)
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
            return self._in_query(value, node)
        tests = [operators.compare("=", value, self(item), item.where) for item in node.items]
        return Typed("(" + " OR ".join(t.sql for t in tests) + ")", BOOLEAN)

    def _in_query(self, value: Typed, node: tree.In) -> Typed:
        query = self.relations.query(node.items, self.level.scope, nested=True)  # type: ignore[arg-type]
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
        return Typed(f"({left.sql} IN (SELECT {right.sql} FROM ({query.sql}) q_))", BOOLEAN)

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
            key = base.type.keys[index.const - 1]
            return Typed(f'({base.sql})."{key}"', base.type.inner[index.const - 1])
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
        if (special := _SPECIAL.get(node.name)) is not None:
            return special(self, node)
        kind = registry.kind_of(node.name)
        if kind in ("aggregate", "window") or node.over is not None or node.star:
            return self._aggregate(node, kind)
        if node.distinct or node.filter is not None or node.order:
            raise failed(
                "FUNCTION_NOT_AGGREGATE", node.where, f"DISTINCT, FILTER or ORDER BY on the scalar function {node.name}"
            )
        return self._resolved(node, [self._argument(a) for a in node.args])

    def _argument(self, node: tree.Node) -> Typed | tree.Lambda:
        return node if isinstance(node, tree.Lambda) else self(node)

    def _resolved(self, node: tree.Call, args: list[Typed | tree.Lambda]) -> Typed:
        match = registry.resolve(node.name, args, node.where, self._lambda)
        return Typed(match.sql, match.type)

    def _lambda(self, node: tree.Lambda, kinds: list[Type]) -> tuple[Typed, list[str]]:
        names = [f"p{next(_NAMES)}_" for _ in kinds]
        made = {p: Typed(n, k) for p, n, k in zip(node.parameters, names, kinds, strict=True)}
        inner = self.at(scope=self.level.scope.child(made))
        return inner(node.body), names

    def _aggregate(self, node: tree.Call, kind: str | None) -> Typed:
        windowed = node.over is not None
        if kind == "scalar":
            raise failed("FUNCTION_NOT_WINDOW", node.where, f"Not a window function: {node.name}")
        if windowed and self.level.windows is None:
            raise failed(
                "NESTED_WINDOW" if self.level.inside else "INVALID_WINDOW",
                node.where,
                f"{self.level.clause} cannot contain window functions",
            )
        if not windowed and kind != "window" and not self.level.aggregates:
            word = "NESTED_AGGREGATION" if self.level.inside else "EXPRESSION_NOT_SCALAR"
            raise failed(
                word,
                node.where,
                f"{self.level.clause} cannot contain aggregations, window functions or grouping operations: "
                f"[{node.name}]",
            )
        if windowed:
            inner = self.at(windows=None, clause="Window function argument")
        else:
            inner = self.at(groups=None, aggregates=False, windows=None, inside=True, clause="Aggregate argument")
        if node.star:
            if node.name != "count":
                raise failed("FUNCTION_NOT_FOUND", node.where, f"Function {node.name}(*) not registered")
            return Typed(self._decorated("count(*)", node, inner), types.BIGINT)
        match = registry.resolve(node.name, [inner._argument(a) for a in node.args], node.where, inner._lambda)
        if node.distinct:
            self._plain_key(match.args[0].type, node.where, "DISTINCT")
            if len(match.args) > 1:
                raise failed(
                    "NOT_SUPPORTED",
                    node.where,
                    f"DISTINCT with several arguments of {node.name} is not supported by this engine",
                )
        match.aggregate = lambda sql: self._decorated(sql, node, inner)
        return Typed(match.sql, match.type)

    def _plain_key(self, kind: Type, where: tree.Where, what: str) -> None:
        if any(t.base == "timestamptz" for t in types.walk(kind)):
            raise failed("NOT_SUPPORTED", where, f"{what} of {kind} is not supported by this engine")

    def _decorated(self, sql: str, node: tree.Call, inner: Expressions) -> str:
        """One DuckDB aggregate with the call's DISTINCT, ORDER BY, NULLS, FILTER and OVER."""
        if node.distinct:
            sql = sql.replace("(", "(DISTINCT ", 1)
        if node.order:
            sql = f"{sql[:-1]} ORDER BY {inner.sorted(node.order)})"
        if node.nulls == "IGNORE":
            sql = f"{sql[:-1]} IGNORE NULLS)"
        if node.filter is not None:
            sql += f" FILTER (WHERE {inner.boolean(node.filter, 'FILTER clause').sql})"
        if node.over is not None:
            sql += f" OVER ({inner.window(node.over, self.level.windows or {})})"
        return sql

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

    def window(self, window: tree.Window | str, named: dict[str, tree.Window]) -> str:
        if isinstance(window, str):
            if window not in named:
                raise failed("INVALID_WINDOW_REFERENCE", (1, 1), f"Cannot resolve WINDOW name {window}")
            return self.window(named[window], named)
        parts = [self.window(window.base, named)] if window.base else []
        if window.partition:
            keys = [self(p) for p in window.partition]
            for key in keys:
                self._plain_key(key.type, window.where, "PARTITION BY")
            parts.append("PARTITION BY " + ", ".join(k.sql for k in keys))
        if window.order:
            parts.append("ORDER BY " + self.sorted(window.order))
        if window.frame:
            kind, start, end = window.frame
            parts.append(f"{kind} BETWEEN {self._bound(start, kind)} AND {self._bound(end, kind)}")
        return " ".join(parts)

    def _bound(self, bound: tuple[str, tree.Node | None], kind: str) -> str:
        word, node = bound
        if node is None:
            return word
        value = self(node)
        if kind == "RANGE":
            raise failed("NOT_SUPPORTED", node.where, "RANGE with an offset is not supported by this engine")
        if not value.type.is_integer:
            raise failed(
                "TYPE_MISMATCH",
                node.where,
                f"Window frame {kind} value type must be exact numeric type with scale 0 (actual {value.type})",
            )
        return f"{value.sql} {word}"


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
        return Typed(f"(CASE WHEN {nulls} THEN NULL ELSE {word}({', '.join(i.sql for i in items)}) END)", kind)

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
    return self._resolved(tree.Call(node.where, unit, node.args), [value])


def _concat(self: Expressions, node: tree.Call) -> Typed:
    """Arrays are joined pairwise as || joins them; text and bytes by the registry."""
    args = [self(a) for a in node.args]
    if len(args) > 1 and any(a.type.base in ("array", "unknown") for a in args):
        made = args[0]
        for arg in args[1:]:
            made = operators.concatenate(made, arg, node.where)
        return made
    return self._resolved(node, list(args))


def _parameter(self: Expressions, node: tree.Parameter) -> Typed:
    raise failed("INVALID_PARAMETER_USAGE", node.where, "Incorrect number of parameters: a value is missing")


def _current_user(self: Expressions, node: tree.Call) -> Typed:
    raise failed("NOT_SUPPORTED", node.where, f"{node.name} is not supported by this engine")


def _format(self: Expressions, node: tree.Call) -> Typed:
    if len(node.args) < 2:
        raise failed("FUNCTION_NOT_FOUND", node.where, "Function format needs at least two arguments")
    pattern, *args = [self(a) for a in node.args]
    return sql_json.formatted(pattern, args, node.where)


_SPECIAL: dict[str, Callable[[Expressions, tree.Call], Typed]] = {
    "if": _if, "coalesce": _coalesce, "nullif": _nullif, "try": _try, "typeof": _typeof, "extract": _extract,
    "greatest": _extreme("greatest"), "least": _extreme("least"), "concat": _concat,
    "current_user": _current_user, "current_time": _current_user, "localtime": _current_user, "format": _format,
    "json_exists": sql_json.json_exists, "json_value": sql_json.json_value, "json_query": sql_json.json_query,
    "json_object": sql_json.json_object, "json_array": sql_json.json_array,
}  # fmt: skip

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


def aggregates(node: Any) -> bool:
    """Whether an aggregate without OVER, or GROUPING, stands in the expression (subqueries aside)."""
    if isinstance(node, tree.Call):
        own = registry.kind_of(node.name) == "aggregate" or (node.star and node.name == "count")
        if own and node.over is None:
            return True
    if isinstance(node, tree.Grouping):
        return True
    if isinstance(node, tree.Query):
        return False
    if isinstance(node, (list, tuple)):
        return any(aggregates(n) for n in node)
    if is_dataclass(node):
        return any(aggregates(getattr(node, f.name)) for f in fields(node))
    return False
