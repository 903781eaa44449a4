"""SQL Server: one transaction that is never committed, of one snapshot where the database allows it."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import pyarrow as pa
import pymssql

from hub import settings
from hub.config.connections import SqlConnection
from hub.sources.database import CUT, Page, columns_beyond, refused
from hub.sources.piece import SourceError
from hub.sources.remote import CONNECTING, Remote
from hub.sources.rest import secret
from hub.sources.sqlserver_fields import Field

KINDS = {
    "table": (208,),
    "column": (207, 4104),
    "rights": (229, 230, 262, 297, 300, 371, 916),
    "writes": (3906, 3908),
    "syntax": (102, 105, 109, 145, 156, 170, 174, 189, 195, 319, 1033, 4121, 4145, 8117, 8155, 8156),
    "lock": (1205, 1222),
    "full": (10928, 10929, 10936, 17809),
    "stops": (6005, 40197, 40501, 40613),
    "value": (220, 232, 241, 242, 245, 248, 8114, 8115, 8134, 8169),
    "changed": (3960, 3961, 3964),
}
TELLS_NAMES = ("table", "column", "writes")  # what the server says of these holds names alone
OF_THE_DRIVER = "DB-Lib error message"
TIME_OUT, NOBODY, CHECK_MESSAGES = 20003, 20009, 20018  # its numbers
NOT_LET_IN = "the database refuses the sign-in; check the user and the database in `url`, and the secret"
CONFIGURING = Lock()  # the driver is configured by a file that a variable of the process names


class SqlServer:
    def __init__(self, connection: SqlConnection) -> None:
        self._fields: dict[str, dict[str, Field]] = {}
        self._connection = _connected(connection)
        waits = round(connection.statement_timeout.total_seconds() * 500)  # so that a lock is told from slowness
        (allows,) = self.counts("select snapshot_isolation_state from sys.databases where database_id = db_id()")
        self.is_still = allows == 1
        self._run(
            "set quoted_identifier on "  # names are quoted as in standard SQL
            f"set lock_timeout {waits} set deadlock_priority low "
            f"set transaction isolation level {'snapshot' if self.is_still else 'read committed'} "
            "begin transaction"
        )

    def columns(self, relation: str) -> list[str]:
        return [field.name for field in self._described(relation).values()]

    def page(
        self, columns: Sequence[str], keys: Sequence[str], relation: str, rest: str, most: int | None = None
    ) -> Page:
        known = self._described(relation)
        fields, led_by = [_of(known, each) for each in columns], [_of(known, each) for each in keys]
        selected = [field.selected for field in fields]
        places = []
        for at, field in enumerate(led_by):
            if field.is_moment or field not in fields:
                places.append(len(selected))
                selected.append(f"{field.marked(field.quoted)} as hub_key_{at}")
            else:
                places.append(fields.index(field))
        if keys and most is not None:
            # Which keys are the same is for the column's collation to say, which may know no case and no accents.
            selected.append(f"dense_rank() over (order by {', '.join(keys)}) as hub_tie")
        top = "" if most is None else f"top ({most}) "
        rows = self._run(f"select {top}{', '.join(selected)} from {relation}{rest}")
        table = pa.Table.from_arrays(
            [field.column(row[at] for row in rows) for at, field in enumerate(fields)],
            names=[field.name for field in fields],
        )
        return Page(
            table,
            lambda at: [field.mark(rows[at][place]) for field, place in zip(led_by, places, strict=True)],
            (lambda at: rows[at][-1]) if keys and most is not None else None,
        )

    def counts(self, sql: str) -> list[int]:
        return [int(value or 0) for value in self._run(sql)[0]]

    def highest(self, column: str, relation: str) -> Any:
        field = _of(self._described(relation), column)
        ((value,),) = self._run(f"select {field.marked(f'max({column})')} from {relation}")
        return field.mark(value)

    def literal(self, relation: str, column: str, mark: Any) -> str:
        return _of(self._described(relation), column).literal(mark)

    def beyond(self, columns: Sequence[str], literals: Sequence[str]) -> str:
        return columns_beyond(columns, literals)

    def snapshot(self) -> str | None:
        return None

    def close(self) -> None:
        self._connection.close()

    def _described(self, relation: str) -> dict[str, Field]:
        """The columns of a relation by their names in quotes."""
        if relation not in self._fields:
            self._run(f"select top (0) 1 as hub_nothing from {relation}")  # an error of this one says what is wrong
            text = f"select * from {relation}".replace("'", "''")
            found = self._run(
                "select name, system_type_name, collation_name "
                f"from sys.dm_exec_describe_first_result_set(N'{text}', null, 0) order by column_ordinal"
            )
            fields = (Field(name, told or "", collation) for name, told, collation in found)
            self._fields[relation] = {field.quoted: field for field in fields}
        return self._fields[relation]

    def _run(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a statement, none where it has none to give."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall()) if cursor.description else []
        except pymssql.Error as error:
            raise _told(error) from error


def _of(fields: dict[str, Field], column: str) -> Field:
    """SQL Server's names of columns have no case, unless a database's collation has."""
    found = fields.get(column) or next((each for name, each in fields.items() if name.lower() == column.lower()), None)
    if found is None:
        raise refused("column", column.replace('"', ""))
    return found


def _connected(connection: SqlConnection) -> Any:
    """To the very number that was checked; the certificate is asked for by name."""
    remote = Remote(connection, 1433)
    sign_in = connection.authentication
    lines = [f"host = {remote.numbers[0]}", "tds version = 7.4"]
    if remote.tls:
        lines += [
            "encryption = require",
            f"ca file = {remote.authorities()}",
            f"certificate hostname = {remote.host}",
            "check certificate hostname = yes",
        ]
    else:
        lines.append("encryption = request")  # the password at least, where the server can
    with CONFIGURING, TemporaryDirectory(prefix="hub-") as folder:
        file = Path(folder) / "freetds.conf"
        file.write_text("\n".join(["[hub]", *lines, ""]))
        settings.hand_on("FREETDSCONF", str(file))
        try:
            return pymssql.connect(
                server="hub",
                port=str(remote.port),
                user=remote.user,
                password=secret(sign_in.secret) if sign_in else "",
                database=remote.database,
                appname="customer-data-hub",
                login_timeout=CONNECTING,
                timeout=max(1, math.ceil(connection.statement_timeout.total_seconds())),
                autocommit=True,
                read_only=True,
            )
        except pymssql.Error as error:
            raise _unreachable(remote, error) from error


def _unreachable(remote: Remote, error: Exception) -> SourceError:
    number, text, driver = _said(error)
    kind = _kind(number)
    if NOBODY not in driver and (text or CHECK_MESSAGES in driver):
        # Before there is a connection, the driver may keep the number of an earlier refusal, but not its text; and
        # SQL Server says of a database that is not there that the user cannot sign in.
        return refused(kind) if text and kind in ("rights", "full", "stops") else SourceError(NOT_LET_IN)
    why = "nobody answers; check `url` and whether the server runs"
    if remote.tls and NOBODY not in driver:
        why = "it does not speak TLS, or its certificate is not to be trusted; name its authority by `authority`"
    return SourceError(f"the database on {remote.told} cannot be reached: {why}")


def _told(error: Exception) -> SourceError:
    number, text, driver = _said(error)
    kind = "time-out" if TIME_OUT in driver else _kind(number)
    if kind is not None:
        return refused(kind, text if kind in TELLS_NAMES else "")
    if not text:
        return SourceError(CUT)
    return SourceError(f"the database refuses to be read (error {number}); look that up in the manual of SQL Server")


def _said(error: Exception) -> tuple[int, str, set[int]]:
    """The number and the text of the server, 0 and empty where it said nothing, and the numbers of the driver."""
    found: Any = error.args
    while isinstance(found, tuple) and len(found) == 1:
        (found,) = found
    if not (isinstance(found, tuple) and isinstance(found[1], bytes)):
        return 0, "", set()
    text, mark, more = found[1].decode("utf-8", "replace").partition(OF_THE_DRIVER)
    return found[0], text.strip(), set(map(int, re.findall(rf"{OF_THE_DRIVER} (\d+)", mark + more)))


def _kind(number: int) -> str | None:
    return next((kind for kind, numbers in KINDS.items() if number in numbers), None)
