"""What people see of quarantine and ask of it: the lines, how many break which rule, another try with corrections."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from hub import config
from hub.config import DataSet
from hub.errors import Conflict, InvalidInput, NotFound
from hub.pulls.lines import Place, place
from hub.pulls.models import Pull, PullTask, pull_id
from hub.pulls.quarantine import Asked, Correction, Quarantine, Quarantined, fields
from hub.pulls.store import PullStore
from hub.pulls.sweep import enqueue
from hub.settings import QuarantineSettings

State = Literal["open", "settled"]
MOST_BYTES = 4_000_000  # of one answer; Lambda gives at most 6 MB


class RuleCount(BaseModel):
    """How many lines break one rule. open: those that no replay took up."""

    column: str
    rule: str
    lines: int
    open: int


class Summary(BaseModel):
    """The quarantine of one pull. A line that breaks several rules counts for each of them."""

    pull_id: str
    lines: int
    open: int
    rules: list[RuleCount]


class ReplayRequest(BaseModel):
    """Which lines to try again. corrections: None for every open line with the manifest as it is now."""

    model_config = ConfigDict(extra="forbid")

    corrections: list[Correction] | None = None


class ReplayAsked(BaseModel):
    """A replay that was asked for; it begins as a pull of its own when a worker takes it up."""

    source: str
    data_set: str
    replay_of: str
    lines: int
    state: str = "queued"


class QuarantineDesk:
    def __init__(self, settings: QuarantineSettings) -> None:
        self._deployment, self._settings = config.read(settings.hub_home), settings
        self._store, self._quarantine = PullStore(settings.control_table), Quarantine(settings.vault_bucket)

    def lines(
        self, asked: str, after: tuple[str, ...] | None, limit: int, rule: str | None, state: State | None
    ) -> list[Quarantined]:
        """Up to `limit` refused rows behind (batch, row), in the order in which they came."""
        found: list[Quarantined] = []
        for line in self._behind(asked, after):
            if _wanted(line, rule, state):
                found.append(line)
            if len(found) == limit:
                break
        return found

    def summary(self, asked: str) -> Summary:
        """How many lines break which rule, and how many are open."""
        every, still = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        lines = left = 0
        for line in self._behind(asked, None):
            broken = {(each["column"], each["rule"]) for each in line.failures}
            lines += 1
            every.update(broken)
            if line.settled is None:
                left += 1
                still.update(broken)
        rules = [
            RuleCount(column=column, rule=rule, lines=count, open=still[column, rule])
            for (column, rule), count in every.most_common()
        ]
        return Summary(pull_id=asked, lines=lines, open=left, rules=rules)

    def download(self, asked: str, after: tuple[str, ...] | None) -> tuple[str, Place | None]:
        """Lines as JSON lines, as many as one answer holds, and the place to go on behind; None at the end."""
        texts: list[str] = []
        size, last = 0, (0, 0)
        for line in self._behind(asked, after):
            text = json.dumps(line.model_dump(exclude_none=True), ensure_ascii=False)
            size += len(text.encode()) + 1
            if texts and size > MOST_BYTES:
                return "".join(texts), last
            texts.append(f"{text}\n")
            last = line.place
        return "".join(texts), None

    def replay(self, asked: str, request: ReplayRequest, asked_by: str) -> ReplayAsked:
        """Queue a replay; Conflict where it cannot be, InvalidInput where it names what is not there."""
        pull = self._store.get(asked)
        rules = self._rules(pull)
        if pull.state != "complete":
            raise Conflict(f"{asked} is {pull.state}; only what a complete pull set aside is tried again")
        self._refuse_superseded(pull, rules)
        count = self._check(pull, rules, request.corrections)
        number = self._quarantine.ask(pull, Asked(corrections=request.corrections))
        name = f"{pull.source}.{pull.data_set}"
        if not self._under_way(pull, number) and not self._store.wait_to_replay(name, f"{number} {asked_by}"):
            waiting = self._store.state(name).get("replays", [])
            if f"{number} {asked_by}" not in waiting:
                raise Conflict(f"{len(waiting)} replays of {name} wait already; ask again when they are done")
        task = PullTask(source=pull.source, data_set=pull.data_set, asked_by=asked_by, replay=True)
        enqueue(self._settings.pull_queue_url, task)
        return ReplayAsked(source=pull.source, data_set=pull.data_set, replay_of=asked, lines=count)

    def _behind(self, asked: str, after: tuple[str, ...] | None) -> Iterator[Quarantined]:
        pull, seen = self._store.get(asked), place(after)
        for line in self._quarantine.lines(pull, self._store.batches(asked), seen[0]):
            if line.place > seen:
                yield line

    def _rules(self, pull: Pull) -> DataSet:
        source = self._deployment.sources.get(pull.source)
        if source is None or pull.data_set not in source.data_sets:
            raise NotFound(f"There is no data set {pull.source}.{pull.data_set} any more")
        rules: DataSet = source.data_sets[pull.data_set]
        return rules

    def _refuse_superseded(self, pull: Pull, rules: DataSet) -> None:
        """Where a pull reads everything, the last one is right; its own quarantine holds what is still broken."""
        last = int(self._store.state(f"{pull.source}.{pull.data_set}").get("last_fetch_seq", 0))
        first = pull
        while first.replay_of:
            first = self._store.get(first.replay_of)
        if rules.replaces == "data_set" and first.pull_seq < last:
            newer = pull_id(pull.source, pull.data_set, last)
            raise Conflict(
                f"{newer} has read all of {pull.source}.{pull.data_set} since; what is still broken is in its "
                "quarantine, correct it there"
            )

    def _check(self, pull: Pull, rules: DataSet, corrections: Sequence[Correction] | None) -> int:
        """How many lines will be tried again; InvalidInput or Conflict where that is not what was meant."""
        known = {line.place: line for line in self._behind(pull.pull_id, None)}
        if corrections is None:
            count = sum(1 for line in known.values() if line.settled is None)
        else:
            if problems := list(_problems(corrections, known, fields(rules))):
                raise InvalidInput("The corrections are not right: see details", problems)
            taken = [line for each in corrections if (line := known[each.batch, each.row]).settled]
            if taken and taken[0].settled:
                raise Conflict(f"{_told(taken[0].place)} was taken up by {taken[0].settled.by}")
            count = len(corrections)
        if not count:
            raise Conflict(f"Nothing that {pull.pull_id} set aside is open")
        return count

    def _under_way(self, pull: Pull, number: str) -> bool:
        running = self._store.state(f"{pull.source}.{pull.data_set}").get("running_pull")
        return running is not None and self._store.get(pull_id(pull.source, pull.data_set, running)).replay == number


def _problems(
    corrections: Sequence[Correction], known: dict[Place, Quarantined], names: dict[str, str]
) -> Iterator[dict[str, str]]:
    """What is wrong with corrections, for each field; no value is repeated."""
    seen: set[Place] = set()
    for at, each in enumerate(corrections):
        field, place = f"corrections.{at}", (each.batch, each.row)
        if place not in known:
            yield {"field": field, "problem": f"there is no {_told(place)} in this quarantine"}
        if place in seen:
            yield {"field": field, "problem": f"{_told(place)} is named twice; put its values together"}
        seen.add(place)
        for name in each.values.keys() - names.keys():
            problem = f"{name!r} is no field of this data set; it has {', '.join(sorted(names))}"
            yield {"field": f"{field}.values", "problem": problem}
        given = [names[name] for name in each.values if name in names]
        if len(set(given)) < len(given):
            yield {"field": f"{field}.values", "problem": "gives a field twice, by the source's name and the hub's"}


def _told(place: Place) -> str:
    return f"row {place[1]} of batch {place[0]}"


def _wanted(line: Quarantined, rule: str | None, state: State | None) -> bool:
    if rule is not None and rule not in {f"{each['column']}: {each['rule']}" for each in line.failures}:
        return False
    return state is None or (line.settled is None) == (state == "open")
