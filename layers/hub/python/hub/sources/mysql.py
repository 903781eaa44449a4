"""MySQL and MariaDB: one REPEATABLE READ transaction that cannot write; rows come as lines of CSV that Arrow reads."""

import socket
from collections.abc import Sequence
from typing import Any

import pymysql
from pymysql.constants import FIELD_TYPE

from hub.config.connections import SqlConnection
from hub.sources.database import CUT, Page, at_most, columns_beyond, refused
from hub.sources.mysql_lines import Field, lines, read
from hub.sources.piece import SourceError
from hub.sources.remote import CONNECTING, Remote
from hub.sources.rest import secret

KINDS = {
    1045: "sign-in",
    1698: "sign-in",
    1044: "rights",
    1142: "rights",
    1143: "rights",
    1227: "rights",
    1370: "rights",
    1049: "database",
    1146: "table",
    1054: "column",
    1792: "writes",
    1064: "syntax",
    1060: "syntax",
    1052: "syntax",
    1305: "syntax",
    1969: "time-out",
    3024: "time-out",
    1205: "lock",
    1213: "lock",
    1040: "full",
    1203: "full",
    1226: "full",
    1053: "stops",
    1927: "stops",
    1317: "stops",
    2006: "cut",
    2013: "cut",
    1159: "cut",
    1161: "cut",
    1412: "changed",
    1690: "value",
    1292: "value",
    1365: "value",
}
TELLS_NAMES = ("table", "column", "writes", "database")  # what the server says of these holds names alone
NUMBERS = {
    FIELD_TYPE.TINY,
    FIELD_TYPE.SHORT,
    FIELD_TYPE.INT24,
    FIELD_TYPE.LONG,
    FIELD_TYPE.LONGLONG,
    FIELD_TYPE.YEAR,
    FIELD_TYPE.DECIMAL,
    FIELD_TYPE.NEWDECIMAL,
    FIELD_TYPE.DOUBLE,
    FIELD_TYPE.BIT,
}


class MySql:
    is_still = True

    def __init__(self, connection: SqlConnection) -> None:
        self._fields: dict[str, dict[str, Field]] = {}
        self._connection = _connected(connection)
        seconds = connection.statement_timeout.total_seconds()
        waits = max(1, int(seconds / 2))  # so that a lock is told from a slow statement
        maria = "MariaDB" in str(self._connection.server_version)
        limit = f"max_statement_time = {seconds}" if maria else f"max_execution_time = {round(seconds * 1000)}"
        for statement in (
            # Names are quoted as in standard SQL, and no backslash changes what a quote means.
            "set session sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES', time_zone = '+00:00'",
            f"set session {limit}, lock_wait_timeout = {waits}, innodb_lock_wait_timeout = {waits}",
            "set session transaction isolation level repeatable read",
            "start transaction with consistent snapshot, read only",
        ):
            self._rows(statement)

    def columns(self, relation: str) -> list[str]:
        return [field.name for field in self._described(relation).values()]

    def page(
        self, columns: Sequence[str], keys: Sequence[str], relation: str, rest: str, most: int | None = None
    ) -> Page:
        known = self._described(relation)
        led_by = [_of(known, key).as_key for key in keys]
        fields = list(dict.fromkeys([*(_of(known, column) for column in columns), *led_by]))
        places = [fields.index(field) for field in led_by]
        try:
            found = lines(self._connection, fields, f"from {relation}{rest}{at_most(most)}")
        except (pymysql.Error, OSError) as error:
            raise _told(error) from error
        table = read(found, fields)
        own = table.select(range(len(columns)))
        return Page(own, lambda at: [_as_json(table.column(place)[at].as_py()) for place in places])

    def counts(self, sql: str) -> list[int]:
        return [int(value or 0) for value in self._rows(sql)[0]]

    def highest(self, column: str, relation: str) -> Any:
        field = _of(self._described(relation), column)
        (value,) = self._rows(f"select max({column}) from {relation}")[0]
        if value is None:
            return None
        text = str(value.decode())
        return int(text) if field.kind in NUMBERS and text.lstrip("-").isdecimal() else text

    def literal(self, relation: str, column: str, mark: Any) -> str:
        """A number as it is, all else in hexadecimal, for it comes out of the rows."""
        field = _of(self._described(relation), column).as_key
        if mark is None or field.kind == FIELD_TYPE.FLOAT:
            raise SourceError(f"the column {field.name} does not lead from row to row; name another key")
        text = str(mark)
        if field.kind in NUMBERS:
            float(text)  # nothing but a number
            return text
        if field.is_binary:
            return f"x'{text.removeprefix(chr(92) + 'x')}'"
        return f"_utf8mb4 x'{text.encode().hex()}'"

    def beyond(self, columns: Sequence[str], literals: Sequence[str]) -> str:
        return columns_beyond(columns, literals)

    def snapshot(self) -> str | None:
        return None

    def close(self) -> None:
        self._connection._force_close()

    def _described(self, relation: str) -> dict[str, Field]:
        """The columns of a relation by their names in quotes."""
        if relation not in self._fields:
            self._rows(f"select * from {relation} limit 0")
            found = [Field.of(each) for each in self._connection._result.fields]
            self._fields[relation] = {field.quoted: field for field in found}
        return self._fields[relation]

    def _rows(self, sql: str) -> list[Any]:
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall())
        except (pymysql.Error, OSError) as error:
            raise _told(error) from error


def _of(fields: dict[str, Field], column: str) -> Field:
    """MySQL's names of columns have no case."""
    found = fields.get(column) or next((each for name, each in fields.items() if name.lower() == column.lower()), None)
    if found is None:
        raise refused("column", column.replace('"', ""))
    return found


def _as_json(value: Any) -> Any:
    """A number, or the text that MySQL would write."""
    if value is None or isinstance(value, int | float | str):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat(sep=" ") if hasattr(value, "hour") else value.isoformat()
    return str(value)


def _connected(connection: SqlConnection) -> Any:
    remote = Remote(connection, 3306)
    sign_in = connection.authentication
    made = pymysql.Connection(
        host=remote.host or None,
        port=remote.port,
        user=remote.user,
        password=secret(sign_in.secret) if sign_in else "",
        database=remote.database,
        charset="utf8mb4",
        use_unicode=False,
        autocommit=None,
        ssl=remote.context() if remote.tls else None,
        ssl_disabled=not remote.tls,
        defer_connect=True,
    )
    made.decoders = {}  # values stay as the server writes them
    try:
        made.connect(_socket(remote, connection.statement_timeout.total_seconds()))
    except pymysql.Error as error:
        told = _told(error)
        raise _unreachable(remote, error) if told.message == CUT else told from error
    except OSError as error:
        raise _unreachable(remote, error) from error
    return made


def _socket(remote: Remote, seconds: float) -> socket.socket:
    """To the very number that was checked. It waits a little longer than the server works at one statement."""
    if remote.host:
        made = socket.create_connection((remote.numbers[0], remote.port), CONNECTING)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    else:
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(CONNECTING)
        made.connect(remote.options.get("socket", "/nowhere"))
    made.settimeout(seconds + CONNECTING)
    return made


def _unreachable(remote: Remote, error: Exception) -> SourceError:
    why = "nobody answers; check `url` and whether the server runs"
    if "CERTIFICATE_VERIFY" in str(error):
        why = "its certificate is not to be trusted; name its authority by `authority`"
    elif "SSL" in str(error):
        why = "it does not speak TLS; ask its owner to switch it on"
    return SourceError(f"the database on {remote.told} cannot be reached: {why}")


def _told(error: Exception) -> SourceError:
    if isinstance(error, OSError):
        return SourceError(CUT)
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if code in (2002, 2003, 0):
        return SourceError(CUT)
    kind = KINDS.get(code)
    if kind is None:
        return SourceError(f"the database refuses to be read (error {code}); look that up in the manual of MySQL")
    return refused(kind, str(error.args[1]) if kind in TELLS_NAMES else "")
