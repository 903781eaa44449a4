"""The matching of a run: the matcher over Athena, a call at a time, and what it leaves for the models."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from hub import aws
from hub.errors import HubError
from hub.identity import firms
from hub.identity.components import labels_of
from hub.identity.knowledge import Knowledge, read
from hub.identity.nightly import DOUBTFUL, Nightly, State
from hub.identity.replay import Replay, Unfinished
from hub.models import matching
from hub.models.athena import Athena
from hub.models.matching import FIRMS, SINCE, scratch
from hub.models.names import IDENTITY
from hub.models.records import Step
from hub.models.steps import reached
from hub.models.store import RunStore

FIELDS = (
    "given",
    "family",
    "generation",
    "born",
    "sex",
    "email",
    "phone",
    "street",
    "city",
    "postcode",
    "state",
    "country",
    "company",
)
LEARN_AGAIN = 0.1  # what has been learned stands until so much of the records is new or gone
FEW_RECORDS = 20_000  # below that a full run has less to do than a night, which has twice the statements
MOST_PARTS, MOST_DAYS = 20, 14  # nights that add to one full run
LOST_DAYS = 25  # what they read expires after 30 days: then there is nothing to go on from
LASTING = (  # tables that later nights read
    "features", "features_new", "keys", "keys_new", "people", "kept", "retired", "decisions", "rarities",
    "crowds",
)  # fmt: skip
VANISHED = "TABLE_NOT_FOUND"
FEW_EDGES = 6000  # whose components are found here, which is one statement instead of ten


@dataclass(frozen=True)
class Matching:
    """Drives the matcher of `home` for the runs of a stage."""

    store: RunStore
    athena: Athena
    bucket: str
    stage: str
    home: Path

    def advance(self, step: Step, until: float) -> Step:
        """The step as far as it came until then. StatementFailed or Conflict where the run must end."""
        replay = Replay(self.store, self.athena, step, until, f"s3://{self.bucket}", LASTING)
        try:
            (self._firms if step.name == FIRMS else self._program)(replay, step)
        except Unfinished:
            return replay.step
        except HubError as error:
            if VANISHED in error.message:
                self._rebuilt(step)
            self.store.fail_run(step.run_id, error.message, datetime.now(UTC))
            raise
        done = self.store.move(replay.step, state="done", execution=None)
        reached("step_done", run_id=step.run_id, statement=step.name)
        return done

    def _kept(self, step: Step) -> dict[str, Any] | None:
        """What the last matching before this run told."""
        before = self.store.run(step.run_id).base_release
        return self.store.last_matching(self.store.release(before)) if before else None

    def _rebuilt(self, step: Step) -> None:
        """A table that nights go on from may be gone: the next matching is a full run with the same model."""
        if kept := self._kept(step):
            self.store.note_matching(str(kept["run_id"]), {**kept, "lost": True})

    def _program(self, engine: Replay, step: Step) -> None:
        """A night where there is something to go on from and little has changed; else a full run."""
        records, decisions, changed = (f"(\n{self._text(text.key)}\n)" for text in step.statements)
        print_, kept = matching.read(self.home).fingerprint, self._kept(step)
        prefix = scratch(self.stage, step.run_id, "")
        matcher = RunMatcher(engine, _known(self.home), {name: name for name in FIELDS}, prefix=prefix)
        if kept is None or kept["fingerprint"] != print_:
            told = matcher.first(records, decisions, step.run_id)
        else:
            told = matcher.further(kept, records, decisions, changed.replace(SINCE, kept["run_id"]), step.run_id)
        matcher.answer()
        self.store.note_matching(step.run_id, {**told, "fingerprint": print_, "run_id": step.run_id})

    def _firms(self, engine: Replay, step: Step) -> None:
        """The names of firms in the golden records, compared."""
        names = self._text(step.statements[0].key)
        firms.find(engine, _known(self.home), names, scratch(self.stage, step.run_id, ""))

    def _text(self, key: str) -> str:
        return str(aws.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read().decode())


class RunMatcher(Nightly):
    """The matcher with what a run needs besides: answers by the records' own keys."""

    def _components(self, edges: str, name: str = "") -> str:
        """The same labels; where there are few edges they are found here."""
        name = name or f"labels_{edges}"
        found = self._query(f"select distinct l, r from {self._t(edges)} where l <> r limit {FEW_EDGES + 1}")
        if len(found) > FEW_EDGES:
            return super()._components(edges, name)
        self._create(name, _rows(labels_of((int(a), int(b)) for a, b in found)))
        return name

    def first(self, records: str, decisions: str, run_id: str) -> dict[str, Any]:
        """A full run that learns; what is kept of it."""
        state = self.begin(records, decisions)
        return self._told(state, {"run_id": run_id, "records": self.outcome.records}, run_id, self.outcome.dropped)

    def further(self, kept: dict[str, Any], records: str, decisions: str, changed: str, run_id: str) -> dict[str, Any]:
        """A night, or a full run where too much has changed, with the model that there is unless that is too old."""
        state, learned, begun = State.from_json(kept["state"]), kept["learned"], str(kept["begun"])
        now, news = (self._one(f"select count(*) from {each} as given") for each in (records, changed))
        much, age = LEARN_AGAIN * int(learned["records"]), days(begun, run_id)
        if abs(now - int(learned["records"])) > much or age >= LOST_DAYS:
            return self.first(records, decisions, run_id)
        lost = kept.get("lost", False)
        if lost or now < FEW_RECORDS or news > much or len(state.keys) >= MOST_PARTS or age >= MOST_DAYS:
            again = self.begin(records, decisions, state.model)
            return self._told(again, learned, run_id, self.outcome.dropped)
        gone = (
            f"(select people.source_key from {state.people} as people left join {records} as records "
            "on records.source_key = people.source_key where records.source_key is null)"
        )
        return self._told(self.night(state, changed, gone, decisions), learned, begun, kept["dropped"])

    def _told(self, state: State, learned: Any, begun: str, dropped: Any) -> dict[str, Any]:
        counted = f"select (select count(*) from {self._t('people')}), (select count(*) from {self._t('pairs')})"
        records, pairs = self._query(counted)[0]
        return {
            "state": state.to_json(),
            "begun": begun,
            "learned": learned,
            "model": state.model.to_json(),
            "weights": state.model.shown(self.known.compared),
            "records": records,
            "pairs": pairs,
            "dropped": dropped,
            "conflicts": [list(pair) for pair in self.conflicts],
            "settings": json.dumps(vars(self.settings)),
        }

    def answer(self) -> None:
        """Leave the tables that models read as `identity.cluster` and `identity.doubt`."""
        self._make("cluster", "answer", clusters="people")
        self._make("doubt", "doubt", kept="kept", standard="people", decisions="decisions", doubtful=DOUBTFUL)


def days(begun: str, run_id: str) -> int:
    """How many days lie between two runs."""
    one, other = (datetime.strptime(each[1:9], "%Y%m%d").replace(tzinfo=UTC) for each in (begun, run_id))
    return (other - one).days


def _rows(labels: Sequence[tuple[int, int]]) -> str:
    if not labels:
        return "select cast(null as bigint) as record, cast(null as bigint) as label where 1 = 0"
    listed = ", ".join(f"({record}, {label})" for record, label in labels)
    return (
        "select cast(record as bigint) as record, cast(label as bigint) as label\n"
        f"from (values {listed}) as found (record, label)"
    )


@cache
def _known(home: Path) -> Knowledge:
    return read(home / "sql" / IDENTITY)
