"""A server that speaks SQL Server's protocol (MS-TDS) over a SQLite database, for the real driver to be tried on.

It answers the statements that the connector makes, their few words of Transact-SQL put into SQLite's, and sends each
column as the type that `types` gives its name. It is no SQL Server: what that makes of a statement is not tested here.
"""

import re
import socket
import sqlite3
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.hub.sources.tds_types import COLLATION, COLLATION_NAME, kind

BATCH, REPLY, ATTENTION, LOGIN, PRELOGIN = 0x01, 0x04, 0x06, 0x10, 0x12
HEADER, SIZE = 8, 4096  # of a packet
ENCRYPTED, NOT_SUPPORTED = 1, 2
FINAL, FAILED, COUNTED, CANCELLED = 0x00, 0x02, 0x10, 0x20
DESCRIBE = re.compile(r".*describe_first_result_set\(N'(.*)', null, 0\)", re.DOTALL)
INNER = {"hub_row": "bigint", "hub_tie": "bigint", "name": "nvarchar(128)", "system_type_name": "nvarchar(256)"}


@dataclass(frozen=True)
class Refusal:
    """An error of the server; number 0: it does not answer at all. after: how many rows it sends before."""

    number: int
    text: str = ""
    after: int | None = None


@dataclass
class Double:
    """What it has, how it misbehaves, and what it has seen. refuses: by what stands in a statement."""

    path: str
    types: dict[str, str]
    context: ssl.SSLContext | None = None
    allows_snapshots: bool = True
    sends_on_to: int | None = None  # another port of this machine
    refuses: dict[str, Refusal] = field(default_factory=dict)
    signed_in: list[dict[str, Any]] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    connections: list[socket.socket] = field(default_factory=list)
    port: int = 0

    def drops_all(self) -> None:
        for each in self.connections:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def run(self, script: str) -> None:
        with closing(_opened(self.path)) as database:
            database.executescript(script)


class Conversation:
    """One connection: user `reader` with the password `p w/1`, database `shop`."""

    def __init__(self, double: Double, connection: socket.socket) -> None:
        self.double, self.connection, self.tls = double, connection, None
        self.database = _opened(double.path)

    def run(self) -> None:
        self._read()
        encrypts = ENCRYPTED if self.double.context else NOT_SUPPORTED
        self._write(REPLY, struct.pack(">BHHBHHB", 0, 11, 6, 1, 17, 1, 255) + bytes([16, 0, 4, 0, 0, 0, encrypts]))
        if self.double.context:
            self._secure(self.double.context)
        _, body = self._read()
        self._write(REPLY, self._welcome(body))
        while True:
            what, body = self._read()
            if what == ATTENTION:
                self._write(REPLY, done(CANCELLED))
                continue
            sql = body[struct.unpack_from("<I", body)[0] :].decode("utf-16-le")
            self.double.statements.append(sql)
            refusal = next((each for sign, each in self.double.refuses.items() if sign in sql), None)
            if refusal is None or refusal.number:
                self._write(REPLY, self._answer(sql, refusal))

    def _welcome(self, body: bytes) -> bytes:
        def text(at: int) -> bytes:
            start, length = struct.unpack_from("<HH", body, at)
            return body[start : start + 2 * length]

        told = {name: text(at).decode("utf-16-le") for name, at in {"user": 40, "app": 48, "database": 68}.items()}
        word = bytes(((each ^ 0xA5) >> 4 | (each ^ 0xA5) << 4) & 0xFF for each in text(44)).decode("utf-16-le")
        self.double.signed_in.append({**told, "reads_only": bool(body[26] & 0x20), "tls": bool(self.tls)})
        if word != "p w/1" or told["user"] != "reader":
            return error(18456, f"Login failed for user '{told['user']}'.") + done(FAILED)
        if told["database"] != "shop":
            said = f'Cannot open database "{told["database"]}" requested by the login. The login failed.'
            return error(4060, said) + done(FAILED)
        sent_on = struct.pack("<BHH", 0, self.double.sends_on_to or 0, 9) + "127.0.0.1".encode("utf-16-le")
        acknowledged = b"\x01\x74\x00\x00\x04" + short("Microsoft SQL Server") + bytes([16, 0, 4, 0])
        return (
            token(0xE3, b"\x01" + short("shop") + short("master"))
            + token(0xE3, b"\x07" + bytes([len(COLLATION)]) + COLLATION + b"\0")
            + token(0xE3, b"\x04" + short(str(SIZE)) + short(str(SIZE)))
            + token(0xAD, acknowledged)
            + (
                token(0xE3, b"\x14" + struct.pack("<H", len(sent_on)) + sent_on + bytes(2))
                if self.double.sends_on_to
                else b""
            )
            + done(FINAL)
        )

    def _answer(self, sql: str, refusal: Refusal | None) -> bytes:
        if refusal and refusal.after is None:
            return error(refusal.number, refusal.text) + done(FAILED)
        if sql.lower().startswith(("set ", "use ")):
            if "begin transaction" in sql and self.double.allows_snapshots:
                self.database.execute("begin")
            return done(FINAL)
        try:
            names, rows = self._asked(sql)
        except sqlite3.OperationalError as told:
            what, _, name = str(told).partition(": ")
            number, said = {
                "no such table": (208, f"Invalid object name '{name}'."),
                "no such column": (207, f"Invalid column name '{name}'."),
            }.get(what, (102, "Incorrect syntax near 'x'."))
            return error(number, said) + done(FAILED)
        of = {name: column for column, name in re.findall(r'"(\w+)" as (\w+)', sql)}  # the type of what it stands for
        of |= {f'max("{column}")': column for column in self.double.types}
        kinds = [kind(self._type(of.get(name, name), [row[at] for row in rows])) for at, name in enumerate(names)]
        made = [b"\x81", struct.pack("<H", len(names))]
        made += [struct.pack("<IH", 0, 1) + each[0] + short(name) for name, each in zip(names, kinds, strict=True)]
        sent = rows if refusal is None else rows[: refusal.after]
        made += (_row(row, kinds) for row in sent)
        if refusal:
            return b"".join(made) + error(refusal.number, refusal.text) + done(FAILED)
        return b"".join(made) + done(COUNTED, len(rows))

    def _asked(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        if sql.startswith("select snapshot_isolation_state"):
            return ["state"], [(int(self.double.allows_snapshots),)]
        if match := DESCRIBE.match(sql):
            names, _ = self._asked(match[1].replace("''", "'") + " limit 0")
            told = [(name, self._type(name, [])) for name in names]
            collations = [COLLATION_NAME if "char" in kind else None for _, kind in told]
            return [*list(INNER)[2:], "collation_name"], [
                (name, None if kind == "geography" else kind, each)
                for (name, kind), each in zip(told, collations, strict=True)
            ]
        top = re.match(r"select top \((\d+)\) ", sql)
        text = sql.replace(top[0], "select ", 1) + f" limit {top[1]}" if top else sql
        text = re.sub(r"\b0x([0-9a-f]*)", r"x'\1'", text)
        cursor = self.database.execute(re.sub(r"\bconvert\((\w+(?:\([\w,]*\))?), ", r"convert('\1', ", text))
        return [each[0] for each in cursor.description], cursor.fetchall()

    def _type(self, name: str, values: list[Any]) -> str:
        """As declared; of what a statement works out, as its values are."""
        found = next((each for each in values if each is not None), "")
        guessed = {int: "bigint", float: "float", bytes: "varbinary(max)"}.get(type(found), "nvarchar(max)")
        return {**INNER, **self.double.types}.get(name, guessed)

    def _secure(self, context: ssl.SSLContext) -> None:
        """TLS, its handshake within packets of the protocol."""
        self.came, self.goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(self.came, self.goes, server_side=True)
        while True:
            with suppress(ssl.SSLWantReadError):
                tls.do_handshake()
                break
            if self.goes.pending:
                self._write(PRELOGIN, self.goes.read())
            self.came.write(self._read()[1])
        self._write(PRELOGIN, self.goes.read())
        self.tls = tls

    def _read(self) -> tuple[int, bytes]:
        """A message of packets: what it is, and its body."""
        body = b""
        while True:
            what, last, length = struct.unpack(">BBH", self._take(HEADER)[:4])
            body += self._take(length - HEADER)
            if last & 1:
                return what, body

    def _take(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            try:
                some = self.tls.read(count - len(found)) if self.tls else self.connection.recv(count - len(found))
            except ssl.SSLWantReadError:
                if came := self.connection.recv(65536):
                    self.came.write(came)
                    continue
                some = b""
            if not some:
                raise EOFError
            found += some
        return found

    def _write(self, what: int, body: bytes) -> None:
        room = SIZE - HEADER
        parts = [body[at : at + room] for at in range(0, len(body), room)]
        for number, part in enumerate(parts, 1):
            packet = struct.pack(">BBHHH", what, number == len(parts), len(part) + HEADER, 0, number % 256 << 8) + part
            if self.tls:
                self.tls.write(packet)
                packet = self.goes.read()
            self.connection.sendall(packet)


def _row(row: tuple[Any, ...], kinds: list[Any]) -> bytes:
    """A ROW; an NBCROW, which leaves out what is NULL, where there is more than one."""
    if row.count(None) < 2:
        return b"\xd1" + b"".join(
            null if value is None else made(value) for value, (_, made, null) in zip(row, kinds, strict=True)
        )
    marks = sum(1 << at for at, value in enumerate(row) if value is None)
    values = (made(value) for value, (_, made, _) in zip(row, kinds, strict=True) if value is not None)
    return b"\xd2" + marks.to_bytes(-(-len(row) // 8), "little") + b"".join(values)


def short(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("utf-16-le")


def token(number: int, body: bytes) -> bytes:
    return struct.pack("<BH", number, len(body)) + body


def error(number: int, text: str) -> bytes:
    said = struct.pack("<H", len(text)) + text.encode("utf-16-le")
    return token(0xAA, struct.pack("<IBB", number, 1, 16) + said + short("double") + short("") + struct.pack("<I", 1))


def done(status: int, count: int = 0) -> bytes:
    return struct.pack("<BHHQ", 0xFD, status, 0xC1, count)


def _opened(path: str) -> sqlite3.Connection:
    """The database as `dbo`, with what it takes to understand the connector."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.create_function("convert", 2, _converted)
    database.create_function("convert", 3, _converted)
    database.create_collation(
        COLLATION_NAME, lambda one, other: (_fold(one) > _fold(other)) - (_fold(one) < _fold(other))
    )
    database.execute("attach ? as dbo", (path,))
    database.execute("pragma dbo.journal_mode = wal")
    database.execute("attach ':memory:' as INFORMATION_SCHEMA")
    database.execute(
        "create table INFORMATION_SCHEMA.TABLES as select 'dbo' as TABLE_SCHEMA, name as TABLE_NAME "
        "from dbo.sqlite_master where type = 'table'"
    )
    return database


def _fold(text: str) -> str:
    """What the collation takes for the same: it knows no case, and no blanks at the end."""
    return text.casefold().rstrip(" ")


def _converted(told: str, value: Any, style: int = 0) -> Any:
    if value is None or "binary" in told:
        return value
    if isinstance(value, bytes):
        return value.decode("utf-16-le")
    return int(value) if told.endswith("int") else float(value) if told == "float" else value


@contextmanager
def serving(double: Double) -> Iterator[Double]:
    listening = socket.create_server(("127.0.0.1", 0))
    double.port = listening.getsockname()[1]

    def converse(connection: socket.socket) -> None:
        with connection, suppress(EOFError, OSError, ssl.SSLError):
            conversation = Conversation(double, connection)
            with closing(conversation.database):
                conversation.run()

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            double.connections.append(connection)
            threading.Thread(target=converse, args=(connection,), daemon=True).start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield double
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        double.drops_all()
        accepting.join()
