"""Simple conditions of a WHERE clause, by which files without a match are left unread."""

from __future__ import annotations

from infra.local.athena.dialect import tree
from infra.local.athena.dialect.expressions import Expressions
from infra.local.athena.dialect.rendered import Scan
from infra.local.athena.dialect.scope import Scope
from infra.local.athena.dialect.types import UnknownType
from infra.local.athena.errors import QueryFailed

_FLIPPED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def note(node: tree.Node, scope: Scope, constants: Expressions, scans: list[Scan]) -> None:
    """Adds the simple conditions on scanned tables' columns to those scans' tests."""
    if isinstance(node, tree.Binary) and node.op == "and":
        note(node.left, scope, constants, scans)
        note(node.right, scope, constants, scans)
        return
    test = _simple_test(node)
    if test is None:
        return
    name, op, values = test
    try:
        _, depth, column = scope.find(name.parts, name.where)
        consts = [constants(v).const for v in values]
    except (QueryFailed, UnknownType):  # a condition that is no constant prunes nothing
        return
    if depth == 0 and column is not None and column.scan is not None and None not in consts:
        position = int(column.value.sql.rsplit(".c", 1)[1])
        scans[column.scan].tests.append((f"c{position}", op, consts))


def _simple_test(node: tree.Node) -> tuple[tree.Name, str, list[tree.Node]] | None:
    """(column, operator, values) of a comparison of a column, the column on the left."""
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
