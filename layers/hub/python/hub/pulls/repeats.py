"""Which rows a pull has staged already: some bytes a row are remembered, and whoever is doubted is looked up."""

from binascii import unhexlify
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

HEX = 32  # characters of a hash
MOST = 2_000_000  # rows that are remembered wherever they lie


class Span(NamedTuple):
    """The least and the greatest value of a batch's first key column."""

    least: Any
    greatest: Any


@dataclass(slots=True)
class _Batch:
    """span: None where values cannot be compared. hashes, records: beginnings; None where they are forgotten."""

    span: Span | None
    hashes: pa.Array | None
    records: pa.Array | None


class Staged:
    """The rows that a pull has staged, by batch: eight bytes of each record hash, and of each record key.

    read: gives the record hashes and the record keys of a batch again. Where rows come in the order of their keys, only
    the batches that may have the same keys are looked through. What lies apart from all others is not remembered, and
    read again if that changes.
    """

    def __init__(self, read: Callable[[int], tuple[pa.Array, pa.Array]]) -> None:
        self._read = read
        self._batches: dict[int, _Batch] = {}
        self._compares = True

    def add(self, batch: int, hashes: pa.Array, records: pa.Array, values: pa.Array | None = None) -> None:
        """values: of the first key column."""
        here = span(values)
        if here and not any(_meet(here, each.span) for each in self._batches.values()):
            self._batches[batch] = _Batch(here, None, None)
            return
        self._batches[batch] = _Batch(here, prefixes(hashes), prefixes(records) if self._compares else None)
        if self._kept() > MOST:
            self._forget()

    def repeats(self, hashes: pa.Array, values: pa.Array | None = None) -> tuple[pa.Array, pa.Array]:
        """Whether each hash is staged, and whether it stands above in the same batch.

        Two hashes may begin alike, so the batches that seem to have one are read.
        """
        nowhere = pa.repeat(pa.scalar(False), len(hashes))
        near = {batch: each.hashes for batch, each in self._near(values).items() if each.hashes is not None}
        if not near and rising(values):
            return nowhere, nowhere
        beginnings = prefixes(hashes)
        hit = batches_with(near, beginnings)
        known = reduce(pc.or_, (pc.is_in(hashes, value_set=self._read(batch)[0]) for batch in hit), nowhere)
        return known, hashes_again(hashes, beginnings)

    def versions(self, records: pa.Array, values: pa.Array | None = None) -> int | None:
        """How many of the records come again, in the same batch or after an earlier one; None where too many are new.

        With random keys, to compare beyond MOST rows would cost as much memory again as the hashes.
        """
        if not self._compares:
            return None
        near = [each.records for each in self._near(values).values() if each.records is not None]
        if not near and rising(values):
            return 0
        beginnings = prefixes(records)
        remembered = pa.chunked_array(near, pa.uint64())
        earlier = remembered.filter(pc.is_in(remembered, value_set=beginnings))
        return pc.sum(pc.or_(again(beginnings), pc.is_in(beginnings, value_set=earlier))).as_py() or 0

    def _near(self, values: pa.Array | None) -> dict[int, _Batch]:
        """The batches among whose keys the values may lie."""
        here = span(values)
        near = {batch: each for batch, each in self._batches.items() if _meet(each.span, here)}
        for batch, each in near.items():
            if each.hashes is None:
                hashes, records = self._read(batch)
                each.hashes, each.records = prefixes(hashes), prefixes(records)
        return near

    def _kept(self) -> int:
        return sum(len(each.hashes) for each in self._batches.values() if each.hashes is not None)

    def _forget(self) -> None:
        """The batches among whose keys no other batch lies; where that is not enough, which records there were."""
        for batch, each in self._batches.items():
            others = (other.span for at, other in self._batches.items() if at != batch)
            if each.hashes is not None and not any(_meet(each.span, other) for other in others):
                each.hashes = each.records = None
        if self._kept() > MOST:
            self._compares = False
            for each in self._batches.values():
                each.records = None


def span(values: pa.Array | None) -> Span | None:
    """Of whole numbers or texts. Of other types a batch and its staged form may differ by what staging cuts off."""
    if values is None or not len(values) or values.null_count:
        return None
    if not (pa.types.is_integer(values.type) or pa.types.is_string(values.type)):
        return None
    ends = pc.min_max(values)
    return Span(ends["min"].as_py(), ends["max"].as_py())


def rising(values: pa.Array | None) -> bool:
    """Whether each value is greater than the one before, so that none comes twice."""
    if values is None or span(values) is None:
        return False
    return pc.all(pc.greater(values.slice(1), values.slice(0, len(values) - 1))).as_py() is not False


def _meet(one: Span | None, other: Span | None) -> bool:
    return one is None or other is None or (one.least <= other.greatest and other.least <= one.greatest)


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
