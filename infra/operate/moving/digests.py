"""Hashes that do not depend on order: SHA-256 of each row or item, added up modulo 2**256.

A row's text is, for each column that is not null, in the order of the names, `name=length:value;`. Times are
microseconds since 1970 (UTC), bytes are hexadecimal, nested values JSON; a column that a row lacks counts as null.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

MODULUS = 1 << 256


class Tally:
    """How many there are, and the sum of their hashes."""

    def __init__(self) -> None:
        self.count, self._sum = 0, 0

    @property
    def digest(self) -> str:
        return f"{self._sum:064x}"

    def add(self, texts: Iterable[str]) -> None:
        total = self._sum
        for text in texts:
            total += int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
            self.count += 1
        self._sum = total % MODULUS

    def add_other(self, other: "Tally") -> None:
        self.count, self._sum = self.count + other.count, (self._sum + other._sum) % MODULUS

    def add_rows(self, rows: pa.RecordBatch | pa.Table) -> None:
        if not rows.num_rows:
            return
        parts = [_column(name, rows.column(name)) for name in sorted(rows.column_names)]
        joined = pc.binary_join_element_wise(*parts, pa.scalar("", pa.large_string()))
        self.add(joined.to_pylist())

    def add_items(self, items: Iterable[Any]) -> None:
        """Things that JSON can say."""
        self.add(json.dumps(item, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for item in items)


def _column(name: str, values: Any) -> Any:
    """`name=length:value;` of each row, empty where it is null."""
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    texts = _texts(values)
    said = pc.binary_join_element_wise(
        pc.cast(pc.utf8_length(texts), pa.large_string()), texts, pa.scalar(":", pa.large_string())
    )
    whole = pc.binary_join_element_wise(
        pa.scalar(f"{name}=", pa.large_string()),
        said,
        pa.scalar(";", pa.large_string()),
        pa.scalar("", pa.large_string()),
    )
    return pc.fill_null(whole, "")


def _texts(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_timestamp(kind):
        values = pc.cast(pc.cast(values, pa.timestamp("us", kind.tz)), pa.int64())
    elif pa.types.is_dictionary(kind):
        values = values.dictionary_decode()
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.array([None if each is None else each.hex() for each in values.to_pylist()], pa.large_string())
    elif pa.types.is_nested(kind):
        said = (None if each is None else json.dumps(each, default=str) for each in values.to_pylist())
        return pa.array(said, pa.large_string())
    return pc.cast(values, pa.large_string())
