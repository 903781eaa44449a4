"""Night after night gives what a full run with the same model gives: the same persons and households, the same held."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from hub.identity import Knowledge, Settings
from hub.identity.nightly import Nightly, State
from infra.matching.engine import DuckDB

FIELDS = ("given", "family", "born", "email", "phone", "street", "postcode")
GIVEN = ("anna", "bob", "robert", "carla", "dora", "emil", "peter", "petra")
FAMILY = ("meier", "meyer", "schmidt", "novak", "rao", "khan")
Row = tuple[str | None, ...]


@dataclass
class History:
    """Records that come, change and go, and what stewards decide of them."""

    by: random.Random
    rows: dict[str, Row] = field(default_factory=dict)
    decided: dict[tuple[str, str], int] = field(default_factory=dict)

    def person(self) -> Row:
        """Someone of a small world, in which much is alike; misspelt now and then."""
        at, by = self.by.randrange(24), self.by
        told: list[str | None] = [
            GIVEN[at % 8], FAMILY[at % 6], f"19{50 + at}-0{1 + at % 9}-11", f"m{at}@x.org", f"30{at:07}",
            f"{at // 3} main road", f"1{at // 3:04}",
        ]  # fmt: skip
        for place in range(len(told)):
            chance = by.random()
            if chance < 0.15:
                told[place] = None
            elif chance < 0.25:
                told[place] = str(told[place])[:-1] + by.choice("aeix123")
            elif chance < 0.28:
                told[place] = {3: "test@test.org", 4: "300000000"}.get(place, told[place])
        return tuple(told)

    def night(self, most: int) -> tuple[list[str], list[str]]:
        """The keys that changed or came, and those that went."""
        changed, gone = set(), set()
        for _ in range(self.by.randrange(1, most)):
            key = f"k{self.by.randrange(160):03}"
            if key in self.rows and self.by.random() < 0.3:
                del self.rows[key]
                gone.add(key)
                changed.discard(key)
            else:
                self.rows[key] = self.person()
                changed.add(key)
                gone.discard(key)
        for _ in range(self.by.randrange(3)):
            one, other = sorted(self.by.sample(sorted(self.rows), 2))
            self.decided[one, other] = self.by.randrange(2)
            if self.by.random() < 0.4:
                self.decided[one, one] = 1  # whoever has this record may be as large as that
        if self.decided and self.by.random() < 0.3:
            self.decided.pop(self.by.choice(sorted(self.decided)))
        return sorted(changed), sorted(gone)


def answer(engine: DuckDB, people: str) -> tuple[dict[str, str], dict[str, str], dict[str, int]]:
    """The person and the household of each record, by their smallest keys, and whether it is held."""
    rows = engine.query(f"select source_key, person, household, held from {people}")
    names: dict[tuple[int, int], str] = {}
    for key, person, home, _ in rows:
        for at, each in ((0, person), (1, home)):
            names[at, each] = min(names.get((at, each), key), key)
    persons, homes = ({row[0]: names[at, row[1 + at]] for row in rows} for at in (0, 1))
    return persons, homes, {row[0]: row[3] for row in rows}


def table(engine: DuckDB, name: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    engine.connection.execute(f"drop table if exists {name}").fetchall()
    kinds = {"together": "integer"}
    told = ", ".join(f"{each} {kinds.get(each, 'varchar')}" for each in columns)
    engine.connection.execute(f"create table {name} ({told})").fetchall()
    if rows:
        engine.connection.executemany(f"insert into {name} values ({', '.join('?' * len(columns))})", rows)
    return name


@dataclass
class Hub:
    engine: DuckDB
    known: Knowledge
    history: History
    settings: Settings

    def source(self, name: str, keys: Sequence[str]) -> str:
        return table(self.engine, name, ["source_key", *FIELDS], [(key, *self.history.rows[key]) for key in keys])

    def decisions(self) -> str:
        rows = [(*pair, together) for pair, together in self.history.decided.items()]
        return table(self.engine, "decided", ["left_key", "right_key", "together"], rows)

    def matcher(self, prefix: str) -> Nightly:
        return Nightly(self.engine, self.known, {name: name for name in FIELDS}, self.settings, prefix)

    def full(self, prefix: str, state: State | None = None) -> State:
        matcher, source = self.matcher(prefix), self.source("whole", sorted(self.history.rows))
        given = (state.model, state.rarities) if state else (None, "")
        return matcher.begin(source, self.decisions(), *given)

    def night(self, prefix: str, state: State, changed: Sequence[str], gone: Sequence[str]) -> State:
        news, leaving = (
            self.source("news", changed),
            table(self.engine, "leaving", ["source_key"], [(key,) for key in gone]),
        )
        return self.matcher(prefix).night(state, news, leaving, self.decisions())


def lived(engine: DuckDB, known: Knowledge, seed: int, nights: int, cap: int, most: int = 12) -> None:
    history = History(random.Random(seed))
    history.rows = {f"k{at:03}": history.person() for at in range(0, 160, 2)}
    hub = Hub(engine, known, history, Settings(cap=cap, sample=60, crowd=3, most=8, held=3))
    state = hub.full(f"b{seed}_")
    for night in range(nights):
        changed, gone = history.night(most)
        state = hub.night(f"n{seed}_{night}_", state, changed, gone)
        hub.full(f"f{seed}_{night}_", state)
        found, whole = (answer(engine, f"{kind}{seed}_{night}_people") for kind in "nf")
        told = f"seed {seed}, night {night}, cap {cap}: changed {changed}, gone {gone}"
        assert found[0] == whole[0], told
        assert found[1] == whole[1], told
        assert found[2] == whole[2], told


@pytest.mark.parametrize(("seed", "cap"), [(1, 100), (2, 6)])
def test_nights_give_what_a_full_run_gives(engine, known, seed, cap):
    lived(engine, known, seed, 3, cap)
