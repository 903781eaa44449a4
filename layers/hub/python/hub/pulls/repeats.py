"""Which rows a pull has staged already: eight bytes a row are remembered, and whoever is doubted is looked up."""

from binascii import unhexlify
from collections.abc import Callable, Mapping
from functools import reduce
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc

HEX = 32  # characters of a hash


class Staged:
    """The record hashes that a pull has staged, by batch. `read` gives those of a batch again."""

    def __init__(self, read: Callable[[int], pa.Array]) -> None:
        self._read = read
        self._prefixes: dict[int, pa.Array] = {}

    def add(self, batch: int, hashes: pa.Array) -> None:
        self._prefixes[batch] = prefixes(hashes)

    def knows(self, hashes: pa.Array, beginnings: pa.Array) -> pa.Array:
        """Whether each hash is staged. Two hashes may begin alike, so the batches that seem to have one are read."""
        nowhere = pa.repeat(pa.scalar(False), len(hashes))
        hit = batches_with(self._prefixes, beginnings)
        return reduce(pc.or_, (pc.is_in(hashes, value_set=self._read(batch)) for batch in hit), nowhere)


def batches_with(remembered: Mapping[int, pa.Array], hashes: pa.Array) -> list[int]:
    """The batches that seem to have any of the hashes. remembered: what is kept of each batch."""
    if not remembered or not len(hashes):
        return []
    # The remembered ones are many and the batch is small, so the batch is what is kept in a hash table.
    found = pc.is_in(pa.chunked_array(list(remembered.values()), pa.uint64()), value_set=hashes)
    starts = accumulate((len(each) for each in remembered.values()), initial=0)
    return [
        batch
        for (batch, each), start in zip(remembered.items(), starts, strict=False)
        if pc.any(found.slice(start, len(each))).as_py()
    ]


def again(values: pa.Array) -> pa.Array:
    """Whether each value stands above it already."""
    distinct = values.dictionary_encode()
    if len(distinct.dictionary) == len(values):
        return pa.repeat(pa.scalar(False), len(values))
    first: dict[int, int] = {}
    found = [first.setdefault(value, at) != at for at, value in enumerate(distinct.indices.to_pylist())]
    return pa.array(found, pa.bool_())


def hashes_again(hashes: pa.Array, beginnings: pa.Array) -> pa.Array:
    """The same of hashes, whose first bytes mostly tell."""
    found = again(beginnings)
    return again(hashes) if pc.any(found).as_py() else found


def short_hashes(texts: pa.Array) -> pa.Array:
    """Eight bytes for each text, the same within one process only."""
    return pa.array([hash(text) for text in texts.to_pylist()], pa.int64()).view(pa.uint64())


def prefixes(hashes: pa.Array) -> pa.Array:
    """The first eight bytes of each hash, as a number. hashes: texts of HEX digits, none of them null."""
    count, size = len(hashes), HEX // 2
    digits = hashes.buffers()[2]
    if not count or digits is None:
        return pa.array([], pa.uint64())
    whole = pa.py_buffer(unhexlify(digits.slice(HEX * hashes.offset, HEX * count)))
    firsts = pc.binary_slice(pa.FixedSizeBinaryArray.from_buffers(pa.binary(size), count, [None, whole]), 0, 8)
    return pa.UInt64Array.from_buffers(pa.uint64(), count, [None, firsts.buffers()[1]])
