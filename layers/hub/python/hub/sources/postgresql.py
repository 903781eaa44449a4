"""PostgreSQL through ADBC: rows arrive as Arrow columns; one REPEATABLE READ transaction that cannot write."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import pyarrow as pa
from adbc_driver_manager import dbapi as adbc
from adbc_driver_postgresql import dbapi as postgresql

from hub.config.connections import SqlConnection
from hub.sources.database import CUT, Page, at_most, quoted, refused, rows_beyond
from hub.sources.piece import SourceError
from hub.sources.remote import CONNECTING, Remote
from hub.sources.rest import secret

# Classes and codes of SQLSTATE; the longest that fits counts.
STATES = {
    "28": "sign-in",
    "3D000": "database",
    "42P01": "table",
    "3F000": "table",
    "42703": "column",
    "42501": "rights",
    "25006": "writes",
    "42": "syntax",
    "0A": "syntax",
    "57014": "time-out",
    "55P03": "lock",
    "40P01": "lock",
    "57P": "stops",
    "53300": "full",
    "08": "cut",
    "22": "value",
    "0B": "snapshot",
    "25001": "snapshot",
    "XX": "changed",
}
TELLS_NAMES = ("42", "3D", "3F", "25006")  # what PostgreSQL says of these holds names, and nothing of a row
# Read as another type, for the driver gives of these cents, numbers below zero or nothing.
READ_AS = {
    "money": "numeric",
    "_money": "numeric[]",
    "oid": "int8",
    "_oid": "int8[]",
    "regproc": "text",
    "record": "text",
}
OF_ANY_LENGTH = {"character": "bpchar", "bit": '"bit"'}  # written without a length these two have one of 1
ALIVE = "keepalives_idle=15&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=60000"


class PostgreSql:
    is_still = True

    def __init__(self, connection: SqlConnection, snapshot: str | None) -> None:
        self._types: dict[tuple[str, str], str] = {}
        self._whole: dict[str, set[str]] = {}
        self._written: dict[str, dict[str, str]] = {}
        self._connection = _connected(connection)
        self._cursor = self._connection.cursor()
        seconds = connection.statement_timeout.total_seconds()
        self._run("set transaction isolation level repeatable read, read only")
        if snapshot:
            self._run(f"set transaction snapshot '{snapshot}'")
        for name, value in {
            "time zone": "'UTC'",
            "statement_timeout =": round(seconds * 1000),
            "lock_timeout =": round(seconds * 500),  # so that a lock is told from a slow statement
            "idle_in_transaction_session_timeout =": 0,  # between two pages a batch is written
            "standard_conforming_strings =": "on",
            "client_encoding =": "'UTF8'",
        }.items():
            self._run(f"set {name} {value}")

    def columns(self, relation: str) -> list[str]:
        self._run(f"select * from {relation} limit 0")
        schema = self._table().schema
        written = {quoted(each.name): kind for each in schema if (kind := _written(each))}
        whole = {quoted(each.name) for each in schema if pa.types.is_integer(each.type)}
        self._written[relation], self._whole[relation] = written, whole - written.keys()
        return list(schema.names)

    def page(
        self, columns: Sequence[str], keys: Sequence[str], relation: str, rest: str, most: int | None = None
    ) -> Page:
        # A whole number is its own text; to have the database write it costs as much again as the column.
        whole = {key for key in keys if key in columns and key in self._whole.get(relation, ())}
        marks = [f"{key}::text as hub_key_{at}" for at, key in enumerate(keys) if key not in whole]
        written = self._written.get(relation, {})
        # Under another name, or it would be what ORDER BY means.
        own = [f"{each}::{written[each]} as hub_{at}" if each in written else each for at, each in enumerate(columns)]
        self._run(f"select {', '.join([*own, *marks])} from {relation}{rest}{at_most(most)}")
        table = self._table()
        behind = iter(range(len(columns), len(columns) + len(marks)))
        places = [columns.index(key) if key in whole else next(behind) for key in keys]
        names = [each[1:-1].replace('""', '"') for each in columns]
        rows = table.select(range(len(columns))).rename_columns(names)
        return Page(rows, lambda at: [_mark(table.column(place)[at].as_py()) for place in places])

    def counts(self, sql: str) -> list[int]:
        self._run(sql)
        return [int(column[0].as_py() or 0) for column in self._table().columns]

    def highest(self, column: str, relation: str) -> Any:
        self._run(f"select max({column})::text from {relation}")
        return self._table()[0][0].as_py()

    def literal(self, relation: str, column: str, mark: Any) -> str:
        """Its text as the column's type. A constant has no collation of its own, so the column's counts."""
        text = str(mark).replace("'", "''")  # no backslash changes what a quote means: see standard_conforming_strings
        return f"'{text}'::{self._type(relation, column)}"

    def beyond(self, columns: Sequence[str], literals: Sequence[str]) -> str:
        return rows_beyond(columns, literals)

    def snapshot(self) -> str | None:
        self._run("select pg_export_snapshot()")
        return str(self._table()[0][0].as_py())

    def close(self) -> None:
        self._cursor.close()
        self._connection.close()

    def _type(self, relation: str, column: str) -> str:
        """The column's type as PostgreSQL writes it: a value handed over as text then compares as the column does."""
        if (relation, column) not in self._types:
            self._run(f"select pg_typeof((select {column} from {relation} limit 1))::text")
            told = self._table()[0][0].as_py()
            self._types[relation, column] = OF_ANY_LENGTH.get(told, told)
        return self._types[relation, column]

    def _run(self, sql: str) -> None:
        try:
            self._cursor.execute(sql)
        except adbc.Error as error:
            raise _told(error) from error

    def _table(self) -> pa.Table:
        try:
            return self._cursor.fetch_arrow_table()
        except (adbc.Error, pa.ArrowException, OSError) as error:  # what comes while rows are read
            raise _told(error) from error


def _written(field: pa.Field) -> str | None:
    """The type that a column is read as, where the driver would give another value or the server's own bytes."""
    name = (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode()
    if name in READ_AS:
        return READ_AS[name]
    if pa.types.is_list(field.type) and pa.types.is_temporal(field.type.value_type):
        return "text[]"  # it may hold infinity
    kind = field.type.value_type if pa.types.is_list(field.type) else field.type
    own = isinstance(kind, pa.OpaqueType) and pa.types.is_binary(kind.storage_type)
    return "text" if own or pa.types.is_interval(kind) else None


def _mark(value: Any) -> Any:
    return value if value is None else str(value)


def _connected(connection: SqlConnection) -> Any:
    remote = Remote(connection, 5432)
    sign_in = connection.authentication
    word = f":{quote(secret(sign_in.secret), safe='')}" if sign_in else ""
    tls = f"&sslmode=verify-full&sslrootcert={quote(str(remote.authorities()))}" if remote.tls else "&sslmode=disable"
    where = f"host={quote(remote.options.get('host', ''), safe='')}" + tls
    if remote.host:
        where = f"host={quote(remote.host)}&hostaddr={quote(','.join(remote.numbers[:1]))}&port={remote.port}{tls}"
    url = (
        f"postgresql://{quote(remote.user, safe='')}{word}@/{quote(remote.database, safe='')}"
        f"?{where}&connect_timeout={CONNECTING}&{ALIVE}"
    )
    try:
        return postgresql.connect(url)
    except adbc.Error as error:
        told = str(error)
        # Before there is a connection, libpq's text is all that there is.
        for sign, kind in {
            "authentication failed": "sign-in",
            "no password": "sign-in",
            "does not exist": "database",
        }.items():
            if sign in told:
                raise refused(kind) from error
        for sign, kind in {
            "too many": "full",
            "remaining connection": "full",
            "starting up": "stops",
            "shutting down": "stops",
        }.items():
            if sign in told:
                raise refused(kind) from error
        reason = (
            "its certificate is not to be trusted; name its authority by `authority`"
            if "certificate" in told
            else "nobody answers; check `url` and whether the server runs"
        )
        raise SourceError(f"the database on {remote.told} cannot be reached: {reason}") from error


def _told(error: Exception) -> SourceError:
    state = str(getattr(error, "sqlstate", None) or "")
    told = str(error).partition("ERROR:")[2].strip().partition("\n")[0]
    if not state and re.search(r"server closed|connection|SSL|timed out|no COPY", str(error)):
        return SourceError(CUT)
    kind = next((STATES[state[:length]] for length in (5, 3, 2) if state[:length] in STATES), None)
    if kind is None:
        return SourceError(
            f"the database refuses to be read (SQLSTATE {state or 'unknown'}); look that up in the manual of PostgreSQL"
        )
    return refused(kind, told if state.startswith(TELLS_NAMES) else "")
