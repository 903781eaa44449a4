"""A SQLite file, opened read only."""

import math
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from hub.config.connections import SqlConnection
from hub.sources.database import Page, at_most, refused, rows_beyond
from hub.sources.piece import SourceError
from hub.sources.tables import column_of

SIGNS = {
    "interrupted": "time-out",
    "no such table": "table",
    "no such column": "column",
    "database is locked": "lock",
    "attempt to write": "writes",
    "near ": "syntax",
    "incomplete input": "syntax",
    "file is not": "no database",
    "database disk image": "damaged",
}
STEPS = 10_000  # of SQLite's machine between two looks at the clock


class Sqlite:
    is_still = True

    def __init__(self, connection: SqlConnection) -> None:
        path = Path(connection.url.removeprefix("sqlite:///"))
        if not path.is_file():
            raise SourceError(
                f"the database {path.name} is not there ({connection.url}); correct `url`, or put the file there"
            )
        self._connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro",
            uri=True,
            timeout=5,
            isolation_level=None,
            check_same_thread=False,  # a range is read by one thread after another, never by two at once
        )
        self._connection.text_factory = lambda data: data.decode("utf-8", "replace")
        self._seconds, self._until = connection.statement_timeout.total_seconds(), math.inf
        self._connection.set_progress_handler(lambda: time.monotonic() > self._until, STEPS)
        self._run("begin")

    def columns(self, relation: str) -> list[str]:
        return self._run(f"select * from {relation} limit 0")[0]

    def page(
        self, columns: Sequence[str], keys: Sequence[str], relation: str, rest: str, most: int | None = None
    ) -> Page:
        names, rows = self._run(f"select {', '.join([*columns, *keys])} from {relation}{rest}{at_most(most)}")
        values = [list(each) for each in zip(*rows, strict=True)] if rows else [[] for _ in names]
        own = len(columns)
        table = pa.Table.from_arrays([column_of(each) for each in values[:own]], names=names[:own])
        return Page(table, lambda at: [_as_json(value) for value in rows[at][own:]])

    def counts(self, sql: str) -> list[int]:
        return [value or 0 for value in self._run(sql)[1][0]]

    def highest(self, column: str, relation: str) -> Any:
        return _as_json(self._run(f"select max({column}) from {relation}")[1][0][0])

    def literal(self, relation: str, column: str, mark: Any) -> str:
        """As SQLite writes it; each value sorts among its own type, so it must come back as what it was."""
        if isinstance(mark, dict):
            return f"x'{mark['blob']}'"
        if isinstance(mark, float):
            return f"{'-' if mark < 0 else ''}9e999" if math.isinf(mark) else repr(mark)
        if isinstance(mark, int):
            return str(mark)
        text = str(mark)
        return f"cast(x'{text.encode().hex()}' as text)" if "\0" in text else "'" + text.replace("'", "''") + "'"

    def beyond(self, columns: Sequence[str], literals: Sequence[str]) -> str:
        return rows_beyond(columns, literals)

    def snapshot(self) -> str | None:
        return None

    def close(self) -> None:
        self._connection.close()

    def _run(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The names of the columns and all rows."""
        self._until = time.monotonic() + self._seconds
        try:
            cursor = self._connection.execute(sql)
            # A damaged page shows when it is read.
            return [each[0] for each in cursor.description or ()], cursor.fetchall()
        except sqlite3.Error as error:
            told = str(error)
            kind = next((kind for sign, kind in SIGNS.items() if told.startswith(sign)), None)
            # What SQLite says of a statement holds names of tables and columns, and nothing of a row.
            raise (
                refused(kind, told)
                if kind
                else SourceError(f"the database refuses to be read: {told}; try `query` there")
            ) from error


def _as_json(value: Any) -> Any:
    return {"blob": value.hex()} if isinstance(value, bytes) else value
