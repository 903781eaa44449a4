"""What people see and ask of sources and pulls."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from hub import config
from hub.config import DataSet
from hub.config.reasons import Reason
from hub.errors import Conflict, InvalidInput, NotFound
from hub.pulls.due import timetable
from hub.pulls.freshness import Freshness, judged
from hub.pulls.models import Decision, Pull, PullRequest, PullTask, parts, pull_id
from hub.pulls.store import Lease, PullStore, iso
from hub.pulls.sweep import enqueue
from hub.pulls.turns import waits
from hub.settings import SourcesSettings

Chosen = str | None  # what narrows a list


class DataSetView(BaseModel):
    """A data set as the console shows it. schedule: EventBridge's expression; last_pull: the latest begun.

    frequency: its class. on_holidays: what becomes of a pull on a day off. history: whether all versions are kept.
    """

    name: str
    description: str
    schedule: str | None
    time_zone: str | None
    frequency: str
    on_holidays: str
    importance: str
    freshness: Freshness
    entities: list[str]
    history: bool
    paused: bool
    last_pull: Pull | None


class SourceView(BaseModel):
    name: str
    description: str
    owner: str
    connector: str
    trust: int
    data_sets: list[DataSetView]


class DataSetChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    paused: bool


class Asked(BaseModel):
    """A pull that was asked for; it begins when a worker takes it up."""

    source: str
    data_set: str
    state: str = "queued"


class DecisionRequest(BaseModel):
    """Why a held pull is released or abandoned. The audit log keeps it, so it names no person."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


@dataclass(frozen=True)
class Wanted:
    """Which pulls: of a source, of a data set, other tries of a pull's rows."""

    source: Chosen = None
    data_set: Chosen = None
    replay_of: Chosen = None


class Desk:
    def __init__(self, settings: SourcesSettings) -> None:
        self._deployment, self._settings = config.read(settings.hub_home), settings
        self._store = PullStore(settings.control_table)

    def sources(self) -> list[SourceView]:
        return [
            SourceView(
                name=source.name,
                description=source.description,
                owner=source.owner,
                connector=source.connector,
                trust=source.trust,
                data_sets=[self._view(source.name, name, rules) for name, rules in source.data_sets.items()],
            )
            for source in self._deployment.sources.values()
        ]

    def pause(self, source: str, data_set: str, paused: bool) -> DataSetView:
        rules = self._rules(source, data_set)
        self._store.pause(f"{source}.{data_set}", paused)
        return self._view(source, data_set, rules)

    def pulls(self, wanted: Wanted, after: tuple[str, ...] | None, limit: int) -> list[Pull]:
        """The latest first; `after` is (started_at, pull_id) of the last one seen."""
        source, data_set = wanted.source, wanted.data_set
        if wanted.replay_of:
            try:
                of_source, of_set, _ = parts(wanted.replay_of)
            except ValueError:
                return []
            if (source or of_source, data_set or of_set) != (of_source, of_set):
                return []
            source, data_set = of_source, of_set
        if source and data_set and self._find(source, data_set) is None:
            return []
        return self._store.newest_first(source, data_set, after, limit, wanted.replay_of)

    def pull(self, asked: str) -> Pull:
        return self._store.get(asked)

    def start(self, request: PullRequest, asked_by: str) -> Asked:
        """Queue a pull; Conflict while one is at work, so that asking twice fetches once."""
        if self._find(request.source, request.data_set) is None:
            raise InvalidInput(f"There is no data set {request.source}.{request.data_set}")
        state = self._store.state(f"{request.source}.{request.data_set}")
        if state.get("lease_until", 0) > datetime.now(UTC).timestamp():
            raise Conflict(f"{request.source}.{request.data_set} is being pulled at this moment")
        self._none_waits(request, state.get("running_pull"))
        task = PullTask(source=request.source, data_set=request.data_set, asked_by=asked_by)
        enqueue(self._settings.pull_queue_url, task)
        return Asked(source=request.source, data_set=request.data_set)

    def _none_waits(self, request: PullRequest, running: int | None) -> None:
        if running is None:
            return
        pull = self._store.get(pull_id(request.source, request.data_set, running))
        if waits(pull, self._rules(request.source, request.data_set)):
            raise Conflict(f"{pull.pull_id} is held; release or abandon it first")

    def release(self, asked: str, why: str, by: str) -> Pull:
        """Let a held pull pass its gate and queue it; as it stands, if that was decided before."""
        pull = self._store.get(asked)
        if pull.state != "held" and pull.released and pull.state != "abandoned":
            return pull
        lease, pull = self._lease_on_held(pull, by)
        if pull.held_by is None:
            self._store.renew(lease, 0)
            raise Conflict(f"{asked} cannot be released: {pull.reason}. Abandon it; the next pull fetches again")
        self._store.decide(lease, pull, self._decision("released", by, why))
        enqueue(self._settings.pull_queue_url, PullTask(source=pull.source, data_set=pull.data_set, pull_id=asked))
        return self._store.get(asked)

    def abandon(self, asked: str, why: str, by: str) -> Pull:
        """Throw a held pull away, so that the next one begins from the same cursor; as it stands, if it was before."""
        pull = self._store.get(asked)
        if pull.state == "abandoned":
            return pull
        lease, pull = self._lease_on_held(pull, by)
        self._store.decide(lease, pull, self._decision("abandoned", by, why))
        return self._store.get(asked)

    def _lease_on_held(self, pull: Pull, by: str) -> tuple[Lease, Pull]:
        """The lease of the pull's data set and the pull as it is under it; Conflict if that is not held."""
        if pull.state == "held":
            lease = self._store.acquire(f"{pull.source}.{pull.data_set}", by, int(datetime.now(UTC).timestamp()))
            if lease is None:
                raise Conflict(f"A worker is at {pull.source}.{pull.data_set} at this moment; ask again in a minute")
            pull = self._store.get(pull.pull_id)
            if pull.state == "held":
                return lease, pull
            self._store.renew(lease, 0)
        raise Conflict(f"{pull.pull_id} is {pull.state}; only a held pull is decided by a person")

    def _decision(self, what: Literal["released", "abandoned"], by: str, why: str) -> Decision:
        return Decision(what=what, by=by, at=iso(datetime.now(UTC)), why=why)

    def _view(self, source: str, name: str, rules: DataSet) -> DataSetView:
        state = self._store.state(f"{source}.{name}")
        times = timetable(rules.frequency, self._deployment.hub)
        return DataSetView(
            name=name,
            description=rules.description,
            schedule=rules.frequency.expression,
            time_zone=rules.frequency.time_zone or self._deployment.hub.time_zone,
            frequency=rules.frequency.class_,
            on_holidays=rules.frequency.on_holidays,
            importance=rules.frequency.importance,
            freshness=judged(state, rules.frequency, times, datetime.now(UTC)),
            entities=list(rules.entity),
            history=rules.history,
            paused=bool(state.get("paused")),
            last_pull=self._last(source, name, state),
        )

    def _last(self, source: str, name: str, state: dict[str, Any]) -> Pull | None:
        seq = int(state.get("next_seq", 1)) - 1
        return self._store.get(pull_id(source, name, seq)) if seq else None

    def _find(self, source: str, data_set: str) -> DataSet | None:
        manifest = self._deployment.sources.get(source)
        return manifest.data_sets.get(data_set) if manifest else None

    def _rules(self, source: str, data_set: str) -> DataSet:
        rules = self._find(source, data_set)
        if rules is None:
            raise NotFound(f"There is no data set {source}.{data_set}")
        return rules
