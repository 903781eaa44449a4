"""Tokens and fingerprints of rows. Tokens hide (HMAC-SHA-256 under the hub's key); hashes only compare."""

import hashlib
import hmac
from binascii import hexlify
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat

import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh3_128_digest

from hub.quality.cast import as_text

PART = "\x1f"
TOKEN_CHARACTERS = 32
BLOCK = 64  # bytes that SHA-256 takes at once
SAMPLE = 1000  # rows that tell whether keys repeat
AT_ONCE = 4096


def token(key: bytes, source: str, entity: str, *parts: str) -> str:
    """The token of one record: 32 hex characters of HMAC-SHA-256 over `source|entity|parts`."""
    return hmac.digest(key, f"{source}|{entity}|{PART.join(parts)}".encode(), "sha256").hex()[:TOKEN_CHARACTERS]


def tokens(key: bytes, source: str, entity: str, parts: Sequence[pa.Array]) -> pa.Array:
    """The token of each row of key columns; null where a part is. Values that repeat are worked out once."""
    joined = pc.binary_join_element_wise(*[as_text(part) for part in parts], PART)
    named = pa.scalar(f"{source}|{entity}|")
    sample = joined.slice(0, SAMPLE)
    if not joined.null_count and len(sample.unique()) == len(sample):
        return _hex(_hmacs(key, pc.binary_join_element_wise(named, joined, "")), len(joined))
    distinct = joined.dictionary_encode()
    made = _hmacs(key, pc.binary_join_element_wise(named, distinct.dictionary, ""))
    return pc.take(_hex(made, len(distinct.dictionary)), distinct.indices)


def _hmacs(key: bytes, messages: pa.Array) -> bytes:
    """The first half of each HMAC-SHA-256, as in `token`, one behind the other. The key is taken in once and copied.

    That takes a third of the time of hmac.digest per row.
    """
    block = (key if len(key) <= BLOCK else hashlib.sha256(key).digest()).ljust(BLOCK, b"\0")
    begin_inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block)).copy
    begin_outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block)).copy

    def hmac_of(message: bytes) -> bytes:
        inner, outer = begin_inner(), begin_outer()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()

    digests = _each(messages.cast(pa.binary()), lambda some: map(hmac_of, some))
    whole = pa.FixedSizeBinaryArray.from_buffers(pa.binary(32), len(messages), [None, pa.py_buffer(digests)])
    return bytes(pc.binary_slice(whole, 0, TOKEN_CHARACTERS // 2).buffers()[1])


def _each(values: pa.Array, digests: Callable[[list[bytes]], Iterable[bytes]]) -> bytes:
    """The digests of all values. A few rows at a time are objects of Python: they stay in the processor's cache."""
    slices = (values.slice(at, AT_ONCE).to_pylist() for at in range(0, len(values), AT_ONCE))
    return b"".join(b"".join(digests(each)) for each in slices)


def seed(key: bytes) -> int:
    """What record hashes begin with: nobody without the hub's key can make two rows that look alike."""
    return int.from_bytes(hmac.digest(key, b"record hash", "sha256")[:8])


def record_hashes(columns: Sequence[pa.Array], seed: int) -> pa.Array:
    """A fingerprint of each row's values: equal rows alike, and no two ways to split the same text alike.

    A row's bytes are which of its values are there, the values of fixed width, and the length and bytes of each text;
    their hash is XXH3 of 128 bits, which takes a quarter of the time of SHA-256.
    """
    flat = [column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column for column in columns]
    framed = [_present(flat[at : at + 63]) for at in range(0, len(flat), 63)]
    for column in flat:
        framed += _framed(column)
    rows = pc.binary_join_element_wise(*framed, b"")
    return _hex(_each(rows, lambda some: map(xxh3_128_digest, some, repeat(seed))), len(rows))


def _present(columns: Sequence[pa.Array]) -> pa.Array:
    """One bit per column, whether the row has a value there, as eight bytes."""
    always = sum(1 << at for at, column in enumerate(columns) if not column.null_count)
    bits = pa.repeat(pa.scalar(always, pa.int64()), len(columns[0]))
    for at, column in enumerate(columns):
        if column.null_count:
            bits = pc.add(bits, pc.if_else(pc.is_valid(column), 1 << at, 0))
    return _bytes(bits)


def _framed(column: pa.Array) -> list[pa.Array]:
    """A column as bytes that no neighbour's can be taken for."""
    kind = column.type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_floating(kind):
        column = pc.add(column, 0.0)  # not every source keeps the sign of -0.0
    elif not pa.types.is_primitive(kind) and not pa.types.is_decimal(kind):
        text = pc.fill_null(as_text(column), "").cast(pa.binary())
        return [_bytes(pc.binary_length(text)), text]
    return [pc.fill_null(_bytes(column), b"")]


def _bytes(column: pa.Array) -> pa.Array:
    return column.view(pa.binary(column.type.bit_width // 8)).cast(pa.binary())


def _hex(digests: bytes, count: int) -> pa.Array:
    """Digests of sixteen bytes in hex; made as one text, which is quicker than a text for each."""
    ends = pa.arange(0, TOKEN_CHARACTERS * count + 1, TOKEN_CHARACTERS).cast(pa.int32())
    return pa.StringArray.from_buffers(count, ends.buffers()[1], pa.py_buffer(hexlify(digests)))
