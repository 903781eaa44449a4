"""What a worker remembers of its pull's committed batches: eight bytes a row, and whoever is doubted is looked up."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hub.config import DataSet
from hub.pulls.objects import Objects
from hub.pulls.references import Known
from hub.pulls.repeats import Staged, batches_with, short_hashes
from hub.quality import as_text

KEY = "_record_key"
ROW = ["at", "text", "key", "stands"]


class Taken:
    """Which record has each value of a column. `read` gives a batch's values and record keys again."""

    def __init__(self, read: Callable[[int], pa.Table]) -> None:
        self._read = read
        self._hashes: dict[int, pa.Array] = {}

    def add(self, batch: int, values: pa.Array) -> None:
        self._hashes[batch] = short_hashes(as_text(values.drop_null()))

    def by_others(self, values: pa.Array, keys: pa.Array, standing: pa.Array) -> pa.Array:
        """Whether each value is another record's: of an earlier batch, or of a row above that stands.

        A record that comes again, changed or not, keeps its own values. A row that does not stand keeps none.
        """
        texts = as_text(values)
        holders = self._earlier(texts.drop_null())
        counted = pc.value_counts(texts.drop_null())
        repeated = counted.field("values").filter(pc.greater(counted.field("counts"), 1))
        doubted = pc.or_(pc.is_in(texts, repeated), pc.is_in(texts, pa.array(list(holders), pa.string())))
        rows = pa.table([pc.indices_nonzero(doubted), *(each.filter(doubted) for each in (texts, keys, standing))], ROW)
        taken = []
        for at, text, key, stands in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            if (holders.setdefault(text, key) if stands else holders.get(text, key)) != key:
                taken.append(at)
        return pc.is_in(pa.arange(0, len(values)), pa.array(taken, pa.int64()))

    def _earlier(self, texts: pa.Array) -> dict[str, str]:
        """Value -> record, for those of the values that an earlier batch has."""
        holders: dict[str, str] = {}
        for batch in batches_with(self._hashes, short_hashes(texts)):
            table = self._read(batch)
            table = table.filter(pc.is_in(table[0], texts))
            for text, key in zip(table[0].to_pylist(), table[1].to_pylist(), strict=True):
                holders.setdefault(text, key)
        return holders


class Memory:
    """All that is remembered of one pull's committed batches.

    known: by column, the keys of the data set that it refers to. kinds: what earlier pulls gave, see `drift`.
    """

    def __init__(
        self, rules: DataSet, objects: Objects, done: Sequence[Mapping[str, Any]], kinds: Mapping[str, list[str]]
    ) -> None:
        self._objects, self._done = objects, done
        self.key = next(iter(rules.keys.business), None)
        self.staged = Staged(self._hashes)
        self.known: Mapping[str, Known] = {}
        self.kinds = kinds
        self.taken = {column: Taken(self._reader(column)) for column in unique_columns(rules).values()}

    def rebuild(self) -> None:
        """From what earlier workers of the pull have committed."""
        for number, each in enumerate(self._done, 1):
            if each.get("staging"):
                columns = [*(["_record_hash", KEY, self.key] if self.key else []), *self.taken]
                if columns:
                    self.add(number, self._objects.columns(each["staging"]["key"], list(dict.fromkeys(columns))))

    def add(self, batch: int, staged: pa.Table) -> None:
        """Remember the rows of a batch that is committed."""
        if not len(staged):
            return
        if self.key:
            self.staged.add(batch, *(staged[name].combine_chunks() for name in ("_record_hash", KEY, self.key)))
        for column, taken in self.taken.items():
            taken.add(batch, staged[column].combine_chunks())

    def versions(self, rows: pa.Table) -> dict[str, int]:
        """How many of the rows to stage are another version of a record."""
        values = rows[self.key].combine_chunks() if self.key else None
        count = self.staged.versions(rows[KEY].combine_chunks(), values)
        return {"not compared with earlier versions": len(rows)} if count is None else {"another version": count}

    def _hashes(self, batch: int) -> tuple[pa.Array, pa.Array]:
        hashes, records = self._columns(batch, ["_record_hash", KEY])
        return hashes.combine_chunks(), records.combine_chunks()

    def _reader(self, column: str) -> Callable[[int], pa.Table]:
        def read(batch: int) -> pa.Table:
            table = self._columns(batch, [column, KEY])
            return pa.table({column: as_text(table[column].combine_chunks()), KEY: table[KEY]})

        return read

    def _columns(self, batch: int, columns: Sequence[str]) -> pa.Table:
        return self._objects.columns(self._done[batch - 1]["staging"]["key"], columns)


def unique_columns(rules: DataSet) -> dict[str, str]:
    """Column with the check unique -> the column whose values are compared: its standard form where there is one."""
    return {name: f"{name}_standard" if rules.columns[name].has_standard else name for name in rules.checked("unique")}
