"""Aggregates and window functions: where they may stand, and what DISTINCT, ORDER BY, FILTER and OVER make of them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from infra.local.athena.dialect import operators, registry, tree, types
from infra.local.athena.dialect.typed import Typed, failed

if TYPE_CHECKING:
    from infra.local.athena.dialect.expressions import Expressions


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


def aggregate(compiler: Expressions, node: tree.Call, kind: str | None) -> Typed:
    """A call of an aggregate or a window function. Raises QueryFailed where it may not stand."""
    windowed = node.over is not None
    if kind == "scalar":
        raise failed("FUNCTION_NOT_WINDOW", node.where, f"Not a window function: {node.name}")
    if windowed and compiler.level.windows is None:
        raise failed(
            "NESTED_WINDOW" if compiler.level.inside else "INVALID_WINDOW",
            node.where,
            f"{compiler.level.clause} cannot contain window functions",
        )
    if not windowed and kind != "window" and not compiler.level.aggregates:
        word = "NESTED_AGGREGATION" if compiler.level.inside else "EXPRESSION_NOT_SCALAR"
        raise failed(
            word,
            node.where,
            f"{compiler.level.clause} cannot contain aggregations, window functions or grouping operations: "
            f"[{node.name}]",
        )
    if windowed:
        inner = compiler.at(windows=None, clause="Window function argument")
    else:
        inner = compiler.at(groups=None, aggregates=False, windows=None, inside=True, clause="Aggregate argument")
    if node.star:
        if node.name != "count":
            raise failed("FUNCTION_NOT_FOUND", node.where, f"Function {node.name}(*) not registered")
        return Typed(_decorated(compiler, "count(*)", node, inner), types.BIGINT)
    match = registry.resolve(node.name, [inner.argument(a) for a in node.args], node.where, inner.lambda_)
    if node.distinct:
        operators.require_plain([match.args[0].type], node.where, "DISTINCT")
        if len(match.args) > 1:
            raise failed(
                "NOT_SUPPORTED",
                node.where,
                f"DISTINCT with several arguments of {node.name} is not supported by this engine",
            )
    match.aggregate = lambda sql: _decorated(compiler, sql, node, inner)
    return Typed(match.sql, match.type)


def _decorated(compiler: Expressions, sql: str, node: tree.Call, inner: Expressions) -> str:
    """One DuckDB aggregate with the call's DISTINCT, ORDER BY, NULLS, FILTER and OVER."""
    if node.distinct:
        sql = sql.replace("(", "(DISTINCT ", 1)
    if node.order:
        sql = f"{sql[:-1]} ORDER BY {inner.sorted(node.order)})"
    if node.nulls == "IGNORE":
        sql = f"{sql[:-1]} IGNORE NULLS)"
    if node.filter is not None:
        if node.over is not None:
            raise failed("NOT_SUPPORTED", node.where, "FILTER is not yet supported for window functions")
        sql += f" FILTER (WHERE {inner.boolean(node.filter, 'FILTER clause').sql})"
    if node.over is not None:
        sql += f" OVER ({_window(inner, node.over, compiler.level.windows or {})})"
    return sql


def _window(compiler: Expressions, window: tree.Window | str, named: dict[str, tree.Window]) -> str:
    if isinstance(window, str):
        if window not in named:
            raise failed("INVALID_WINDOW_REFERENCE", (1, 1), f"Cannot resolve WINDOW name {window}")
        return _window(compiler, named[window], named)
    parts = [_window(compiler, window.base, named)] if window.base else []
    if window.partition:
        keys = [compiler(p) for p in window.partition]
        operators.require_plain([key.type for key in keys], window.where, "PARTITION BY")
        parts.append("PARTITION BY " + ", ".join(k.sql for k in keys))
    if window.order:
        parts.append("ORDER BY " + compiler.sorted(window.order))
    if window.frame:
        kind, start, end = window.frame
        parts.append(f"{kind} BETWEEN {_bound(compiler, start, kind)} AND {_bound(compiler, end, kind)}")
    return " ".join(parts)


def _bound(compiler: Expressions, bound: tuple[str, tree.Node | None], kind: str) -> str:
    word, node = bound
    if node is None:
        return word
    value = compiler(node)
    if kind == "RANGE":
        raise failed("NOT_SUPPORTED", node.where, "RANGE with an offset is not supported by this engine")
    if not value.type.is_integer:
        raise failed(
            "TYPE_MISMATCH",
            node.where,
            f"Window frame {kind} value type must be exact numeric type with scale 0 (actual {value.type})",
        )
    return f"{value.sql} {word}"
