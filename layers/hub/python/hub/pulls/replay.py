"""A replay: the open lines of a pull's quarantine, corrected or not, as the source of a new pull.

A replayed row keeps the place that it had when it was first pulled (pull, moment, batch, row), so that it is put in
order among the versions of its record as if it had passed at once: it never takes the place of a newer one.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa

from hub.config import DataSet
from hub.pulls.keysets import Index, KeySets
from hub.pulls.lines import Place
from hub.pulls.models import Pull, pull_id
from hub.pulls.quarantine import Correction, Quarantine, Quarantined, Settled, corrected
from hub.pulls.stage import Outcome
from hub.pulls.store import PullStore
from hub.sources import Piece, Position, Unreadable, json_text
from hub.sources.tables import MARKS, ORIGIN, from_records, origins

AT_ONCE = 5_000  # lines of a piece


class Replay:
    """The connector of one replay, and what its pull keeps besides what any pull keeps."""

    def __init__(self, store: PullStore, bucket: str, pull: Pull, rules: DataSet) -> None:
        assert pull.replay_of
        self._store, self._pull, self._rules = store, pull, rules
        self._quarantine = Quarantine(bucket)
        self.of = store.get(pull.replay_of)

    def pieces(self, cursor: Position | None, position: Position | None) -> Iterator[Piece]:
        """The chosen lines that are still open, behind `position`; the data set's cursor stays where it is."""
        declared = sum(1 for _ in self._open())
        behind = tuple(position["line"]) if position else (0, 0)
        waiting: list[Quarantined] = []
        for line in self._open():
            if line.place <= behind:
                continue
            if waiting and (len(waiting) == AT_ONCE or waiting[0].part != line.part):
                yield self._piece(waiting, cursor, declared, last=False)
                waiting = []
            waiting.append(line)
        if waiting:
            yield self._piece(waiting, cursor, declared, last=True)

    def write_fates(self, batch: int, pieces: Sequence[Piece], outcome: Outcome) -> str:
        """Write down which lines this batch took up, and which of them are in quarantine again."""
        again = {line["row"] for line in outcome.quarantined}
        marks = [mark for piece in pieces for mark in piece.rows[MARKS].to_pylist()]
        lines = [json_text.loads(mark.encode())["line"] for mark in marks]
        lines += [each.marks["line"] for piece in pieces for each in piece.unreadable]
        fates = [(*line, "quarantined" if at in again else "passed") for at, line in enumerate(lines, 1)]
        return self._quarantine.put_fates(self._pull, batch, fates)

    def settle(self, batches: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What the ledger shall say of the pull that was replayed, once this one is complete."""
        settled = self._quarantine.settled(self.of)
        for batch in batches:
            for number, row, fate in self._quarantine.fates(batch["replayed"]):
                settled[number, row] = Settled(by=self._pull.pull_id, fate=fate)
        return {"settled": self._quarantine.put_settled(self.of, self._pull, settled), "settled_rows": len(settled)}

    def index(self, keysets: KeySets, before: str | None, batches: Sequence[Mapping[str, Any]]) -> str | None:
        """Remember the replayed records beside those of the last fetch, so that they are missed when they are gone."""
        if before is None:
            return None
        index: Index = dict(keysets.index(before))
        for entry in (entry for batch in batches for entry in batch.get("keys", ()) if entry["key"]):
            added = {"key": entry["key"], "records": entry["records"]}
            index[entry["part"]] = [*index.get(entry["part"], ()), added]
        return keysets.put_index(index)

    @cached_property
    def _chosen(self) -> dict[Place, Correction] | None:
        """The lines that a person named, None for all."""
        return self._quarantine.asked(self.of, self._pull.replay or "").chosen()

    def _open(self) -> Iterator[Quarantined]:
        for line in self._quarantine.lines(self.of, self._store.batches(self.of.pull_id)):
            if line.settled is None and (self._chosen is None or line.place in self._chosen):
                yield line

    def _piece(self, lines: Sequence[Quarantined], cursor: Position | None, declared: int, *, last: bool) -> Piece:
        records, marks, unreadable = [], [], []
        for line in lines:
            mark = self._marks(line)
            record = corrected(line, (self._chosen or {}).get(line.place), self._rules)
            if record is None and "superseded" not in mark:
                reason = line.failures[0]["reason"] if line.failures else "cannot be taken apart"
                unreadable.append(Unreadable(line.text or "", reason, mark))
            else:
                records.append(record or {})
                marks.append(mark)
        rows, _ = from_records(records, self._rules)
        if not self._rules.keys.business:
            rows = rows.append_column(ORIGIN, pa.array([mark["origin"] for mark in marks], pa.string()))
        rows = rows.append_column(MARKS, pa.array([json_text.dumps(mark) for mark in marks], pa.string()))
        position = {"line": list(lines[-1].place)}
        return Piece(
            rows, b"", "json", position, cursor or {}, declared, tuple(unreadable), last=last, part=lines[0].part
        )

    def _marks(self, line: Quarantined) -> dict[str, Any]:
        of = self.of
        first = {"pull_seq": of.pull_seq, "pulled_at": of.started_at, "batch": line.batch, "row": line.row}
        marks: dict[str, Any] = {"line": list(line.place), "was": line.was or first, "part": line.part}
        if not self._rules.keys.business:
            marks["origin"] = line.origin or self._origin(line)
        if self._superseded(line.part, marks["was"]["pull_seq"]):
            marks["superseded"] = True
        return marks

    def _origin(self, line: Quarantined) -> str:
        """What stands for the key of a row that has none and that no object told: its pull and its number in it."""
        found: str = origins(self.of.pull_id, self._received[line.batch] + line.row, 1)[0].as_py()
        return found

    @cached_property
    def _received(self) -> dict[int, int]:
        """Batch -> the rows before it."""
        before, found = 0, {}
        for item in self._store.batches(self.of.pull_id):
            found[int(item["sk"].removeprefix("batch#"))] = before
            before += item["received"]
        return found

    def _superseded(self, part: str, since: int) -> bool:
        """Whether a later pull has read again all that the row is part of: what that one says is right."""
        return self._rules.replaces is not None and self._read_again.get(part, 0) > since

    @cached_property
    def _read_again(self) -> dict[str, int]:
        """Part -> the last complete pull that has read it, of those after the one that is replayed."""
        found: dict[str, int] = {}
        for seq in range(self.of.pull_seq + 1, self._pull.pull_seq):
            later = self._store.get(pull_id(self._pull.source, self._pull.data_set, seq))
            if later.state == "complete" and not later.replay_of:
                batches = self._store.batches(later.pull_id)
                parts = {entry["part"] for batch in batches for entry in batch.get("keys", ())}
                found |= dict.fromkeys(parts | ({""} if self._rules.replaces == "data_set" else set()), seq)
        return found
