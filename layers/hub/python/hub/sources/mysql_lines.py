"""A MySQL result as lines of CSV that the server writes, and Arrow columns from them.

A driver in Python makes an object of each value. Here a row is one value, and Arrow takes it apart: the driver's own
way needs several times the processor's time (docs/decisions/0006).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
from pymysql import OperationalError
from pymysql.connections import MySQLResult
from pymysql.constants import COMMAND, CR, FIELD_TYPE
from pymysql.err import raise_mysql_exception

from hub.sources.database import quoted
from hub.sources.piece import SourceError

BINARY, UNSIGNED = 63, 32  # a character set and a flag of the protocol
LISTED = 256 | 2048  # the flags of ENUM and of SET
INTEGERS = (
    FIELD_TYPE.TINY,
    FIELD_TYPE.SHORT,
    FIELD_TYPE.INT24,
    FIELD_TYPE.LONG,
    FIELD_TYPE.LONGLONG,
    FIELD_TYPE.YEAR,
)
DECIMALS = (FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL)
BYTES = (
    FIELD_TYPE.TINY_BLOB,
    FIELD_TYPE.MEDIUM_BLOB,
    FIELD_TYPE.LONG_BLOB,
    FIELD_TYPE.BLOB,
    FIELD_TYPE.VAR_STRING,
    FIELD_TYPE.STRING,
    FIELD_TYPE.VARCHAR,
    FIELD_TYPE.GEOMETRY,
    242,  # a vector of MySQL 9
)
# What MySQL writes where a date was never entered.
NO_DATE = [
    "0000-00-00",
    *(f"0000-00-00 00:00:00{fraction}" for fraction in ("", *(f".{'0' * n}" for n in range(1, 7)))),
]
MOST_DIGITS = 38  # of a decimal in Arrow's 128 bits; longer ones stay text


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a result. kind: its type's number in the protocol. is_listed: ENUM or SET."""

    name: str
    kind: int
    is_binary: bool
    is_unsigned: bool
    length: int
    scale: int
    is_listed: bool = False

    @classmethod
    def of(cls, field: Any) -> "Field":
        binary = field.charsetnr == BINARY and field.type_code in BYTES
        name = field.name.decode() if isinstance(field.name, bytes) else field.name
        unsigned = bool(field.flags & UNSIGNED)
        return cls(name, field.type_code, binary, unsigned, field.length, field.scale, bool(field.flags & LISTED))

    @property
    def as_key(self) -> "Field":
        """What leads from row to row: words that a column lists are sorted by their places in the list."""
        return replace(self, kind=FIELD_TYPE.BIT, is_listed=False) if self.is_listed else self

    @property
    def quoted(self) -> str:
        return quoted(self.name)

    @property
    def arrow(self) -> pa.DataType:
        """What Arrow reads it as; text for what has no type of its own there."""
        if self.kind in INTEGERS or self.kind == FIELD_TYPE.BIT:
            return pa.uint64() if self.is_unsigned or self.kind == FIELD_TYPE.BIT else pa.int64()
        if self.kind in DECIMALS and self.scale <= self._digits <= MOST_DIGITS:
            return pa.decimal128(self._digits, self.scale)
        if self.kind in (FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE):
            return pa.float64()
        if self.kind in (FIELD_TYPE.DATE, FIELD_TYPE.NEWDATE):
            return pa.date32()
        return pa.timestamp("us") if self.kind in (FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP) else pa.string()

    @property
    def _digits(self) -> int:
        """MySQL counts the sign and the point."""
        return self.length - (0 if self.is_unsigned else 1) - (1 if self.scale else 0)

    @property
    def line(self) -> str:
        """SQL that writes the value as CSV does; nothing at all for NULL."""
        if self.is_binary:
            text = f"concat('\"\\x', lower(hex({self.quoted})), '\"')"
        elif self.kind == FIELD_TYPE.BIT:
            text = f"{self.quoted} + 0"
        elif self.arrow == pa.string():
            text = f"concat('\"', replace(convert({self.quoted} using utf8mb4), '\"', '\"\"'), '\"')"
        else:
            text = self.quoted
        return f"case when {self.quoted} is null then '' else {text} end"


def lines(connection: Any, fields: Sequence[Field], rest: str) -> list[bytes]:
    """A line for each row of a SELECT of these fields. Errors are the driver's."""
    # Of a value that is longer than the server may send, concat makes NULL of the whole row; concat_ws leaves it out.
    line = ", ',', ".join(field.line for field in fields)
    text = f"select concat({line}) {rest}"
    connection._execute_command(COMMAND.COM_QUERY, text.encode())
    head = MySQLResult(connection)
    first = connection._read_packet()
    head.field_count = first.read_length_encoded_integer()
    head._get_descriptions()
    found: list[bytes] = []
    add, take = found.append, connection._rfile.read
    while True:
        start = take(4)
        if len(start) < 4:
            raise OperationalError(CR.CR_SERVER_LOST, "lost")
        length = start[0] | start[1] << 8 | start[2] << 16
        packet = take(length)
        if len(packet) < length:
            raise OperationalError(CR.CR_SERVER_LOST, "lost")
        kind = packet[0]
        if kind < 251:
            add(packet[1:])
        elif kind == 252:
            add(packet[3:])
        elif kind == 253 and length < 0xFFFFFF:
            add(packet[4:])
        elif kind == 254 and length < 9:
            connection._next_seq_id = 0
            return found
        elif kind == 255:
            raise_mysql_exception(packet)
        else:
            # NULL, which the server writes for what is longer than it may send, or a row of several packets.
            raise SourceError(
                "a row is longer than the server sends at once; name its longest column under `ignore`, or let the "
                "server's max_allowed_packet be larger"
            )


def read(found: Sequence[bytes], fields: Sequence[Field]) -> pa.Table:
    """The lines as columns; as text where a value is not as its type should be, such as 2024-02-00."""
    data = b"\n".join([*found, b""])
    try:
        table = _read(data, [field.arrow for field in fields])
    except pa.ArrowInvalid:
        try:
            table = _read(data, [pa.string()] * len(fields))
        except pa.ArrowInvalid as error:
            raise SourceError("the database gave rows that cannot be told apart") from error
    if len(table) != len(found):
        raise SourceError("the database gave rows that cannot be told apart")
    columns = [
        _in_utc(column) if field.kind == FIELD_TYPE.TIMESTAMP else column
        for field, column in zip(fields, table.columns, strict=True)
    ]
    return pa.Table.from_arrays(columns, names=[field.name for field in fields])


def _in_utc(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """TIMESTAMP is a moment, and the session's zone is UTC; DATETIME is in the zone of whoever wrote it."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us", "UTC"))
    return pc.binary_join_element_wise(column, "Z", "")


def _read(data: bytes, types: Sequence[pa.DataType]) -> pa.Table:
    names = [str(at) for at in range(len(types))]
    if not data:
        return pa.table({name: pa.array([], kind) for name, kind in zip(names, types, strict=True)})
    return csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=dict(zip(names, types, strict=True)),
            null_values=["", *NO_DATE],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
