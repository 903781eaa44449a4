"""Queries: from the parse tree to DuckDB text, with the names and types of the columns.

Every relation's columns are called c0, c1, ... and every relation r1, r2, ...: Trino's names live in scopes alone, so
that quoting, case, duplicates and DuckDB's own resolution rules cannot change a meaning.
"""

from __future__ import annotations

import itertools
from typing import Any

from infra.local.athena.dialect import casts, conditions, keys, operators, tree, types
from infra.local.athena.dialect.aggregation import aggregates
from infra.local.athena.dialect.expressions import Expressions, Level
from infra.local.athena.dialect.parser import parse_query
from infra.local.athena.dialect.rendered import Rendered, Scan, Tables, View
from infra.local.athena.dialect.scope import Column, Scope
from infra.local.athena.dialect.sources import Sources
from infra.local.athena.dialect.typed import Typed, failed
from infra.local.athena.dialect.types import Type


class Relations:
    """Translates queries. `scans` collects the tables that are read."""

    def __init__(self, tables: Tables):
        self.tables = tables
        self.scans: list[Scan] = []
        self.sources = Sources(self)
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
            if name in known:
                raise failed("DUPLICATE_NAMED_QUERY", query.where, f"WITH query name '{name}' specified more than once")
            made = self.query(query, outer, nested=True)
            if aliases is not None and len(aliases) != len(made.columns):
                raise failed(
                    "MISMATCHED_COLUMN_ALIASES",
                    query.where,
                    f"Column alias list has {len(aliases)} entries but WITH query has {len(made.columns)} columns",
                )
            columns = [(a, k) for a, (_, k) in zip(aliases, made.columns, strict=True)] if aliases else made.columns
            label = self.label("w")
            named.append(f"{label} AS ({made.sql})")
            known[name] = Rendered(label, columns)
        made = self._body(node, outer, not nested or node.limit is not None or node.offset is not None)
        self._ctes.pop()
        return Rendered(f"WITH {', '.join(named)} {made.sql}" if named else made.sql, made.columns)

    def view(self, view: View) -> Rendered:
        """A view's query, which sees its own database and no WITH query from outside."""
        outside, self._ctes = self._ctes, [{}]
        tables, self.tables = self.tables, view.tables
        try:
            return self.query(parse_query(view.sql), nested=True)
        finally:
            self._ctes, self.tables = outside, tables

    def cte(self, name: str) -> Rendered | None:
        """The WITH query of this name that is in sight."""
        for known in reversed(self._ctes):
            if name in known:
                return known[name]
        return None

    def label(self, letter: str) -> str:
        """A name that nothing else in the statement has."""
        return f"{letter}{next(self._numbers)}"

    def _body(self, node: tree.Query, outer: Scope | None, ordered: bool) -> Rendered:
        if isinstance(node.body, tree.Select):
            made = self._select(node.body, node.order, outer, ordered)
        else:
            made = self._term(node.body, outer)
            if node.order:
                scope = Scope([Column(n, (), Typed(f"c{i}", t)) for i, (n, t) in enumerate(made.columns)], outer)
                compiler = Expressions(self, Level(scope, "ORDER BY"))
                sorting = keys.order_by(node.order, made.columns, compiler, None, [])
                if ordered:
                    made = Rendered(f"SELECT * FROM ({made.sql}) ORDER BY {sorting}", made.columns)
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
            operators.require_plain(kinds, node.where, node.op)
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
        source, scope = ("", Scope([])) if node.relation is None else self.sources.read(node.relation, outer)
        scope = Scope(scope.columns, outer)
        plain = Expressions(self, Level(scope, "SELECT"))
        sql = f" FROM {source}" if source else ""
        if node.where_ is not None:
            sql += f" WHERE {plain.at(clause='WHERE clause').boolean(node.where_, 'WHERE clause').sql}"
            constants = Expressions(self, Level(Scope([]), "WHERE"))
            conditions.note(node.where_, scope, constants, self.scans)
        aggregated = node.groups is not None or node.having is not None
        aggregated = (
            aggregated or any(aggregates(i.expression) for i in node.items) or any(aggregates(s.key) for s in order)
        )
        groups = keys.groups(node, plain) if aggregated else None
        if node.groups is not None:
            sql += f" GROUP BY {keys.group_text(node, plain)}"
        level = Level(scope, "SELECT", groups, aggregates=aggregated, windows=node.windows)
        compiler = Expressions(self, level)
        if node.having is not None:
            sql += (
                f" HAVING {compiler.at(windows=None, clause='HAVING clause').boolean(node.having, 'HAVING clause').sql}"
            )
        items = self._items(node, compiler, scope)
        if node.distinct:
            operators.require_plain([v.type for _, v in items], node.where, "DISTINCT")
        listed = ", ".join(f"{v.sql} AS c{i}" for i, (_, v) in enumerate(items))
        made = f"SELECT {'DISTINCT ' if node.distinct else ''}{listed}{sql}"
        columns = [(n, v.type) for n, v in items]
        if order:
            sorting = keys.order_by(order, columns, compiler, node, items)
            made += f" ORDER BY {sorting}" if ordered else ""
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


def _own_name(node: tree.Node) -> str | None:
    if isinstance(node, tree.Name):
        return node.parts[-1]
    return None
