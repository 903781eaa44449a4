"""A translated expression: DuckDB text with its Trino type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.local.athena.dialect.types import Type
from infra.local.athena.errors import QueryFailed


@dataclass(frozen=True)
class Typed:
    """`const` is the Python value when the expression is a literal, else None (NULL has type unknown)."""

    sql: str
    type: Type
    const: Any = None


def failed(name: str, where: tuple[int, int], message: str) -> QueryFailed:
    """An error of analysis, as Trino words it: NAME: line L:C: message."""
    return QueryFailed(name, f"line {where[0]}:{where[1]}: {message}")


def text(value: str) -> str:
    """A DuckDB string literal."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def fail(name: str, message: str, kind: Type) -> str:
    """DuckDB text that raises Trino's error `name` when it is evaluated; `message` is DuckDB text."""
    return f"CAST(trino_fail({text(name)}, {message}) AS {kind.duck})"
