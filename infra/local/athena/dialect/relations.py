"""Queries and relations: from the parse tree to DuckDB text, with the names and types of the columns.

Every relation's columns are called c0, c1, ... and every relation r1, r2, ...: Trino's names live in scopes alone, so
that quoting, case, duplicates and DuckDB's own resolution rules cannot change a meaning.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any, Protocol

from infra.local.athena.dialect import casts, tree, types
from infra.local.athena.dialect.expressions import Expressions, Level, aggregates
from infra.local.athena.dialect.parser import parse_query
from infra.local.athena.dialect.scope import Column, Scope
from infra.local.athena.dialect.typed import Typed, failed
from infra.local.athena.dialect.types import Type

Columns = list[tuple[str, Type]]


@dataclass
class Rendered:
    """A query's DuckDB text; its columns are c0, c1, ... in this order."""

    sql: str
    columns: Columns


@dataclass
class Scan:
    """A table to be read. `marker` stands in the text until the files are known; `tests` are simple conditions
    (column, operator, Python values) that every wanted row meets."""

    marker: str
    handle: Any
    tests: list[tuple[str, str, list[Any]]] = field(default_factory=list)


class Tables(Protocol):
    """Where table names lead."""

    def find(
        self, parts: tuple[str, ...], version: tuple[str, Typed] | None, where: tree.Where
    ) -> tuple[Any, Columns] | View:
        """A handle and the columns of a table, or the view of this name. Raises QueryFailed."""
        ...


@dataclass
class View:
    """A view's text and where its own names lead."""

    sql: str
    tables: Tables


class Relations:
    """Translates queries. `scans` collects the tables that are read."""

    def __init__(self, tables: Tables):
        self.tables = tables
        self.scans: list[Scan] = []
        self._numbers = itertools.count(1)
        self._ctes: list[dict[str, Rendered | None]] = [{}]

    def query(self, node: tree.Query, outer: Scope | None = None, nested: bool = False) -> Rendered:
        """The whole query with its WITH clause. A nested one keeps its ORDER BY only for its LIMIT, as in Trino."""
        if node.recursive:
            raise failed("NOT_SUPPORTED", node.where, "WITH RECURSIVE is not supported by this engine")
        known: dict[str, Any] = {}
        self._ctes.append(known)
        named = []
        for name, aliases, query in node.ctes:
            made = self.query(query, outer, nested=True)
            if aliases is not None and len(aliases) != len(made.columns):
                raise failed(
                    "MISMATCHED_COLUMN_ALIASES",
                    query.where,
                    f"Column alias list has {len(aliases)} entries but WITH query has {len(made.columns)} columns",
                )
            columns = [(a, k) for a, (_, k) in zip(aliases, made.columns, strict=True)] if aliases else made.columns
            label = f"w{next(self._numbers)}"
            named.append(f"{label} AS ({made.sql})")
            known[name] = Rendered(label, columns)
        made = self._body(node, outer, not nested or node.limit is not None or node.offset is not None)
        self._ctes.pop()
        return Rendered(f"WITH {', '.join(named)} {made.sql}" if named else made.sql, made.columns)

    def _body(self, node: tree.Query, outer: Scope | None, ordered: bool) -> Rendered:
        if isinstance(node.body, tree.Select):
            made = self._select(node.body, node.order, outer, ordered)
        else:
            made = self._term(node.body, outer)
            if node.order:
                scope = Scope([Column(n, (), Typed(f"c{i}", t)) for i, (n, t) in enumerate(made.columns)], outer)
                keys = self._order(node.order, made.columns, Expressions(self, Level(scope, "ORDER BY")), None, [])
                if ordered:
                    made = Rendered(f"SELECT * FROM ({made.sql}) ORDER BY {keys}", made.columns)
        if node.limit is not None:
            made.sql += f" LIMIT {node.limit}"
        if node.offset is not None:
            made.sql += f" OFFSET {node.offset}"
        return made

    def _term(self, node: tree.Node, outer: Scope | None) -> Rendered:
        if isinstance(node, tree.Select):
            return self._select(node, [], outer, ordered=False)
        if isinstance(node, tree.Query):
            made = self.query(node, outer, nested=True)
            return Rendered(f"SELECT * FROM ({made.sql})", made.columns)
        if isinstance(node, tree.Values):
            return self._values(node, outer)
        assert isinstance(node, tree.SetOperation)
        return self._set_operation(node, outer)

    def _set_operation(self, node: tree.SetOperation, outer: Scope | None) -> Rendered:
        left, right = self._term(node.left, outer), self._term(node.right, outer)
        if len(left.columns) != len(right.columns):
            raise failed(
                "TYPE_MISMATCH",
                node.where,
                f"{node.op} query has different number of fields: {len(left.columns)}, {len(right.columns)}",
            )
        kinds: list[Type] = []
        for i, ((_, a), (_, b)) in enumerate(zip(left.columns, right.columns, strict=True), 1):
            both = types.common(a, b)
            if both is None:
                raise failed(
                    "TYPE_MISMATCH", node.where, f"column {i} in {node.op} query has incompatible types: {a}, {b}"
                )
            kinds.append(both)
        if not (node.all and node.op == "UNION"):
            self._comparable(kinds, node.where, node.op)
        word = f"{node.op} ALL" if node.all else node.op
        sql = f"SELECT * FROM ({self._as(left, kinds)}) {word} SELECT * FROM ({self._as(right, kinds)})"
        return Rendered(sql, [(n, k) for (n, _), k in zip(left.columns, kinds, strict=True)])

    def _as(self, made: Rendered, kinds: list[Type]) -> str:
        """The query with its columns coerced."""
        if [k for _, k in made.columns] == kinds:
            return made.sql
        items = [
            f"{casts.coerce(Typed(f'c{i}', old), new).sql} AS c{i}"
            for i, ((_, old), new) in enumerate(zip(made.columns, kinds, strict=True))
        ]
        return f"SELECT {', '.join(items)} FROM ({made.sql})"

    def _comparable(self, kinds: list[Type], where: tree.Where, what: str) -> None:
        for kind in kinds:
            if any(t.base == "timestamptz" for t in types.walk(kind)):
                raise failed("NOT_SUPPORTED", where, f"{what} of {kind} is not supported by this engine")

    def _values(self, node: tree.Values, outer: Scope | None) -> Rendered:
        compiler = Expressions(self, Level(Scope([], outer), "VALUES"))
        rows = [[compiler(i) for i in (r.items if isinstance(r, tree.Row) else [r])] for r in node.rows]
        if len({len(r) for r in rows}) != 1:
            raise failed("TYPE_MISMATCH", node.where, "Values rows have mismatched sizes")
        columns = [casts.unify([r[i] for r in rows], node.where, "Values rows") for i in range(len(rows[0]))]
        lines = (", ".join(c[0][n].sql for c in columns) for n in range(len(rows)))
        names = ", ".join(f"c{i}" for i in range(len(columns)))
        body = ", ".join(f"({line})" for line in lines)
        return Rendered(
            f"SELECT * FROM (VALUES {body}) v({names})", [(f"_col{i}", c[1]) for i, c in enumerate(columns)]
        )

    # ---------- SELECT

    def _select(self, node: tree.Select, order: list[tree.Sort], outer: Scope | None, ordered: bool) -> Rendered:
        source, scope = ("", Scope([])) if node.relation is None else self._from(node.relation, outer)
        scope = Scope(scope.columns, outer)
        plain = Expressions(self, Level(scope, "SELECT"))
        sql = f" FROM {source}" if source else ""
        if node.where_ is not None:
            sql += f" WHERE {plain.at(clause='WHERE clause').boolean(node.where_, 'WHERE clause').sql}"
            self._prune(node.where_, scope)
        aggregated = node.groups is not None or node.having is not None
        aggregated = (
            aggregated or any(aggregates(i.expression) for i in node.items) or any(aggregates(s.key) for s in order)
        )
        groups = self._groups(node, plain) if aggregated else None
        if node.groups is not None:
            sql += f" GROUP BY {self._group_text(node, plain)}"
        level = Level(scope, "SELECT", groups, aggregates=aggregated, windows=node.windows)
        compiler = Expressions(self, level)
        if node.having is not None:
            sql += (
                f" HAVING {compiler.at(windows=None, clause='HAVING clause').boolean(node.having, 'HAVING clause').sql}"
            )
        items = self._items(node, compiler, scope)
        if node.distinct:
            self._comparable([v.type for _, v in items], node.where, "DISTINCT")
        listed = ", ".join(f"{v.sql} AS c{i}" for i, (_, v) in enumerate(items))
        made = f"SELECT {'DISTINCT ' if node.distinct else ''}{listed}{sql}"
        columns = [(n, v.type) for n, v in items]
        if order:
            keys = self._order(order, columns, compiler, node, items)
            made += f" ORDER BY {keys}" if ordered else ""
        return Rendered(made, columns)

    def _items(self, node: tree.Select, compiler: Expressions, scope: Scope) -> list[tuple[str, Typed]]:
        items: list[tuple[str, Typed]] = []
        for item in node.items:
            if item.expression is None:
                if node.relation is None:
                    raise failed("COLUMN_NOT_FOUND", item.where, "SELECT * not allowed in queries without FROM clause")
                items += self._star(item, compiler, scope)
                continue
            value = compiler(item.expression)
            named = item.alias or _own_name(item.expression)
            items.append((named if named is not None else f"_col{len(items)}", value))
        return items

    def _star(self, item: tree.Item, compiler: Expressions, scope: Scope) -> list[tuple[str, Typed]]:
        prefix = item.prefix
        found = [c for c in scope.columns if prefix is None or c.qualifier[-len(prefix) :] == prefix]
        if not found:
            raise failed("TABLE_NOT_FOUND", item.where, f"Unable to resolve reference {'.'.join(prefix or ())}")
        known = {sql for _, sql in compiler.level.groups} if compiler.level.groups is not None else None
        for column in found:
            if known is not None and column.value.sql not in known:
                raise failed(
                    "EXPRESSION_NOT_AGGREGATE",
                    item.where,
                    f"Column '{column.name}' must be an aggregate expression or appear in GROUP BY clause",
                )
        return [(c.name or f"_col{i}", c.value) for i, c in enumerate(found)]

    def _groups(self, node: tree.Select, plain: Expressions) -> list[tuple[tree.Node, str]]:
        found = []
        for _, sets in node.groups or []:
            for expressions in sets:
                for expression in expressions:
                    key = self._group_key(expression, node, plain)
                    value = plain.at(clause="GROUP BY clause")(key)
                    self._comparable([value.type], expression.where, "GROUP BY")
                    found.append((key, value.sql))
        return found

    def _group_key(self, node: tree.Node, select: tree.Select, plain: Expressions) -> tree.Node:
        """An ordinal stands for its select item."""
        if not (isinstance(node, tree.Literal) and node.kind == "integer"):
            return node
        position = int(node.value)
        if not 1 <= position <= len(select.items):
            raise failed("INVALID_COLUMN_REFERENCE", node.where, f"GROUP BY position {position} is not in select list")
        items = select.items[:position]
        if any(i.expression is None for i in items):
            raise failed("NOT_SUPPORTED", node.where, "GROUP BY position after * is not supported by this engine")
        expression = items[-1].expression
        assert expression is not None
        if aggregates(expression):
            raise failed("EXPRESSION_NOT_SCALAR", node.where, "GROUP BY clause cannot contain aggregations")
        return expression

    def _group_text(self, node: tree.Select, plain: Expressions) -> str:
        parts = []
        for kind, sets in node.groups or []:
            texts = [[plain(self._group_key(e, node, plain)).sql for e in expressions] for expressions in sets]
            if kind == "simple":
                parts += list(texts[0]) or ["()"]
            elif kind == "sets":
                parts.append("GROUPING SETS (" + ", ".join(f"({', '.join(t)})" for t in texts) + ")")
            else:
                parts.append(f"{kind.upper()} (" + ", ".join(f"({', '.join(t)})" for t in texts) + ")")
        return ", ".join(parts)

    def _order(
        self,
        order: list[tree.Sort],
        columns: Columns,
        compiler: Expressions,
        node: tree.Select | None,
        items: list[Any],
    ) -> str:
        """ORDER BY: a position, an output name, or (of a plain select) any expression."""
        keys = []
        names = [n for n, _ in columns]
        for sort in order:
            position = self._position(sort.key, names, len(columns))
            if position is not None and columns[position][1].base == "timestamptz":
                value = items[position][1] if items else Typed(f"c{position}", columns[position][1])
                keys.append(compiler.sort_key(sort, value))
            elif position is not None:
                keys.append(compiler.sort_key(sort, Typed(str(position + 1), columns[position][1])))
            else:
                value = self._aliased_order(sort.key, names, items, compiler)
                if node is not None and node.distinct and value.sql not in {v.sql for _, v in items}:
                    raise failed(
                        "EXPRESSION_NOT_IN_DISTINCT",
                        sort.where,
                        "For SELECT DISTINCT, ORDER BY expressions must appear in select list",
                    )
                keys.append(compiler.sort_key(sort, value))
        return ", ".join(keys)

    def _aliased_order(self, key: tree.Node, names: list[str], items: list[Any], compiler: Expressions) -> Typed:
        """An expression of ORDER BY, in which output names go before columns."""
        if not items:
            return compiler(key)
        outputs = {n: v for n, v in items if names.count(n) == 1}
        return compiler.at(scope=compiler.level.scope.child(outputs))(key)

    def _position(self, key: tree.Node, names: list[str], count: int) -> int | None:
        if isinstance(key, tree.Literal) and key.kind == "integer":
            if not 1 <= int(key.value) <= count:
                raise failed(
                    "INVALID_COLUMN_REFERENCE", key.where, f"ORDER BY position {key.value} is not in select list"
                )
            return int(key.value) - 1
        if isinstance(key, tree.Name) and len(key.parts) == 1 and names.count(key.parts[0]) == 1:
            return names.index(key.parts[0])
        return None

    # ---------- FROM

    def _from(self, node: tree.Node, outer: Scope | None) -> tuple[str, Scope]:
        if isinstance(node, tree.Join):
            return self._join(node, outer)
        if isinstance(node, tree.Aliased):
            return self._aliased(node, outer)
        if isinstance(node, tree.Table):
            return self._table(node)
        if isinstance(node, tree.Derived):
            made = self.query(node.query, outer, nested=True)
            return self._named(f"({made.sql})", made.columns, (), "LATERAL " if node.lateral else "")
        if isinstance(node, tree.Unnest):
            return self._unnest(node, outer, None)
        raise failed("NOT_SUPPORTED", node.where, f"{type(node).__name__} is not supported by this engine")

    def _named(
        self, body: str, columns: Columns, qualifier: tuple[str, ...], word: str = "", scan: int | None = None
    ) -> tuple[str, Scope]:
        label = f"r{next(self._numbers)}"
        found = [Column(n, qualifier, Typed(f"{label}.c{i}", t), scan) for i, (n, t) in enumerate(columns)]
        return f"{word}{body} {label}", Scope(found)

    def _table(self, node: tree.Table) -> tuple[str, Scope]:
        if len(node.parts) == 1 and (cte := self._cte(node.parts[0])) is not None:
            if node.version is not None:
                raise failed("NOT_SUPPORTED", node.where, "a version of a WITH query is not supported")
            return self._named(cte.sql, cte.columns, node.parts)
        qualifier = node.parts[-2:] if len(node.parts) > 1 else node.parts
        found = self.tables.find(node.parts, self._version(node), node.where)
        if isinstance(found, View):
            made = self._view(found)
            return self._named(f"({made.sql})", made.columns, qualifier)
        handle, columns = found
        scan = Scan(f"⟦scan{len(self.scans)}⟧", handle)
        self.scans.append(scan)
        return self._named(scan.marker, columns, qualifier, scan=len(self.scans) - 1)

    def _view(self, view: View) -> Rendered:
        """A view's query, which sees its own database and no WITH query from outside."""
        outside, self._ctes = self._ctes, [{}]
        tables, self.tables = self.tables, view.tables
        try:
            return self.query(parse_query(view.sql), nested=True)
        finally:
            self._ctes, self.tables = outside, tables

    def _cte(self, name: str) -> Rendered | None:
        for known in reversed(self._ctes):
            if name in known:
                return known[name]
        return None

    def _version(self, node: tree.Table) -> tuple[str, Typed] | None:
        if node.version is None:
            return None
        return node.version[0], Expressions(self, Level(Scope(), "FOR clause"))(node.version[1])

    def _aliased(self, node: tree.Aliased, outer: Scope | None) -> tuple[str, Scope]:
        if isinstance(node.relation, tree.Unnest):
            sql, scope = self._unnest(node.relation, outer, node.columns)
        else:
            sql, scope = self._from(node.relation, outer)
        names: list[str | None] = [*node.columns] if node.columns else [c.name for c in scope.columns]
        if len(names) != len(scope.columns):
            raise failed(
                "MISMATCHED_COLUMN_ALIASES",
                node.where,
                f"Column alias list has {len(names)} entries but '{node.name}' has {len(scope.columns)} columns "
                f"available",
            )
        columns = [Column(n, (node.name,), c.value, c.scan) for n, c in zip(names, scope.columns, strict=True)]
        return sql, Scope(columns)

    def _join(self, node: tree.Join, outer: Scope | None) -> tuple[str, Scope]:
        left, scope = self._from(node.left, outer)
        seen = Scope(scope.columns, outer)
        right, other = self._from(node.right, seen if self._lateral(node.right) else outer)
        both = Scope(scope.columns + other.columns, outer)
        if node.kind == "CROSS":
            return f"{left} CROSS JOIN {right}", both
        if node.using is not None:
            return self._using(node, left, scope, right, other)
        assert node.on is not None
        on = Expressions(self, Level(both, "JOIN clause")).boolean(node.on, "JOIN ON clause")
        return f"{left} {node.kind} JOIN {right} ON {on.sql}", both

    def _lateral(self, node: tree.Node) -> bool:
        inner = node.relation if isinstance(node, tree.Aliased) else node
        return isinstance(inner, tree.Unnest) or (isinstance(inner, tree.Derived) and inner.lateral)

    def _using(self, node: tree.Join, left: str, scope: Scope, right: str, other: Scope) -> tuple[str, Scope]:
        """USING columns come first, once, and cannot be named by a relation afterwards."""
        from infra.local.athena.dialect.operators import compare

        tests, shared = [], []
        for name in node.using or []:
            a, b = (s.find((name,), node.where)[0] for s in (scope, other))
            tests.append(compare("=", a, b, node.where).sql)
            values, kind = casts.unify([a, b], node.where, "USING columns")
            shared.append(Column(name, (), Typed(f"coalesce({values[0].sql}, {values[1].sql})", kind)))
        rest = [c for c in scope.columns + other.columns if c.name not in (node.using or [])]
        return f"{left} {node.kind} JOIN {right} ON {' AND '.join(tests)}", Scope(shared + rest)

    def _unnest(self, node: tree.Unnest, outer: Scope | None, names: list[str] | None) -> tuple[str, Scope]:
        compiler = Expressions(self, Level(Scope([], outer), "UNNEST"))
        lists: list[str] = []
        outputs: list[tuple[int, str, Type]] = []  # which list, how to read an element, its type
        for i, item in enumerate(node.items):
            value = compiler(item)
            if value.type.base == "map":
                lists.append(f"map_entries({value.sql})")
                outputs += [(i, ".key", value.type.inner[0]), (i, ".value", value.type.inner[1])]
            elif value.type.base == "array" and value.type.element.base == "row":
                lists.append(value.sql)
                element = value.type.element
                outputs += [(i, f'."{k}"', t) for k, t in zip(element.keys, element.inner, strict=True)]
            elif value.type.base == "array":
                lists.append(value.sql)
                outputs.append((i, "", value.type.element))
            else:
                raise failed("TYPE_MISMATCH", item.where, f"Cannot unnest type: {value.type}")
        size = f"greatest({', '.join(f'coalesce(len({x}), 0)' for x in lists)}, 0)"
        items = [f"({lists[i]}[n_]){part} AS c{at}" for at, (i, part, _) in enumerate(outputs)]
        columns: Columns = [(f"_col{at}", kind) for at, (_, _, kind) in enumerate(outputs)]
        if node.ordinality:
            items.append(f"n_ AS c{len(items)}")
            columns.append(("ordinality", types.BIGINT))
        body = f"(SELECT {', '.join(items)} FROM (SELECT unnest(range(1, {size} + 1)) AS n_))"
        return self._named(body, columns, (), "LATERAL ")

    # ---------- pruning

    def _prune(self, node: tree.Node, scope: Scope) -> None:
        """Notes simple conditions on the columns of scanned tables, so that files without a match are not read."""
        if isinstance(node, tree.Binary) and node.op == "and":
            self._prune(node.left, scope)
            self._prune(node.right, scope)
            return
        test = _simple_test(node)
        if test is None:
            return
        name, op, values = test
        compiler = Expressions(self, Level(Scope([]), "WHERE"))
        try:
            _, depth, column = scope.find(name.parts, name.where)
            consts = [compiler(v).const for v in values]
        except Exception:  # noqa: BLE001  (a condition that is no constant prunes nothing)
            return
        if depth == 0 and column is not None and column.scan is not None and None not in consts:
            position = int(column.value.sql.rsplit(".c", 1)[1])
            self.scans[column.scan].tests.append((f"c{position}", op, consts))


_FLIPPED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _simple_test(node: tree.Node) -> tuple[tree.Name, str, list[tree.Node]] | None:
    if isinstance(node, tree.Binary) and node.op in _FLIPPED:
        if isinstance(node.left, tree.Name):
            return node.left, node.op, [node.right]
        if isinstance(node.right, tree.Name):
            return node.right, _FLIPPED[node.op], [node.left]
    if isinstance(node, tree.In) and isinstance(node.operand, tree.Name) and isinstance(node.items, list):
        return node.operand, "in", node.items
    if isinstance(node, tree.Between) and isinstance(node.operand, tree.Name):
        return node.operand, "between", [node.low, node.high]
    return None


def _own_name(node: tree.Node) -> str | None:
    if isinstance(node, tree.Name):
        return node.parts[-1]
    return node.name if isinstance(node, tree.Field) else None
