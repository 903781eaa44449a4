"""Knows a page again that a source gave before, also with its rows in another order or some of them changed.

By contents alone a page that is given again with one changed row would be a new one; the page that belongs there would
be skipped, and its rows lost.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from msgspec.structs import astuple
from xxhash import xxh3_64_hexdigest

from hub.sources import json_text

Print = list[str]  # of which records a page is made; then how some of them look
LOOKED_AT = 8  # rows of a page, those with the least keys
REMEMBERED = 4  # of the last pages, beside the first one
LENGTH = 16  # hex digits


def by_contents(records: Sequence[Any]) -> Print:
    """Of the first and the last records; an answer may hold the time of day besides."""
    ends = [*records[:LOOKED_AT], *records[-LOOKED_AT:]]
    plain = [astuple(each) if isinstance(each, Struct) else each for each in ends]
    told = _digest([len(records), plain])
    return [told, told]


def by_keys(records: Sequence[Any], rows: pa.Table, keys: Sequence[str]) -> Print:
    """Of the rows' business keys, in whatever order they come; by contents where fewer than two rows have one."""
    if not keys or len(rows) - rows[keys[0]].null_count < 2:
        return by_contents(records)
    known = rows.filter(pc.is_valid(rows[keys[0]])) if rows[keys[0]].null_count else rows
    (batch,) = known.combine_chunks().to_batches()
    columns = [batch[name] for name in keys]
    several = [(name, "ascending") for name in keys]
    order = pc.sort_indices(batch, several) if len(keys) > 1 else pc.array_sort_indices(columns[0])
    values = [column.take(order) for column in columns]
    if all(column[0] == column[-1] for column in values):
        return by_contents(records)
    looks = batch.take(order.slice(0, LOOKED_AT)).to_pylist()
    which = xxh3_64_hexdigest(b"".join([b"%d" % len(records), *map(_bytes, values)]))
    return [which, *(_digest(each) for each in looks)]


def _bytes(column: pa.Array) -> bytes:
    """What tells the values of a column that was just made, and has no other rows about it."""
    count = len(column)
    if pa.types.is_integer(column.type) and not column.null_count:
        return bytes(column.buffers()[1][: count * column.type.bit_width // 8])
    texts = pc.fill_null(column.cast(pa.string()), "")
    return bytes(texts.buffers()[1][: 4 * (count + 1)]) + bytes(texts.buffers()[2] or b"")


def same(one: Print, other: Print) -> bool:
    """Whether two pages are one: of the same records, and one of those at least looks the same.

    Where all look otherwise, the source may well give another version of each: readings of the same meters, say.
    """
    return one[:1] == other[:1] and not set(one[1:]).isdisjoint(other[1:])


def remembered(prints: Sequence[Print], another: Print) -> list[Print]:
    """What is kept of the pages before: the first one, to which a source may go back at its end, and the last ones."""
    kept = [*prints, another]
    return kept if len(kept) <= REMEMBERED + 1 else [kept[0], *kept[-REMEMBERED:]]


def _digest(value: Any) -> str:
    return hashlib.sha256(json_text.dumps(value).encode()).hexdigest()[:LENGTH]
