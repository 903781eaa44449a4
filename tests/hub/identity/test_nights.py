"""Which kind of matching a run does: a night, a full run with the model that there is, or one that learns."""

from types import SimpleNamespace

import pytest

from hub.identity.model import Model
from hub.identity.nightly import State
from hub.identity.run import RunMatcher, days

MODEL = Model({}, {}, {}, {}, {}, caps={"email": 9}, learned_from={"records": 30_000})
STATE = State(("f1",), ("k1",), "p", "kept", "r", "d", "rare", "c", 7, MODEL)

CASES = [
    ({}, "night", "little has changed"),
    ({"now": 33_001}, "first", "a tenth more records: what was learned may be wrong"),
    ({"now": 26_999}, "first", "a tenth less"),
    ({"news": 3_001}, "begin", "much has changed at once"),
    ({"now": 19_000, "learned": 19_500}, "begin", "so few that a full run is less work"),
    ({"run_id": "r20260114T000000aaaa"}, "night", "the thirteenth day"),
    ({"run_id": "r20260115T000000aaaa"}, "begin", "the fourteenth"),
    ({"run_id": "r20260126T000000aaaa"}, "first", "what there was has nearly expired"),
    ({"parts": 20}, "begin", "many small parts are slow to read"),
    ({"lost": True}, "begin", "a table that it would go on from was not there"),
]


@pytest.mark.parametrize(("given", "kind", "why"), CASES)
def test_the_kind_of_matching(given, kind, why):
    told = {"now": 30_000, "news": 10, "learned": 30_000, "run_id": "r20260102T000000aaaa", "parts": 1} | given
    counts, done = iter([told["now"], told["news"]]), []
    state = State(**{**vars(STATE), "keys": ("k",) * told["parts"]})

    def does(name: str):
        return lambda *arguments: done.append((name, *arguments)) or state

    matcher = SimpleNamespace(
        _one=lambda sql: next(counts), first=does("first"), begin=does("begin"), night=does("night"),
        _told=lambda *arguments: arguments, outcome=SimpleNamespace(dropped=[]),
    )  # fmt: skip
    kept = {"state": state.to_json(), "learned": {"run_id": "r0", "records": told["learned"]}, "dropped": []}
    kept |= {"lost": True} if told.get("lost") else {}
    kept["begun"] = "r20260101T000000aaaa"
    RunMatcher.further(matcher, kept, "records", "decisions", "changed", told["run_id"])
    assert done[0][0] == kind, why
    if kind == "begin":
        assert done[0][3:] == (MODEL,), "with the same model"


def test_a_state_survives_being_stored():
    assert State.from_json(STATE.to_json()) == STATE


def test_days_between_runs():
    assert days("r20251231T235959aaaa", "r20260101T000000aaaa") == 1
