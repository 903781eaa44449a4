"""A SQLite file, opened read only."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from hub.sources.piece import SourceError
from hub.sources.tables import column_of


class Sqlite:
    last: Sequence[Any] = ()

    def __init__(self, url: str) -> None:
        path = Path(url.removeprefix("sqlite:///"))
        if not path.is_file():
            raise SourceError(f"the database {path.name} is not there ({url})")
        self._connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5, isolation_level=None
        )
        self._connection.text_factory = lambda data: data.decode("utf-8", "replace")
        self._run("begin", ())

    def page(self, sql: str, values: Sequence[Any]) -> pa.Table:
        cursor = self._run(sql, values)
        names = [each[0] for each in cursor.description]
        try:
            rows = cursor.fetchall()
        except sqlite3.Error as error:  # a damaged page shows when it is read
            raise SourceError(f"the database refuses to be read: {error}") from error
        self.last = [_as_json(value) for value in rows[-1]] if rows else []
        columns = [column_of(values) for values in zip(*rows, strict=True)] if rows else [pa.nulls(0) for _ in names]
        return pa.Table.from_arrays(columns, names=names)

    def scalars(self, sql: str, values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(map(_as_json, self._run(sql, values).fetchone()))

    def text(self, column: str) -> str:
        return column

    def bind(self, relation: str, columns: Sequence[str]) -> list[str]:
        return ["?"] * len(columns)

    def close(self) -> None:
        self._connection.close()

    def _run(self, sql: str, values: Sequence[Any]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, tuple(map(_from_json, values)))
        except sqlite3.Error as error:
            raise SourceError(f"the database refuses to be read: {error}") from error


def _as_json(value: Any) -> Any:
    """A value of any type that SQLite has; each sorts among its own type, so it must come back as what it was."""
    return {"blob": value.hex()} if isinstance(value, bytes) else value


def _from_json(value: Any) -> Any:
    return bytes.fromhex(value["blob"]) if isinstance(value, dict) else value
