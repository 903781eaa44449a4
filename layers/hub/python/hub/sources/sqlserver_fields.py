"""Columns of SQL Server: what Arrow has for them, and how a value of theirs is written in SQL."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from hub.sources.database import quoted
from hub.sources.piece import SourceError

ARROW = {
    "bit": pa.bool_(),
    "tinyint": pa.uint8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "money": pa.decimal128(19, 4),
    "smallmoney": pa.decimal128(10, 4),
    "real": pa.float32(),
    "float": pa.float64(),
    "date": pa.date32(),
    "smalldatetime": pa.timestamp("us"),
    "datetime": pa.timestamp("us"),
    "datetime2": pa.timestamp("us"),
    "datetimeoffset": pa.timestamp("us", "UTC"),
}
MOMENTS = ("date", "time", "smalldatetime", "datetime", "datetime2", "datetimeoffset")
BINARY = ("binary", "varbinary", "timestamp")  # SQL Server calls a rowversion timestamp
NARROW = ("char", "varchar")
# What the driver does not read, or not whole, as SQL Server itself writes it. What has no name is a type of .NET.
WRITTEN = {
    "text": "nvarchar(max)",
    "ntext": "nvarchar(max)",
    "json": "nvarchar(max)",
    "vector": "nvarchar(max)",
    "sql_variant": "nvarchar(4000)",
    "image": "varbinary(max)",
    "": "varbinary(max)",
}
NO_KEY = (*WRITTEN, "xml", "real")
EXACT = 121  # the style in which no digit of a moment is left out


@dataclass(frozen=True, slots=True)
class Field:
    """A column. told: its type as SQL Server writes it, empty for a type of .NET. collation: of a text."""

    name: str
    told: str
    collation: str | None

    @property
    def quoted(self) -> str:
        return quoted(self.name)

    @property
    def kind(self) -> str:
        """The type without its length."""
        return self.told.partition("(")[0]

    @property
    def selected(self) -> str:
        """SQL of a value that the driver reads."""
        if self.kind in WRITTEN:
            return f"convert({WRITTEN[self.kind]}, {self.quoted}) as {self.quoted}"
        return self.quoted

    @property
    def is_moment(self) -> bool:
        return self.kind in MOMENTS

    def marked(self, sql: str) -> str:
        """SQL of what leads back to a value: a moment's text, for the driver leaves out its last digit."""
        return f"convert(nvarchar(40), {sql}, {EXACT})" if self.is_moment else sql

    def column(self, values: Iterable[Any]) -> pa.Array:
        """The driver's values as Arrow has them; text for what has no type of its own there."""
        if self.kind in ("decimal", "numeric"):
            precision, scale = map(int, re.findall(r"\d+", self.told))
            return pa.array(values, pa.decimal128(precision, scale))
        if self.kind in ARROW:
            return pa.array(values, ARROW[self.kind])
        return pa.array(map(_text, values), pa.string())

    def mark(self, value: Any) -> Any:
        """A value as JSON can hold it, from which `literal` makes the same again."""
        if value is None or isinstance(value, int):
            return value
        if isinstance(value, bytes):
            return value.hex()
        text = str(value)
        return re.sub(r" (?=[+-]\d\d:\d\d$)", "", text) if self.kind == "datetimeoffset" else text

    def literal(self, mark: Any) -> str:
        """A mark as SQL of the column's own type, or else an index is of no use and another order holds."""
        if mark is None or self.kind in NO_KEY:
            raise SourceError(f"the column {self.name} does not lead from row to row; name another key")
        text = str(mark)
        if self.kind in BINARY:
            return f"0x{bytes.fromhex(text).hex()}"
        if self.kind == "datetimeoffset":
            text = re.sub(r"(?=[+-]\d\d:\d\d$)", " ", text)
        hidden = text.encode("utf-16-le")  # in hexadecimal, for it comes out of the rows
        wide = f"convert(nvarchar({max(1, len(hidden) // 2)}), 0x{hidden.hex()})"
        if self.kind in NARROW and self.collation:
            wide += f" collate {self.collation}"
        if self.kind in ("datetime", "smalldatetime"):
            wide = f"convert(datetime2(7), {wide}, {EXACT})"
        return f"convert({self.told}, {wide}{f', {EXACT}' if self.is_moment else ''})"


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return value if value is None else str(value)
