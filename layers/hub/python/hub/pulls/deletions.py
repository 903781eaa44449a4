"""Records that are gone from a source that is read whole: found by comparing keys, marked by tombstones in staging.

A record is gone when the last complete pull had its key in a part that this pull has read again, and no row of this
pull, staged or quarantined, and no part that was not read has the key now.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hub.pulls import steps
from hub.pulls.keysets import Entry, Index, KeySets
from hub.pulls.models import Pull
from hub.pulls.objects import Objects
from hub.pulls.stage import Plan, distinct, tombstones

AT_ONCE = 500_000  # records that are compared in memory
KEY = "_record_key"


@dataclass(frozen=True, slots=True)
class Gone:
    """had: records that the parts read again had. deleted: those of them that are gone. withheld: those that may be.

    index_key: where the keys are that the next pull is compared with.
    """

    had: int = 0
    deleted: int = 0
    withheld: int = 0
    index_key: str | None = None


@dataclass(slots=True)
class _Part:
    """now: keys of the state that the pull read last. stale: keys of a state that was replaced while it was read.

    unread: rows whose key could not be read; each may be any of the records that seem to be gone.
    """

    version: str
    now: list[Entry] = field(default_factory=list)
    stale: list[Entry] = field(default_factory=list)
    unread: int = 0


class Deletions:
    """Compares one pull with the last complete one. `alive` keeps the lease while that takes its time."""

    def __init__(self, plan: Plan, pull: Pull, objects: Objects, keysets: KeySets, alive: Callable[[], None]) -> None:
        self._plan, self._pull, self._objects, self._keysets = plan, pull, objects, keysets
        self._alive = alive

    def settle(self, before: str | None, batches: Sequence[Mapping[str, Any]]) -> Gone:
        """Write tombstones and the new index. before: the last complete pull's index. batches: this pull's ledger.

        Doing it again after a crash writes the same under the same names.
        """
        last, parts = self._keysets.index(before), _parts(batches)
        index: Index = {**last, **{name: list(part.now) for name, part in parts.items()}}
        others = [entry for name, entries in last.items() if name not in parts for entry in entries]
        now = [entry for part in parts.values() for entry in part.now] + others
        was = {name: [*last.get(name, ()), *part.stale] for name, part in parts.items()}
        had = deleted = withheld = buried = stones = 0
        for number, bounds in enumerate(_ranges([now, *was.values()]), 1):
            self._alive()
            present = self._records(now, bounds)[KEY]
            sure = []
            for at, (name, entries) in enumerate(was.items(), 1):
                records = self._records(entries, bounds)
                if parts[name].unread:
                    missing = _without(records, present)
                    entry = self._keysets.write(f"withheld-{number:05d}.{at:05d}", missing)
                    index[name] = [*index[name], entry]
                    withheld += _count(missing)
                    present = pa.chunked_array([*present.chunks, *missing[KEY].chunks], pa.string())
                else:
                    sure.append(records)
            records = pa.concat_tables([self._records([], bounds), *sure])
            gone = distinct(_without(records, present))
            had, deleted = had + _count(records), deleted + _count(gone)
            if len(gone):
                stones += 1
                self._objects.bury(
                    self._pull, stones, tombstones(self._plan, self._pull, len(batches) + 1, buried, gone)
                )
                buried += len(gone)
        self._objects.unbury(self._pull, after=stones)
        steps.reached("compared")
        index_key = self._keysets.put_index(index)
        self._keysets.tidy({before or "", *(entry["key"] for entries in last.values() for entry in entries)})
        steps.reached("indexed")
        return Gone(had, deleted, withheld, index_key)

    def _records(self, entries: Sequence[Entry], bounds: tuple[str, str]) -> pa.Table:
        """The records within the bounds of their keys that nobody asked to erase."""
        schema = self._plan.key_schema
        tables = [schema.empty_table()]
        erased = pa.array(sorted(self._plan.erased), pa.string())
        for entry in entries:
            if entry["key"]:
                table = self._keysets.read(entry)
                inside = pc.and_(pc.greater_equal(table[KEY], bounds[0]), pc.less(table[KEY], bounds[1]))
                # What the manifest declares by now: an entity may have come or gone since the keys were written.
                table = table.filter(pc.and_not(inside, pc.is_in(table[KEY], erased)))
                tables.append(table.select([name for name in schema.names if name in table.column_names]))
        return pa.concat_tables(tables, promote_options="default")


def _parts(batches: Sequence[Mapping[str, Any]]) -> dict[str, _Part]:
    """What this pull has read of each part, by the ledger."""
    parts: dict[str, _Part] = {}
    for entry in (entry for batch in batches for entry in batch.get("keys", ())):
        part = parts.setdefault(entry["part"], _Part(entry["version"]))
        if part.version != entry["version"]:
            part.version, part.stale, part.now, part.unread = entry["version"], [*part.stale, *part.now], [], 0
        part.now.append({"key": entry["key"], "records": entry["records"]})
        part.unread += entry["unread"]
    return parts


def _ranges(entries: Sequence[Sequence[Entry]]) -> Iterator[tuple[str, str]]:
    """Bounds that split the keys, which are evenly spread, into ranges of at most AT_ONCE records."""
    now, *was = (sum(entry["records"] for entry in each) for each in entries)
    if not any(was):
        return
    count = min(256, -(-max(now, sum(was)) // AT_ONCE))
    marks = [f"{256 * at // count:02x}" for at in range(count)] + ["g"]  # every hex digit comes before g
    yield from pairwise(marks)


def _without(records: pa.Table, keys: pa.ChunkedArray) -> pa.Table:
    return records.filter(pc.invert(pc.is_in(records[KEY], keys)))


def _count(records: pa.Table) -> int:
    return int(pc.count_distinct(records[KEY]).as_py())
