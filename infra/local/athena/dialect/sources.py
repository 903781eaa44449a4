"""FROM: tables, views, joins, UNNEST and subqueries as DuckDB text, with the columns that they bring into scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.local.athena.dialect import casts, operators, tree, types
from infra.local.athena.dialect.expressions import Expressions, Level
from infra.local.athena.dialect.rendered import Columns, Scan, View
from infra.local.athena.dialect.scope import Column, Scope
from infra.local.athena.dialect.typed import Typed, failed
from infra.local.athena.dialect.types import Type

if TYPE_CHECKING:
    from infra.local.athena.dialect.relations import Relations


class Sources:
    """Translates the FROM clauses of one statement's queries."""

    def __init__(self, relations: Relations):
        self._relations = relations

    def read(self, node: tree.Node, outer: Scope | None) -> tuple[str, Scope]:
        """What stands after FROM, and the columns that can then be named."""
        if isinstance(node, tree.Join):
            return self._join(node, outer)
        if isinstance(node, tree.Aliased):
            return self._aliased(node, outer)
        if isinstance(node, tree.Table):
            return self._table(node)
        if isinstance(node, tree.Derived):
            made = self._relations.query(node.query, outer, nested=True)
            return self._named(f"({made.sql})", made.columns, (), "LATERAL " if node.lateral else "")
        if isinstance(node, tree.Unnest):
            return self._unnest(node, outer, None)
        raise failed("NOT_SUPPORTED", node.where, f"{type(node).__name__} is not supported by this engine")

    def _named(
        self, body: str, columns: Columns, qualifier: tuple[str, ...], word: str = "", scan: int | None = None
    ) -> tuple[str, Scope]:
        label = self._relations.label("r")
        found = [Column(n, qualifier, Typed(f"{label}.c{i}", t), scan) for i, (n, t) in enumerate(columns)]
        return f"{word}{body} {label}", Scope(found)

    def _table(self, node: tree.Table) -> tuple[str, Scope]:
        if len(node.parts) == 1 and (cte := self._relations.cte(node.parts[0])) is not None:
            if node.version is not None:
                raise failed("NOT_SUPPORTED", node.where, "a version of a WITH query is not supported")
            return self._named(cte.sql, cte.columns, node.parts)
        qualifier = node.parts[-2:] if len(node.parts) > 1 else node.parts
        found = self._relations.tables.find(node.parts, self._version(node), node.where)
        if isinstance(found, View):
            made = self._relations.view(found)
            return self._named(f"({made.sql})", made.columns, qualifier)
        handle, columns = found
        scan = Scan(f"⟦scan{len(self._relations.scans)}⟧", handle)
        self._relations.scans.append(scan)
        return self._named(scan.marker, columns, qualifier, scan=len(self._relations.scans) - 1)

    def _version(self, node: tree.Table) -> tuple[str, Typed] | None:
        if node.version is None:
            return None
        return node.version[0], Expressions(self._relations, Level(Scope(), "FOR clause"))(node.version[1])

    def _aliased(self, node: tree.Aliased, outer: Scope | None) -> tuple[str, Scope]:
        if isinstance(node.relation, tree.Unnest):
            sql, scope = self._unnest(node.relation, outer, node.columns)
        else:
            sql, scope = self.read(node.relation, outer)
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
        left, scope = self.read(node.left, outer)
        seen = Scope(scope.columns, outer)
        right, other = self.read(node.right, seen if self._lateral(node.right) else outer)
        both = Scope(scope.columns + other.columns, outer)
        if node.kind == "CROSS":
            return f"{left} CROSS JOIN {right}", both
        if node.using is not None:
            return self._using(node, left, scope, right, other)
        assert node.on is not None
        on = Expressions(self._relations, Level(both, "JOIN clause")).boolean(node.on, "JOIN ON clause")
        return f"{left} {node.kind} JOIN {right} ON {on.sql}", both

    def _lateral(self, node: tree.Node) -> bool:
        inner = node.relation if isinstance(node, tree.Aliased) else node
        return isinstance(inner, tree.Unnest) or (isinstance(inner, tree.Derived) and inner.lateral)

    def _using(self, node: tree.Join, left: str, scope: Scope, right: str, other: Scope) -> tuple[str, Scope]:
        """USING columns come first, once, and cannot be named by a relation afterwards."""
        tests, shared = [], []
        for name in node.using or []:
            a, b = (s.find((name,), node.where)[0] for s in (scope, other))
            tests.append(operators.compare("=", a, b, node.where).sql)
            values, kind = casts.unify([a, b], node.where, "USING columns")
            shared.append(Column(name, (), Typed(f"coalesce({values[0].sql}, {values[1].sql})", kind)))
        rest = [c for c in scope.columns + other.columns if c.name not in (node.using or [])]
        return f"{left} {node.kind} JOIN {right} ON {' AND '.join(tests)}", Scope(shared + rest)

    def _unnest(self, node: tree.Unnest, outer: Scope | None, names: list[str] | None) -> tuple[str, Scope]:
        compiler = Expressions(self._relations, Level(Scope([], outer), "UNNEST"))
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
