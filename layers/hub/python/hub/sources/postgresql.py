"""PostgreSQL through ADBC: rows arrive as Arrow columns; one REPEATABLE READ transaction that cannot write."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pyarrow as pa
from adbc_driver_manager import dbapi as adbc
from adbc_driver_postgresql import dbapi as postgresql

from hub.config.connections import SqlConnection
from hub.sources.piece import SourceError
from hub.sources.rest import secret


class PostgreSql:
    last: Sequence[Any] = ()

    def __init__(self, connection: SqlConnection) -> None:
        url = connection.url
        if connection.authentication:
            url = _with_password(url, secret(connection.authentication.secret))
        joint = "&" if "?" in url else "?"
        self._types: dict[tuple[str, str], str] = {}
        try:
            self._connection = postgresql.connect(f"{url}{joint}connect_timeout=10")
        except adbc.Error as error:
            raise SourceError(f"the database cannot be reached: {_first_line(error)}") from error
        self._cursor = self._connection.cursor()
        self._run("set transaction isolation level repeatable read, read only", ())
        self._run("set time zone 'UTC'", ())

    def page(self, sql: str, values: Sequence[Any]) -> pa.Table:
        self._run(sql, values)
        table = self._cursor.fetch_arrow_table()
        self.last = [column[-1].as_py() for column in table.columns] if len(table) else []
        return table

    def scalars(self, sql: str, values: Sequence[Any]) -> tuple[Any, ...]:
        self._run(sql, values)
        return tuple(self._cursor.fetchone())

    def text(self, column: str) -> str:
        return f"{column}::text"

    def bind(self, relation: str, columns: Sequence[str]) -> list[str]:
        return [f"${at}::text::{self._type(relation, column)}" for at, column in enumerate(columns, 1)]

    def close(self) -> None:
        self._cursor.close()
        self._connection.close()

    def _type(self, relation: str, column: str) -> str:
        """The column's type as PostgreSQL writes it: a value handed over as text then compares as the column does."""
        if (relation, column) not in self._types:
            (name,) = self.scalars(f"select pg_typeof((select {column} from {relation} limit 1))::text", ())
            self._types[relation, column] = name
        return self._types[relation, column]

    def _run(self, sql: str, values: Sequence[Any]) -> None:
        try:
            self._cursor.execute(sql, tuple(str(value) for value in values) or None)
        except adbc.Error as error:
            raise SourceError(f"the database refuses to be read: {_first_line(error)}") from error


def _with_password(url: str, password: str) -> str:
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}:{quote(password, safe='')}{at}{host}"))


def _first_line(error: Exception) -> str:
    """What the database says; without the value where it complains of one, which may be a person's."""
    told = str(error).strip().splitlines()[0]
    about_a_value = str(getattr(error, "sqlstate", "") or "").startswith("22")
    return re.sub(r'"[^"]*"', '"…"', told) if about_a_value else told
