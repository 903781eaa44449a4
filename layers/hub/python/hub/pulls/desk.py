"""What people see and ask of sources and pulls."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from hub import config
from hub.config import DataSet
from hub.errors import Conflict, InvalidInput, NotFound
from hub.pulls.models import Pull, PullRequest, PullTask, pull_id
from hub.pulls.store import PullStore
from hub.pulls.sweep import enqueue
from hub.settings import SourcesSettings


class DataSetView(BaseModel):
    """A data set as the console shows it. schedule: EventBridge's expression; last_pull: the latest begun."""

    name: str
    description: str
    schedule: str | None
    time_zone: str | None
    importance: str
    entities: list[str]
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

    def pulls(self, source: str | None, data_set: str | None, after: tuple[str, ...] | None, limit: int) -> list[Pull]:
        """The latest first; `after` is (started_at, pull_id) of the last one seen."""
        if source and data_set and self._find(source, data_set) is None:
            return []
        return self._store.newest_first(source, data_set, after, limit)

    def pull(self, asked: str) -> Pull:
        return self._store.get(asked)

    def start(self, request: PullRequest, asked_by: str) -> Asked:
        """Queue a pull; Conflict while one is at work, so that asking twice fetches once."""
        if self._find(request.source, request.data_set) is None:
            raise InvalidInput(f"There is no data set {request.source}.{request.data_set}")
        state = self._store.state(f"{request.source}.{request.data_set}")
        if state.get("lease_until", 0) > datetime.now(UTC).timestamp():
            raise Conflict(f"{request.source}.{request.data_set} is being pulled at this moment")
        task = PullTask(source=request.source, data_set=request.data_set, asked_by=asked_by)
        enqueue(self._settings.pull_queue_url, task)
        return Asked(source=request.source, data_set=request.data_set)

    def _view(self, source: str, name: str, rules: DataSet) -> DataSetView:
        state = self._store.state(f"{source}.{name}")
        return DataSetView(
            name=name,
            description=rules.description,
            schedule=rules.frequency.expression,
            time_zone=rules.frequency.time_zone or self._deployment.hub.time_zone,
            importance=rules.frequency.importance,
            entities=list(rules.entity),
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
