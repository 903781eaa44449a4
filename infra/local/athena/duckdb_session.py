"""One warm DuckDB with Trino's functions; a cursor per statement."""

from __future__ import annotations

import atexit
import re
import tempfile
from typing import Any

import duckdb

from infra.local.athena.dialect import prelude
from infra.local.athena.dialect.parser import parse_query
from infra.local.athena.dialect.relations import Relations
from infra.local.athena.dialect.rendered import Columns
from infra.local.athena.dialect.udfs import TrinoError
from infra.local.athena.errors import QueryFailed


class NoTables:
    """A catalogue without tables."""

    def find(self, parts: tuple[str, ...], version: Any, where: tuple[int, int]) -> Any:
        raise QueryFailed("TABLE_NOT_FOUND", f"line {where[0]}:{where[1]}: Table '{'.'.join(parts)}' does not exist")


_NAMES = {
    "Conversion Error": "INVALID_CAST_ARGUMENT",
    "Out of Range Error": "NUMERIC_VALUE_OUT_OF_RANGE",
    "Out of Memory Error": "EXCEEDED_LOCAL_MEMORY_LIMIT",
    "Binder Error": "NOT_SUPPORTED",
    "Not implemented Error": "NOT_SUPPORTED",
}


def translated(problem: duckdb.Error) -> QueryFailed:
    """DuckDB's error under Trino's name; errors of our own functions carry theirs."""
    message = str(problem)
    mark = TrinoError.MARK
    if found := re.search(f"{mark}(.*?){mark}(.*?){mark}", message, re.DOTALL):
        return QueryFailed(found.group(1), found.group(2))
    kind, _, rest = message.partition(": ")
    if "More than one row returned by a subquery" in rest:
        return QueryFailed("SUBQUERY_MULTIPLE_ROWS", "Scalar sub-query has returned multiple rows")
    name = _NAMES.get(kind, "GENERIC_INTERNAL_ERROR")
    if rest.startswith("Type INT128"):  # the wide result of a negation
        name = "NUMERIC_VALUE_OUT_OF_RANGE"
    category = QueryFailed.SYSTEM if name == "GENERIC_INTERNAL_ERROR" else QueryFailed.USER
    return QueryFailed(name, rest.splitlines()[0] if rest else message, category)


class Session:
    """A DuckDB database in memory, prepared once. `cursor()` gives a connection of its own to it.

    What does not fit its memory goes to a folder of its own, which is removed at the end: rows of customers stay
    nowhere.
    """

    def __init__(self, threads: int = 2, memory: str = "2GB"):
        self._spill = tempfile.TemporaryDirectory(prefix="hub-athena-")
        settings: dict[str, Any] = {"threads": threads, "memory_limit": memory, "temp_directory": self._spill.name}
        self._connection = duckdb.connect(":memory:", config=settings)
        prelude.prepare(self._connection)
        atexit.register(self.close)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()
        self._spill.cleanup()
        atexit.unregister(self.close)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        return self._connection.cursor()

    def select(self, sql: str) -> tuple[Columns, list[Any]]:
        """Runs a query that reads no table. Raises QueryFailed and BadStatement."""
        relations = Relations(NoTables())
        made = relations.query(parse_query(sql))
        cursor = self.cursor()
        try:
            return made.columns, cursor.execute(made.sql).fetchall()
        except duckdb.Error as problem:
            raise translated(problem) from None
        finally:
            cursor.close()
