"""The pull engine: takes the rows of one data set, a batch at a time, from its source to published staging.

A worker may die at any line. What is committed is in the ledger; the next worker goes on behind it.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from aws_lambda_powertools import Logger

from hub import aws, config
from hub.config import Deployment
from hub.errors import LeaseLost
from hub.pulls import steps, turns
from hub.pulls.announce import announce
from hub.pulls.batches import Batch, batches
from hub.pulls.catalogue import CannotPublish, Catalogue
from hub.pulls.deletions import Deletions, Gone
from hub.pulls.drift import Drift, compare
from hub.pulls.keysets import KeySets
from hub.pulls.ledger import Counts, Verdict, deletion_gate, gate, settle, told_fields
from hub.pulls.memory import Memory
from hub.pulls.models import Pull, PullTask, pull_id, waiting_replay
from hub.pulls.objects import Objects
from hub.pulls.references import References
from hub.pulls.replay import Replay
from hub.pulls.stage import Outcome, Plan, settle_batch
from hub.pulls.store import COUNTS, LEASE_SECONDS, Lease, PullStore, iso
from hub.pulls.tally import total
from hub.settings import PullSettings
from hub.sources import Connector, SourceError, connector

logger = Logger(child=True)

BATCH_BYTES = 16 * 1024 * 1024
BATCH_SECONDS = 60.0
SHORT_OF_TIME_MS = 75_000  # a batch may take a minute to fill
MOST_ATTEMPTS = 5
MOST_PULLS = 1000  # whose staged rows are looked through once, when a data set is first referred to


def build(settings: PullSettings) -> "Engine":
    """The engine of a deployed function."""
    ssm = aws.client("ssm")
    key = ssm.get_parameter(Name=settings.token_key_parameter, WithDecryption=True)["Parameter"]["Value"]
    return Engine(config.read(settings.hub_home), settings, str(key).encode())


@dataclass
class Engine:
    """Carries pulls on. `now` (epoch seconds) is for tests."""

    deployment: Deployment
    settings: PullSettings
    token_key: bytes = field(repr=False)
    now: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self._store = PullStore(self.settings.control_table)
        self._catalogue = Catalogue(self.settings.stage, self.settings.vault_bucket)

    def carry_on(self, task: PullTask, milliseconds_left: Callable[[], int], owner: str = "pull") -> Pull | None:
        """Work on the task's data set until its pull is settled or time is short; None if there is nothing to do."""
        source = self.deployment.sources.get(task.source)
        if source is None or task.data_set not in source.data_sets:
            logger.warning("no such data set; the message is from an older deployment", extra={"data_set": task.name})
            return None
        lease = self._store.acquire(task.name, owner, int(self.now()))
        if lease is None:
            logger.info("another worker is at it", extra={"data_set": task.name})
            return None
        steps.reached("leased")
        state = self._store.state(task.name)
        self._announce_last(task, state)
        pull = self._open_pull(lease, task, state)
        if pull is None:
            self._store.renew(lease, 0)
            return None
        pull = _Work(self, lease, task, pull, state).until(milliseconds_left)
        if pull.state == "complete":
            self.announce(pull, task.name)
            if pull.replay_of:  # and then what was asked for
                return self.carry_on(task, milliseconds_left, owner) or pull
        return pull

    def _announce_last(self, task: PullTask, state: dict[str, Any]) -> None:
        """Send the event that a worker died before sending."""
        if state.get("unannounced"):
            self.announce(self._store.get(state["unannounced"]), task.name)

    def _open_pull(self, lease: Lease, task: PullTask, state: dict[str, Any]) -> Pull | None:
        """The pull to work on: the one that is under way, else a new one; None where there is none to begin."""
        if state.get("paused") and not task.asked_by and not task.replay:
            return None
        running, pull = state.get("running_pull"), None
        if running is not None:
            pull = self._store.get(pull_id(task.source, task.data_set, running))
            if pull.state == "running" or (pull.state == "failed" and pull.attempts < MOST_ATTEMPTS):
                self._store.resume(lease, pull)
                return pull
        if not turns.begins(task, state, pull, self.deployment):
            return None
        if pull:
            self._store.abandon(lease, pull, turns.given_up(pull, iso(self.moment())), self.moment())
        seq, waiting = state.get("next_seq", 1), state.get("replays")
        if task.replay and not waiting:
            return None
        replay, asked_by = waiting_replay(task, waiting[0]) if waiting else (None, task.asked_by)
        now, cursor = self._later_than(state.get("begun_at")), _cursor(state)
        pull = self._store.begin(lease, seq, cursor, asked_by, now, replay)
        steps.reached("begun")
        return pull

    def announce(self, pull: Pull, data_set: str) -> None:
        announce(self.settings.event_bus, pull)
        self._store.announced(data_set, pull.pull_id)
        steps.reached("announced")

    def _later_than(self, begun: str | None) -> datetime:
        """Now, but after the moment at which the last pull began: the later pull is right, whatever the clocks say."""
        return max(self.moment(), datetime.fromisoformat(begun) + timedelta(milliseconds=1)) if begun else self.moment()

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    @property
    def store(self) -> PullStore:
        return self._store

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue


class _Work:
    """One worker's time with one pull."""

    def __init__(self, engine: Engine, lease: Lease, task: PullTask, pull: Pull, state: dict[str, Any]) -> None:
        self._engine, self._store, self._renewed = engine, engine.store, 0
        self._lease, self._task, self._pull = lease, task, pull
        self._objects = Objects(engine.settings.vault_bucket, self._renew)
        self._source = source = engine.deployment.sources[task.source]
        self._rules = source.data_sets[task.data_set]
        country, erased, undone = engine.deployment.hub.country, self._store.erased(), self._objects.undone(pull)
        self._plan = Plan(task.source, task.data_set, self._rules, engine.token_key, country, erased, undone)
        self._replay = Replay(self._store, engine.settings.vault_bucket, pull, self._rules) if pull.replay_of else None
        self._cursor = _cursor(state)
        self._keys_before: str | None = state.get("key_index")
        self._listed: dict[str, list[str]] = state.get("known", {})
        self._keysets = KeySets(engine.settings.vault_bucket, pull, self._renew)
        self._done = list(self._store.batches(pull.pull_id))
        self._memory = Memory(self._rules, self._objects, self._done, state.get("kinds", {}))
        self._references = References(engine.settings.vault_bucket, engine.token_key, source)
        self._resumed = bool(self._done) or pull.attempts > 0

    def until(self, milliseconds_left: Callable[[], int]) -> Pull:
        """Fetch, commit and settle; the pull as it stands at the end."""
        try:
            self._remember()
            fetched = self._batches(self._connect())
            while not self._ended():
                if milliseconds_left() < SHORT_OF_TIME_MS:
                    logger.info("the time is short; the sweeper passes the pull on")
                    self._store.renew(self._lease, 0)
                    return self._store.get(self._pull.pull_id)
                batch = next(fetched, None)
                if batch is None:
                    break
                self._commit(batch)
            return self._settle()
        except (SourceError, CannotPublish) as error:
            return self._failed(error.message)
        except LeaseLost:
            raise
        except Exception as error:
            self._failed(f"the hub's own failure: {type(error).__name__}; look at the log of the function `pull`")
            raise

    def _connect(self) -> Connector:
        if self._replay:
            return self._replay
        settings = self._engine.settings
        return connector(self._source, self._task.data_set, settings.vault_bucket, settings.hub_home)

    def _remember(self) -> None:
        self._memory.rebuild()
        others = {name for name, _ in self._references.needed(self._task.data_set).values()}
        states = {name: self._store.state(f"{self._task.source}.{name}") for name in sorted(others)}
        self._memory.known = self._references.for_pull(self._task.data_set, states)

    def _staged_objects(self) -> Iterator[tuple[str, str]]:
        """Key and ETag of each staged object that the ledger knows."""
        return ((each["staging"]["key"], each["staging"]["etag"]) for each in self._done if each.get("staging"))

    def _ended(self) -> bool:
        return bool(self._done and self._done[-1].get("last"))

    def _batches(self, source: Connector) -> Iterator[Batch]:
        position = json.loads(self._done[-1]["position"]) if self._done else None
        pieces = source.pieces(self._cursor, position)
        return batches(pieces, BATCH_BYTES, BATCH_SECONDS, self._engine.now, self._keep_lease)

    def _commit(self, fetched: Batch) -> None:
        """Make one batch durable: objects first, the ledger last."""
        batch = len(self._done) + 1
        if resumed := self._resumed:
            self._objects.forget_uncommitted(self._pull, batch)
            self._resumed = False
        received = sum(each["received"] for each in self._done)
        outcome = settle_batch(self._plan, self._pull, batch, fetched.pieces, self._memory, received)
        item = self._write(batch, fetched, outcome)
        if resumed:
            self._objects.take_places(self._pull, batch, item, outcome.staged.schema)
        self._renewed = int(self._engine.now())
        until = self._renewed + LEASE_SECONDS
        self._store.commit(self._lease, self._pull, batch, item, outcome.counts, until)
        self._done.append({**item, **outcome.counts.as_dict()})
        self._memory.add(batch, outcome.staged)
        steps.reached("committed")

    def _write(self, batch: int, fetched: Batch, outcome: Outcome) -> dict[str, Any]:
        """The batch's objects; what the ledger shall say of them."""
        pieces, last, landed = fetched.pieces, fetched.pieces[-1], fetched.landed
        item: dict[str, Any] = {
            "bytes": landed.size,
            "position": json.dumps(last.position),
            "cursor_after": json.dumps(last.cursor),
            "declared": last.declared,
            "last": last.last,
            "landed_at": iso(self._engine.moment()),
            **outcome.tally.as_item(),
            "new_fields": told_fields(name for piece in pieces for name in piece.new_fields),
        }
        if landed.size:
            item["landing"], item["sha256"] = self._objects.land(self._pull, batch, landed)
        steps.reached("landed")
        if len(outcome.staged):
            key, etag = self._objects.stage(self._pull, batch, outcome.staged)
            item["staging"] = {"key": key, "etag": etag}
        steps.reached("staged")
        if outcome.quarantined:
            item["quarantine"] = self._objects.quarantine(self._pull, batch, outcome.quarantined)
        if self._replay:
            item["replayed"] = self._replay.write_fates(batch, pieces, outcome)
        if outcome.fixes:
            item["fixes"] = self._objects.fixes(self._pull, batch, outcome.fixes)
        steps.reached("quarantined")
        if outcome.seen:
            item["keys"] = [
                {
                    "part": each.part,
                    "version": each.version,
                    "unread": each.unread,
                    **self._keysets.write(f"batch-{batch:05d}.{at:05d}", each.keys),
                }
                for at, each in enumerate(outcome.seen, 1)
            ]
            steps.reached("keyed")
        return item

    def _settle(self) -> Pull:
        """Publish the pull, or hold it and say why."""
        batches = [Counts(**{name: each[name] for name in COUNTS}) for each in self._done]
        declared = self._done[-1]["declared"] if self._done else None
        changes = self._totals(batches, declared)
        kinds = changes.pop("kinds")
        drift = compare(self._memory.kinds, kinds, changes["new_fields"], changes["received"])
        changes |= {"vanished_fields": drift.vanished, "changed_types": drift.changed}
        verdict = self._verdict(batches, declared, drift)
        changes |= {"balanced": settle(batches, declared).balanced, "ended_at": iso(self._engine.moment())}
        steps.reached("settled")
        gone = self._gone() if verdict.balanced else Gone()
        changes |= {"deleted": gone.deleted, "deletes_withheld": gone.withheld}
        if verdict.balanced and "deleted" not in self._pull.released:
            verdict = deletion_gate(gone.had, gone.deleted, self._rules.gate.max_deleted_percent)
        if not verdict.balanced:
            self._store.end(self._lease, self._pull, changes | verdict.as_held())
            return self._store.get(self._pull.pull_id)
        # A run reads the table of every data set with a complete pull, so an empty first pull makes one too.
        self._engine.catalogue.ensure_table(self._pull.source, self._pull.data_set, self._rules)
        if changes["staged"] or gone.deleted:
            self._engine.catalogue.publish(self._pull, self._rules)
        if any(each.get("fixes") for each in self._done):
            self._engine.catalogue.publish_fixes(self._pull)
        steps.reached("registered")
        cursor = json.loads(self._done[-1]["cursor_after"]) if self._done else self._cursor
        # What an earlier attempt met is over.
        changes |= {"state": "complete", "cursor_to": json.dumps(cursor), "error": None}
        if gone.withheld:
            changes["reason"] = (
                f"{gone.withheld} records are gone from the source but stay here: they may be among the rows whose key "
                "cannot be read (see the quarantine)"
            )
        fetched = {} if self._replay else {"known": self._known(), "kinds": {**self._memory.kinds, **kinds}}
        remembered, replayed = {"key_index": gone.index_key, **fetched}, None
        if self._replay:
            replayed = (self._replay.of, self._replay.settle(self._done))
        self._store.complete(self._lease, self._pull, changes, cursor, remembered, replayed)
        steps.reached("completed")
        return self._store.get(self._pull.pull_id)

    def _known(self) -> dict[str, list[str]]:
        """The keys that others refer to, with those of this pull."""
        columns = self._references.referred(self._pull.data_set)
        if not columns:
            return {}
        batches = (self._objects.columns(key, columns) for key, _ in self._staged_objects())
        # A data set that was pulled before anybody referred to it gives what is still staged of it.
        earlier = () if set(columns) <= self._listed.keys() else self._published(columns)
        return self._references.remember(self._pull, chain(earlier, batches), self._listed)

    def _published(self, columns: Sequence[str]) -> Iterator[Any]:
        for pull in self._store.newest_first(self._pull.source, self._pull.data_set, limit=MOST_PULLS):
            if pull.state == "complete":
                for each in self._store.batches(pull.pull_id):
                    if each.get("staging") and (
                        found := self._objects.columns_if_there(each["staging"]["key"], columns)
                    ):
                        yield found

    def _gone(self) -> Gone:
        """What is gone since the last complete pull; nothing can be where this one has read nothing whole."""
        if not any(batch.get("keys") for batch in self._done):
            return Gone()
        if self._replay:
            return Gone(index_key=self._replay.index(self._keysets, self._keys_before, self._done))
        compared = Deletions(self._plan, self._pull, self._objects, self._keysets, self._keep_lease)
        return compared.settle(self._keys_before, self._done)

    def _keep_lease(self) -> None:
        """Stay the only worker, at the price of a write now and then, not of one per page."""
        if int(self._engine.now()) >= self._renewed + LEASE_SECONDS // 6:
            self._renew()

    def _renew(self) -> None:
        self._renewed = int(self._engine.now())
        self._store.renew(self._lease, self._renewed + LEASE_SECONDS)

    def _totals(self, batches: Sequence[Counts], declared: int | None) -> dict[str, Any]:
        return {
            **sum(batches, Counts()).as_dict(),
            **total(self._done),
            "declared_by_source": declared,
            "new_fields": told_fields(name for each in self._done for name in each["new_fields"]),
        }

    def _verdict(self, batches: Sequence[Counts], declared: int | None, drift: Drift) -> Verdict:
        """May this pull be published? The first reason against it."""
        verdict = settle(batches, declared)
        if not verdict.balanced:
            return verdict
        if drift.reason and self._rules.on_drift == "hold" and not self._replay and "drift" not in self._pull.released:
            return Verdict(False, drift.reason, "drift")
        for key, etag in self._staged_objects():
            if not self._objects.is_as_committed(key, etag):
                return Verdict(False, f"{key} is not what was committed; ask who writes into the bucket")
        if self._replay or "quarantined" in self._pull.released:  # what fails again does no more harm than before
            return Verdict(True)
        return gate(sum(batches, Counts()), self._rules.gate.max_quarantined_percent)

    def _failed(self, error: str) -> Pull:
        """Write down why; what is committed stays, and the next worker goes on behind it."""
        logger.warning("the pull failed", extra={"error": error})
        changes = {
            "state": "failed",
            "error": error,
            "attempts": self._pull.attempts + 1,
            "ended_at": iso(self._engine.moment()),
        }
        self._store.end(self._lease, self._pull, changes)
        return self._store.get(self._pull.pull_id)


def _cursor(state: dict[str, Any]) -> Any:
    return json.loads(state["cursor"]) if state.get("cursor") else None
