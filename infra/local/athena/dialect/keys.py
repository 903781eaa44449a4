"""The keys of GROUP BY and ORDER BY: an expression, an output's name or its position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from infra.local.athena.dialect import operators, tree
from infra.local.athena.dialect.aggregation import aggregates
from infra.local.athena.dialect.rendered import Columns
from infra.local.athena.dialect.typed import Typed, failed

if TYPE_CHECKING:
    from infra.local.athena.dialect.expressions import Expressions


def groups(node: tree.Select, plain: Expressions) -> list[tuple[tree.Node, str]]:
    """The expressions of GROUP BY with their text."""
    found = []
    for _, sets in node.groups or []:
        for expressions in sets:
            for expression in expressions:
                key = _group_key(expression, node, plain)
                value = plain.at(clause="GROUP BY clause")(key)
                operators.require_plain([value.type], expression.where, "GROUP BY")
                found.append((key, value.sql))
    return found


def _group_key(node: tree.Node, select: tree.Select, plain: Expressions) -> tree.Node:
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


def group_text(node: tree.Select, plain: Expressions) -> str:
    """What stands after GROUP BY."""
    parts = []
    for kind, sets in node.groups or []:
        texts = [[plain(_group_key(e, node, plain)).sql for e in expressions] for expressions in sets]
        if kind == "simple":
            parts += list(texts[0]) or ["()"]
        elif kind == "sets":
            parts.append("GROUPING SETS (" + ", ".join(f"({', '.join(t)})" for t in texts) + ")")
        else:
            parts.append(f"{kind.upper()} (" + ", ".join(f"({', '.join(t)})" for t in texts) + ")")
    return ", ".join(parts)


def order_by(
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
        position = _position(sort.key, names, len(columns))
        if position is not None and columns[position][1].base == "timestamptz":
            value = items[position][1] if items else Typed(f"c{position}", columns[position][1])
            keys.append(compiler.sort_key(sort, value))
        elif position is not None:
            keys.append(compiler.sort_key(sort, Typed(str(position + 1), columns[position][1])))
        else:
            value = _aliased_order(sort.key, names, items, compiler)
            if node is not None and node.distinct and value.sql not in {v.sql for _, v in items}:
                raise failed(
                    "EXPRESSION_NOT_IN_DISTINCT",
                    sort.where,
                    "For SELECT DISTINCT, ORDER BY expressions must appear in select list",
                )
            keys.append(compiler.sort_key(sort, value))
    return ", ".join(keys)


def _aliased_order(key: tree.Node, names: list[str], items: list[Any], compiler: Expressions) -> Typed:
    """An expression of ORDER BY, in which output names go before columns."""
    if not items:
        return compiler(key)
    for name in _bare_names(key):
        if names.count(name) > 1:
            raise failed("AMBIGUOUS_NAME", key.where, f"Column '{name}' is ambiguous")
    outputs = {n: v for n, v in items if names.count(n) == 1}
    return compiler.at(scope=compiler.level.scope.child(outputs))(key)


def _bare_names(node: Any) -> Iterator[str]:
    """The names without a qualifier in an expression, subqueries aside."""
    if isinstance(node, tree.Name) and len(node.parts) == 1:
        yield node.parts[0]
    elif isinstance(node, (list, tuple)):
        for part in node:
            yield from _bare_names(part)
    elif is_dataclass(node) and not isinstance(node, tree.Query):
        for part in fields(node):
            yield from _bare_names(getattr(node, part.name))


def _position(key: tree.Node, names: list[str], count: int) -> int | None:
    if isinstance(key, tree.Literal) and key.kind == "integer":
        if not 1 <= int(key.value) <= count:
            raise failed("INVALID_COLUMN_REFERENCE", key.where, f"ORDER BY position {key.value} is not in select list")
        return int(key.value) - 1
    if isinstance(key, tree.Name) and len(key.parts) == 1 and names.count(key.parts[0]) > 1:
        raise failed("AMBIGUOUS_NAME", key.where, f"Column '{key.parts[0]}' is ambiguous")
    if isinstance(key, tree.Name) and len(key.parts) == 1 and key.parts[0] in names:
        return names.index(key.parts[0])
    return None
