"""Values as SQL Server sends them: a column's TYPE_INFO and the bytes of each value (MS-TDS 2.2.5.4 and 2.2.5.5)."""

import re
import struct
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from typing import Any

COLLATION = bytes.fromhex("0904d00034")  # SQL_Latin1_General_CP1_CI_AS
COLLATION_NAME = "SQL_Latin1_General_CP1_CI_AS"
NULL_PLP = b"\xff" * 8
ZERO = date(1, 1, 1)
Kind = tuple[bytes, Callable[[Any], bytes], bytes]  # TYPE_INFO, a value's bytes, those of NULL


def kind(told: str) -> Kind:
    """How a type is sent. Its values are those that SQLite keeps: numbers, texts, bytes."""
    name, *sizes = re.findall(r"\w+", told)
    if name in OTHERS:
        return OTHERS[name]
    if name in CODES:
        return _long(name, sizes[0])
    if name in ("decimal", "numeric"):
        return _decimal(*map(int, sizes))
    info, value = FIXED[name]
    return info, lambda given: (made := value(given), bytes([len(made)]) + made)[1], b"\0"


def _long(name: str, size: str) -> Kind:
    wide, code = name.startswith("n"), CODES[name]
    collation = b"" if "binary" in name else COLLATION

    def plain(given: Any) -> bytes:
        return given if isinstance(given, bytes) else str(given).encode("utf-16-le" if wide else "cp1252")

    if size == "max":
        return bytes([code]) + b"\xff\xff" + collation, lambda given: _chunks(plain(given)), NULL_PLP
    info = bytes([code]) + struct.pack("<H", int(size) * (2 if wide else 1)) + collation
    return info, lambda given: (made := plain(given), struct.pack("<H", len(made)) + made)[1], b"\xff\xff"


def _chunks(data: bytes) -> bytes:
    """In two chunks, their length told before, as of a `max` type; a sign of two bytes is in one of them."""
    at = len(data) // 3 & ~1
    parts = [part for part in (data[:at], data[at:]) if part]
    return struct.pack("<Q", len(data)) + b"".join(struct.pack("<I", len(part)) + part for part in parts) + bytes(4)


def _decimal(precision: int, scale: int) -> Kind:
    size = 5 + 4 * sum(precision > digits for digits in (9, 19, 28))

    def value(given: Any) -> bytes:
        number = int(Decimal(str(given)).scaleb(scale, Context(prec=60)))
        return bytes([size, number >= 0]) + abs(number).to_bytes(size - 1, "little")

    return bytes([0x6A, size, precision, scale]), value, b"\0"


def _money(given: Any) -> bytes:
    number = int(Decimal(str(given)) * 10_000)
    return struct.pack("<iI", number >> 32, number & 0xFFFFFFFF)


def _day(given: str) -> bytes:
    return (date.fromisoformat(given[:10]) - ZERO).days.to_bytes(3, "little")


def _time(given: str) -> bytes:
    """Of a time of day with up to seven digits behind its seconds."""
    hours, minutes, seconds, fraction = re.fullmatch(r"(\d+):(\d+):(\d+)\.?(\d*)", given).groups()
    count = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    return (count * 10**7 + int(fraction.ljust(7, "0"))).to_bytes(5, "little")


def _offset(given: str) -> bytes:
    """The moment in UTC, and how many minutes the writer's clock was ahead."""
    text, sign, hours, minutes = re.fullmatch(r"(.*?) ?([+-])(\d\d):(\d\d)", given).groups()
    ahead = int(f"{sign}1") * (int(hours) * 60 + int(minutes))
    moment = datetime.fromisoformat(text[:19]) - timedelta(minutes=ahead)
    return _time(f"{moment:%H:%M:%S}{text[19:]}") + _day(f"{moment:%Y-%m-%d}") + struct.pack("<h", ahead)


def _thirds(given: str) -> bytes:
    moment = datetime.fromisoformat(given)
    since = moment - moment.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (moment.date() - date(1900, 1, 1)).days
    return struct.pack("<iI", days, round(since / timedelta(seconds=1) * 300))


def _minutes(given: str) -> bytes:
    moment = datetime.fromisoformat(given)
    return struct.pack("<HH", (moment.date() - date(1900, 1, 1)).days, moment.hour * 60 + moment.minute)


def packed(form: str) -> Callable[[Any], bytes]:
    return lambda given: struct.pack(form, given)


FIXED: dict[str, tuple[bytes, Callable[[Any], bytes]]] = {
    "bit": (b"\x68\x01", packed("<B")),
    "tinyint": (b"\x26\x01", packed("<B")),
    "smallint": (b"\x26\x02", packed("<h")),
    "int": (b"\x26\x04", packed("<i")),
    "bigint": (b"\x26\x08", packed("<q")),
    "real": (b"\x6d\x04", packed("<f")),
    "float": (b"\x6d\x08", packed("<d")),
    "money": (b"\x6e\x08", _money),
    "smallmoney": (b"\x6e\x04", lambda given: struct.pack("<i", int(Decimal(str(given)) * 10_000))),
    "date": (b"\x28", _day),
    "time": (b"\x29\x07", _time),
    "datetime2": (b"\x2a\x07", lambda given: _time(given[11:]) + _day(given)),
    "datetimeoffset": (b"\x2b\x07", _offset),
    "datetime": (b"\x6f\x08", _thirds),
    "smalldatetime": (b"\x6f\x04", _minutes),
    "uniqueidentifier": (b"\x24\x10", lambda given: uuid.UUID(given).bytes_le),
}
CODES = {"char": 0xAF, "varchar": 0xA7, "nchar": 0xEF, "nvarchar": 0xE7, "binary": 0xAD, "varbinary": 0xA5}
OTHERS: dict[str, Kind] = {
    "geography": _long("varbinary", "max"),  # what it is asked for as
    "xml": (b"\xf1\0", lambda given: _chunks(given.encode("utf-16-le")), NULL_PLP),
    "timestamp": (b"\xad\x08\0", lambda given: b"\x08\0" + given, b"\xff\xff"),
}
