"""Engines that break one law each, for the storm to catch. A worker process installs one; the product has no switch."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hub.pulls import engine, stage
from hub.pulls.catalogue import Catalogue
from hub.pulls.deletions import Deletions
from hub.pulls.ledger import Counts, settle
from hub.pulls.memory import Memory
from hub.pulls.objects import Objects
from hub.pulls.repeats import again
from hub.pulls.store import PullStore
from hub.quality import Refined
from hub.sources.rest import Rest
from hub.sources.sql import Sql


@dataclass(frozen=True)
class Engine:
    """law: what it breaks. install: puts it into this process."""

    law: str
    install: Callable[[], None]


def _boundary() -> None:
    """Asks for what changed after the last change that it saw, where it shall ask from there, less the overlap."""

    def since(self: Rest, cursor: Any) -> datetime | None:
        seen = (cursor or {}).get("changed")
        return datetime.fromisoformat(seen) + timedelta(microseconds=1) if seen else None

    Rest._since = since
    base = Sql._base

    def after(self: Sql, database: Any, cursor: Any) -> list[str]:
        return [condition.replace(" >= ", " > ") for condition in base(self, database, cursor)]

    Sql._base = after


def _twice_after_a_lost_answer() -> None:
    """Adds a batch to its pull again when the answer to the first time did not come."""
    commit = PullStore.commit

    def insisting(self: PullStore, lease: Any, pull: Any, batch: int, item: Any, counts: Counts, until: int) -> None:
        known = [each["sk"] for each in self.batches(pull.pull_id)]
        commit(self, lease, pull, batch, item, counts, until)
        if known and batch % 2 == 0:  # as if the answer had been lost
            self._table.update_item(
                Key={"pk": f"data_set#{lease.data_set}", "sk": f"pull#{pull.pull_seq:08d}"},
                UpdateExpression="ADD received :received, staged :staged, batches :one",
                ExpressionAttributeValues={":received": counts.received, ":staged": counts.staged, ":one": 1},
            )

    PullStore.commit = insisting


def _publishes_early() -> None:
    """Registers the partition with the first batch."""
    commit = engine._Work._commit

    def visible(self: Any, pieces: Any) -> None:
        commit(self, pieces)
        self._engine.catalogue.ensure_table(self._pull.source, self._pull.data_set, self._rules)
        self._engine.catalogue.publish(self._pull, self._rules)

    engine._Work._commit = visible


def _forgets_quarantine() -> None:
    """Counts refused rows, and keeps only the first of them."""
    keep = Objects.quarantine
    Objects.quarantine = lambda self, pull, batch, lines: keep(self, pull, batch, lines[:1])


def _swallows_bad_rows() -> None:
    """Refused rows were never there."""
    settle_batch = engine.settle_batch

    def silent(*given: Any) -> Any:
        outcome = settle_batch(*given)
        counts = outcome.counts
        fewer = replace(counts, received=counts.received - counts.quarantined, quarantined=0)
        return replace(outcome, counts=fewer, quarantined=[])

    engine.settle_batch = silent


def _fails_a_batch_for_one_row() -> None:
    """One bad value costs all rows of its batch."""
    refine = stage.refine

    def strict(*given: Any) -> Refined:
        refined = refine(*given)
        for failures in list(refined.rejected.values())[:1]:
            for at in range(len(refined.rows)):
                refined.rejected.setdefault(at, failures)
        return refined

    stage.refine = strict


def _believes_totals() -> None:
    """Publishes whatever the source declares."""
    engine.settle = lambda batches, declared: settle(batches, None)


def _no_fence() -> None:
    """Whoever once had the lease goes on writing."""
    transact = PullStore._transact

    def unconditional(self: PullStore, lease: Any, *given: Any, **more: Any) -> None:
        client = self._table.meta.client
        write = client.transact_write_items

        def bare(TransactItems: list[dict[str, Any]]) -> Any:
            for step in TransactItems:
                for each in step.values():
                    each.pop("ConditionExpression", None)
                    if "UpdateExpression" in each and ":fence" in each.get("ExpressionAttributeValues", {}):
                        del each["ExpressionAttributeValues"][":fence"]
                        each["ExpressionAttributeValues"] or each.pop("ExpressionAttributeValues")
            return write(TransactItems=TransactItems)

        client.transact_write_items = bare
        try:
            transact(self, lease, *given, **more)
        finally:
            client.transact_write_items = write

    PullStore._transact = unconditional
    PullStore.renew = lambda self, lease, until: None


def _starts_again() -> None:
    """Begins at the first page after a crash, and does not know what it has staged."""
    batches = engine._Work._batches

    def from_the_start(self: Any, source: Any) -> Iterator[Any]:
        done, self._done = self._done, []
        found = batches(self, source)
        first = next(found, None)
        self._done = done
        if first:
            yield first
        yield from found

    engine._Work._batches = from_the_start
    Memory.rebuild = lambda self: None


def _skips_a_page() -> None:
    """Goes on one page too late after a crash."""
    batches = engine._Work._batches

    def behind(self: Any, source: Any) -> Iterator[Any]:
        found = batches(self, source)
        if self._done:
            next(found, None)
        yield from found

    engine._Work._batches = behind


def _forgets_what_is_staged() -> None:
    """A worker that goes on stages rows again that an earlier one has staged."""
    Memory.rebuild = lambda self: None


def _drops_late_rows() -> None:
    """Takes a row that changed before the cursor for one that is known, and the source's total for too high."""
    pieces, read = Rest.pieces, Rest._read

    def begun(self: Any, cursor: Any, position: Any) -> Iterator[Any]:
        self.seen, self.dropped = (cursor or {}).get("changed", ""), 0
        return pieces(self, cursor, position)

    def later(self: Any, *given: Any) -> Any:
        found = read(self, *given)
        page = found.page
        moments = [str(moment).replace("Z", ".000000Z") for moment in page.table["updated_at"].to_pylist()]
        kept = pa.array([moment >= self.seen for moment in moments], pa.bool_())
        few = len(kept) - kept.true_count
        self.dropped += few
        told = page.declared and page.declared - self.dropped
        fewer = replace(page, table=page.table.filter(kept), rows=page.rows - few, declared=told)
        return replace(found, page=fewer)

    Rest.pieces, Rest._read = begun, later


def _first_version_wins() -> None:
    """Of two versions of a record in one batch it keeps the one that came first."""
    without_repeats = stage._without_repeats

    def by_key(rows: pa.Table, memory: Memory) -> Any:
        rest, repeated = without_repeats(rows, memory)
        return rest.filter(pc.invert(again(rest["_record_key"].combine_chunks()))), repeated

    stage._without_repeats = by_key


def _moves_the_cursor_early() -> None:
    """Remembers the cursor with each batch, so that a pull that is given up takes its rows with it."""
    commit = engine._Work._commit

    def moved(self: Any, pieces: Any) -> None:
        commit(self, pieces)
        self._store._table.update_item(
            Key={"pk": f"data_set#{self._lease.data_set}", "sk": "state"},
            UpdateExpression="SET #cursor = :cursor",
            ExpressionAttributeNames={"#cursor": "cursor"},
            ExpressionAttributeValues={":cursor": self._done[-1]["cursor_after"]},
        )

    engine._Work._commit = moved


def _announces_nothing() -> None:
    """The event of a pull is sent by nobody."""
    engine.announce = lambda bus, pull: None


def _never_deletes() -> None:
    """What is gone from the source stays in the hub."""
    engine.Deletions = lambda *given: _Blind(Deletions(*given))


@dataclass
class _Blind:
    compared: Deletions

    def settle(self, before: str | None, batches: Sequence[Any]) -> Any:
        return self.compared.settle(None, batches)


def _overwrites() -> None:
    """Writes objects whoever has written them before."""
    from hub import aws
    from hub.pulls import keysets, objects

    def put(bucket: str, key: str, body: bytes, held: Any) -> str:
        return str(aws.client("s3").put_object(Bucket=bucket, Key=key, Body=body)["ETag"])

    objects.put = keysets.put = put


def _publishes_nothing() -> None:
    """Says that a pull is complete, and shows it to nobody."""
    Catalogue.publish = lambda self, pull, rules: None


ENGINES = {
    "boundary": Engine("rows at the very moment of the cursor are asked for again", _boundary),
    "lost answer": Engine("a page counts once, whatever answers are lost", _twice_after_a_lost_answer),
    "early": Engine("half a pull is never visible", _publishes_early),
    "quarantine": Engine("every refused row is kept", _forgets_quarantine),
    "swallowed": Engine("every row that arrives is counted", _swallows_bad_rows),
    "all for one": Engine("a bad row costs itself, not the load", _fails_a_batch_for_one_row),
    "total": Engine("a total that does not agree holds the pull", _believes_totals),
    "fence": Engine("who has lost the lease writes no more", _no_fence),
    "overwritten": Engine("what is committed stays as it is", _overwrites),
    "page 1": Engine("a pull goes on behind its last committed page", _starts_again),
    "skipped": Engine("a pull goes on at the very next page", _skips_a_page),
    "staged twice": Engine("a row that comes again is staged once", _forgets_what_is_staged),
    "late": Engine("a row that comes late is kept", _drops_late_rows),
    "first version": Engine("of a record's versions the latest counts", _first_version_wins),
    "cursor": Engine("the cursor moves with the pull's completion", _moves_the_cursor_early),
    "event": Engine("every complete pull is announced", _announces_nothing),
    "deletions": Engine("what is gone from the source is gone from the hub", _never_deletes),
    "unpublished": Engine("what is complete is visible", _publishes_nothing),
}
