"""What the sql connector wants of a database, whichever it is, and what it says when one refuses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from hub.config import SqlSource
from hub.sources.piece import SourceError

Mark = list[Any]  # the values of a row's key, as JSON can hold them
CUT = "the connection to the database was cut; start the pull again, it goes on behind what it has"
KINDS = {
    "sign-in": "the database refuses the sign-in; check the user in `url` and the secret",
    "database": "there is no such database on the server; correct `url`",
    "table": "the database has no such table; correct `table` or `query`",
    "column": "the database has no such column; correct the columns, the keys, `filter` or `query`",
    "rights": "the database refuses to be read: the user has no right to it; ask its owner to grant SELECT",
    "writes": "the database refuses to be read by what would write; correct `query` or `filter`",
    "syntax": "the database does not understand `query` or `filter`; try it there",
    "time-out": "the database took longer for one statement than `statement_timeout`; lower `rows`, or give the "
    "business key and the change column an index",
    "lock": "the database waits for somebody who has locked the table; start the pull again later",
    "cut": CUT,
    "stops": "the database is being stopped or started; start the pull again later",
    "full": "the database has no connection left; lower `parallel`, or let it have more",
    "value": "the database cannot work out a value; correct `query` or `filter`",
    "no database": "the file is no database; correct `url`",
    "damaged": "the database is damaged; put a sound copy there",
    "snapshot": "the database does not share its snapshot; take `parallel` out",
    "changed": "the table was altered while it was read; start the pull again",
}


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the order of the key. mark: what leads back to the row at a position.

    tie: what is the same for rows whose keys the database takes for the same; without it the database is asked.
    """

    rows: pa.Table
    mark: Callable[[int], Mark]
    tie: Callable[[int], Any] | None = None


class Database(Protocol):
    """One snapshot of a database.

    A relation is what stands behind FROM, a column is quoted. Marks are made by `page` and `highest` alone.
    is_still: whether all that is read is of that snapshot; without one others may write between two pages.
    """

    is_still: bool

    def columns(self, relation: str) -> list[str]:
        """The names of a relation's columns."""

    def page(
        self, columns: Sequence[str], keys: Sequence[str], relation: str, rest: str, most: int | None = None
    ) -> Page:
        """SELECT columns FROM relation, the rest of the statement, and no more rows than `most`."""

    def counts(self, sql: str) -> list[int]:
        """The numbers of a SELECT's single row; nothing counts as none."""

    def highest(self, column: str, relation: str) -> Any:
        """The mark of a column's highest value, None where it has none."""

    def literal(self, relation: str, column: str, mark: Any) -> str:
        """A mark as SQL that compares with the column as the column does with itself."""

    def beyond(self, columns: Sequence[str], literals: Sequence[str]) -> str:
        """The condition for rows that come after a mark."""

    def snapshot(self) -> str | None:
        """What another connection is told to see the same; None where it cannot be told."""

    def close(self) -> None: ...


def connect(source: SqlSource, snapshot: str | None = None) -> Database:
    """A read-only snapshot; SourceError where the database cannot be reached."""
    scheme = source.connection.url.partition(":")[0]
    if scheme == "sqlite":
        from hub.sources.sqlite import Sqlite

        return Sqlite(source.connection)
    if scheme == "postgresql":
        from hub.sources.postgresql import PostgreSql

        return PostgreSql(source.connection, snapshot)
    if scheme == "sqlserver":
        from hub.sources.sqlserver import SqlServer

        return SqlServer(source.connection)
    from hub.sources.mysql import MySql

    return MySql(source.connection)


def refused(kind: str, told: str = "") -> SourceError:
    """What to say of a refusal; told: what the database says of it, where that names tables and columns alone."""
    return SourceError(f"{KINDS[kind]} ({told})" if told else KINDS[kind])


def quoted(name: str) -> str:
    """An identifier as standard SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def at_most(most: int | None) -> str:
    """The end of a statement that is to give no more rows, as most databases write it."""
    return "" if most is None else f" limit {most}"


def rows_beyond(columns: Sequence[str], literals: Sequence[str]) -> str:
    """By comparing whole rows, where a database uses an index for it."""
    return f"({', '.join(columns)}) > ({', '.join(literals)})"


def columns_beyond(columns: Sequence[str], literals: Sequence[str]) -> str:
    """Column by column, where a database does not."""
    ways = []
    for at, (column, literal) in enumerate(zip(columns, literals, strict=True)):
        same = [f"{each} = {value}" for each, value in zip(columns[:at], literals[:at], strict=True)]
        ways.append(" and ".join([*same, f"{column} > {literal}"]))
    return f"({' or '.join(f'({way})' for way in ways)})"
