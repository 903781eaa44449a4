"""What a translated query is: its text, its columns, the tables that it reads and where their names lead."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from infra.local.athena.dialect import tree
from infra.local.athena.dialect.typed import Typed
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
