"""The matching of a run is a program that goes on wherever it was left, and asks nothing twice."""

import re
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from hub.errors import Conflict
from hub.identity.components import labels_of
from hub.identity.replay import Replay, Unfinished
from hub.identity.run import RunMatcher
from hub.models.athena import Execution
from hub.models.execution import StatementFailed
from hub.models.records import Step, Text
from infra.matching.engine import DuckDB
from tests.sql.identity.conftest import put
from tests.sql.identity.test_components import chain, random_edges, walked

STEP = Step(run_id="r1", name="identity.match", kind="match", statements=[Text(key="k")])
FIELDS = ("given", "family", "email", "phone", "city")
PEOPLE = [
    ("a1", "anna", "meier", "anna@x.org", "301111111", "berlin"),
    ("a2", "anna", "meyer", "anna@x.org", "301111111", "berlin"),
    ("b1", "peter", "meier", "peter@x.org", "301111111", "berlin"),
    *((f"n{at:02}", f"g{at % 7}", f"f{at}", f"m{at}@x.org", f"30222{at:04}", f"c{at % 5}") for at in range(40)),
]


@dataclass
class FakeStore:
    step: Step = STEP
    noted: list[str] = field(default_factory=list)

    def move(self, step: Step, **changes: Any) -> Step:
        if step.place == self.step.place:
            self.step = step.model_copy(update={**changes, "place": step.place + 1})
        return self.step

    def note_statement(self, run_id: str, number: int, text: str, expires_at: int) -> None:
        self.noted.append(text)


@dataclass
class FakeAthena:
    """DuckDB behind Athena's words. Each execution needs `patience` looks; `trouble` fails a start by its number."""

    engine: DuckDB
    patience: int = 0
    trouble: dict[int, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)
    looks: dict[str, int] = field(default_factory=dict)

    def start(self, sql: str, token: str) -> str:
        if token not in self.tokens:
            execution = self.tokens[token] = f"e{id(self)}-{len(self.tokens)}"
            if len(self.tokens) not in self.trouble:
                made = re.match(r"CREATE TABLE (\S+) WITH \(.*?\) AS\n", sql)
                if made:
                    self.engine.create(made[1], sql[made.end() :])
                else:
                    self.rows[execution] = self.engine.query(sql)
        return self.tokens[token]

    def wait(self, execution: str, seconds: float) -> Execution:
        self.looks[execution] = self.looks.get(execution, 0) + 1
        reason = self.trouble.get(1 + list(self.tokens.values()).index(execution))
        if reason:
            return Execution("FAILED", reason)
        return Execution("SUCCEEDED" if self.looks[execution] > self.patience else "RUNNING", "", 10)

    def values(self, execution: str) -> Any:
        return self.rows[execution]


@pytest.fixture
def program(engine, known, monkeypatch):
    """Runs the matching to its end, a new process at each call; the number of calls and the athena behind it."""
    put(engine, "people", ["source_key", *FIELDS], PEOPLE)
    engine.connection.execute("create schema s").fetchall()
    monkeypatch.setattr("hub.identity.replay._forget", lambda table: None)

    def run(prefix: str = "s.m_", stop_after: int = 10_000, **more: Any):
        athena, store, calls = FakeAthena(engine, **more), FakeStore(), 0
        while calls < stop_after:
            calls += 1
            replay = Replay(store, athena, store.step, 0.0, "s3://b")
            matcher = RunMatcher(replay, known, {name: name for name in FIELDS}, prefix=prefix)
            try:
                matcher.begin("people")
                matcher.answer()
                break
            except Unfinished:
                continue
        return SimpleNamespace(calls=calls, athena=athena, store=store, step=store.step)

    return run


def answers(engine, prefix: str) -> Any:
    clusters = sorted(engine.query(f"select record_key, cluster_key, household_key, held from {prefix}cluster"))
    return clusters, sorted(engine.query(f"select left_key, right_key, bits, levels from {prefix}doubt"))


def test_left_at_any_statement_it_goes_on_and_asks_nothing_twice(engine, program):
    whole = program("s.m_")
    assert whole.calls == 1
    assert len(whole.step.answers) == len(whole.store.noted) == len(whole.athena.tokens) <= 55
    assert whole.step.bytes_scanned == 10 * len(whole.step.answers)
    found = answers(engine, "s.m_")
    assert ("a2", "a1", "a1", False) in found[0]
    parted = program("s.n_", patience=1)
    assert parted.calls > len(whole.step.answers), "each statement was waited for in another call"
    assert len(parted.athena.tokens) == len(whole.athena.tokens)
    assert answers(engine, "s.n_") == found


def test_what_fails_in_passing_is_tried_again_and_what_fails_for_good_ends_it(engine, program):
    again = program("s.m_", trouble={3: "GENERIC_INTERNAL_ERROR: the node went away", 9: "SlowDown"})
    assert len(again.athena.tokens) == len(again.step.answers) + 2
    assert answers(engine, "s.m_")[0]
    with pytest.raises(StatementFailed, match=r"identity.match, statement 2: COLUMN '...' is unknown"):
        program("s.n_", trouble={2: "COLUMN 'Anna' is unknown"})


def test_a_program_that_was_changed_meanwhile_is_refused(engine, known, program):
    half = program("s.m_", stop_after=9, patience=1)
    replay = Replay(half.store, half.athena, half.step, 0.0, "s3://b")
    changed = replace(known, texts={**known.texts, "standard": "-- other\n" + known.texts["standard"]})
    with pytest.raises(Conflict, match="the matcher was changed"):
        RunMatcher(replay, changed, {name: name for name in FIELDS}, prefix="s.m_").run("people")


@pytest.mark.parametrize(
    ("edges", "why"),
    [
        ([], "nobody"),
        ([(2, 1), (1, 2), (3, 3)], "both ways, and one with itself"),
        (chain(300), "a chain in no order"),
        (random_edges(200, 150, 1), "many small ones"),
        (random_edges(200, 400, 2), "one large and some alone"),
    ],
)
def test_components_found_here_are_those_of_a_walk(edges, why):
    proper = [(a, b) for a, b in edges if a != b]
    assert dict(labels_of(proper)) == walked(proper), why
