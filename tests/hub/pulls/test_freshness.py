"""How old data may become: by class, importance, days off; what the sweeper tells the alarms; what a run may read."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from hub.config import HubConfig
from hub.config.models import Frequency, Gate
from hub.models.planning import ready
from hub.models.store import RunStore
from hub.pulls.due import timetable
from hub.pulls.freshness import judged, watch_with
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL
from tests.hub.sources import double

HUB = HubConfig(name="test", currency="INR", country="IN", holidays=("2026-08-14", "2026-08-17"))
CONTACTS = "crm.contacts"
AS_OF = "2026-08-03T02:10:30.000Z"  # a Monday

STALE = [
    # frequency, as of, from when on the data are stale, why
    ({"class": "real-time", "importance": "high"}, AS_OF, "08-03 02:25:30", "one due after 5 minutes, 10 to do it"),
    ({"class": "real-time"}, AS_OF, "08-03 02:30:30", "two of them"),
    ({"class": "hourly", "importance": "high"}, AS_OF, "08-03 03:40", "the next at 03:10, half an hour"),
    ({"class": "hourly"}, AS_OF, "08-03 04:40", "two of them"),
    ({"class": "hourly", "importance": "low"}, AS_OF, "08-03 05:40", "three"),
    ({"class": "daily", "importance": "high"}, AS_OF, "08-04 05:10", "tomorrow at 02:10, three hours"),
    ({"class": "weekly", "importance": "high"}, AS_OF, "08-03 15:10", "due an hour after the last one began"),
    ({"class": "monthly", "importance": "high"}, AS_OF, "09-02 04:10", "the first of the month, a day"),
    ({"class": "daily", "importance": "high", "stale_after": "90 minutes"}, AS_OF, "08-03 03:40:30", "as written"),
    ({"class": "on-demand", "stale_after": "1 day"}, AS_OF, "08-04 02:10:30", "a promise without a schedule"),
    ({"class": "on-demand"}, AS_OF, None, "no promise"),
    (
        {"class": "daily", "importance": "high", "cron": "10 2 * * ? *", "on_holidays": "skip"},
        "2026-08-13T02:10:30.000Z",
        "08-18 05:10",
        "holiday, weekend and holiday are not missing",
    ),
]


@pytest.mark.parametrize(("frequency", "as_of", "expected", "why"), STALE, ids=[row[3] for row in STALE])
def test_from_when_on_data_are_stale(frequency, as_of, expected, why):
    made = Frequency.model_validate(frequency)
    times, moment = timetable(made, HUB), datetime.fromisoformat(as_of)
    found = judged({"as_of": as_of}, made, times, moment)
    assert found.state == ("fresh" if expected else "on_demand")
    if expected is None:
        assert found.stale_at is None
        return
    stale_at = datetime.fromisoformat(found.stale_at)
    assert f"{stale_at:%m-%d %H:%M:%S}".removesuffix(":00") == expected, why
    for second, state in ((-1, "fresh"), (0, "stale")):
        at = stale_at + timedelta(seconds=second)
        assert judged({"as_of": as_of}, made, times, at).state == state
        assert judged({"as_of": as_of, "paused": True}, made, times, at).state == "paused"


def test_a_change_of_importance_is_another_schedule_promise_and_alarm():
    """The one word in the manifest; the stack's schedule is its expression."""
    low, high = (Frequency.model_validate({"importance": each}) for each in ("low", "high"))
    assert (low.expression, high.expression) == ("cron(10 3 ? * MON *)", "cron(10 * * * ? *)")
    state, at = {"as_of": AS_OF}, datetime(2026, 8, 3, 12, tzinfo=UTC)
    assert [judged(state, each, timetable(each, HUB), at).state for each in (low, high)] == ["fresh", "stale"]


class States:
    """A control table of states; None of them has a pull under way."""

    def __init__(self, **states):
        self.states, self.noted = states, []

    def state(self, name):
        return self.states[name.partition(".")[2]]

    def note_freshness(self, name, stale_since, watched_since):
        self.noted.append(name)
        self.state(name).update(stale_since=stale_since, watched_since=watched_since)


def test_the_watch_tells_stale_data_sets_by_importance_and_writes_only_what_changes():
    given = {
        "a": {"class": "hourly", "importance": "high"},
        "b": {"class": "hourly"},
        "c": {"class": "hourly", "importance": "low"},
        "d": {"class": "hourly", "importance": "high"},
        "e": {"class": "on-demand"},
        "never": {"class": "hourly", "importance": "high"},
    }
    rules = {
        name: SimpleNamespace(frequency=Frequency.model_validate(each), gate=Gate()) for name, each in given.items()
    }
    deployment = SimpleNamespace(hub=HUB, sources={"s": SimpleNamespace(name="s", data_sets=rules)})
    store = States(**{name: {"as_of": AS_OF} for name in given} | {"never": {}})
    store.state("s.d")["paused"] = True
    now = datetime.fromisoformat(AS_OF) + timedelta(hours=1)
    seen = watch_with(deployment, store, now)
    assert (seen.stale, seen.held) == ({"high": [], "normal": [], "low": []}, []), "half an hour is left"
    later = now + timedelta(days=1)
    seen = watch_with(deployment, store, later)
    assert seen.stale == {"high": ["s.a", "s.never"], "normal": ["s.b"], "low": ["s.c"]}, "paused: nobody is woken"
    assert store.state("s.a")["stale_since"] == "2026-08-03T03:40:00.000Z"
    store.noted.clear()
    watch_with(deployment, store, later + timedelta(minutes=1))
    assert store.noted == [], "nothing has changed"
    store.state("s.a")["as_of"] = "2026-08-04T03:10:02.000Z"
    watch_with(deployment, store, later + timedelta(minutes=2))
    assert (store.noted, store.state("s.a")["stale_since"]) == (["s.a"], None)


@pytest.fixture
def crm(bench, deployment, monkeypatch):
    """Hourly contacts, 35 of them."""
    monkeypatch.setattr("hub.sources.http.time.sleep", lambda seconds: None)
    hourly = "{class: hourly, importance: high}"
    with double.serving(double.Api([manifests.contact(n) for n in range(35)])) as api:
        made = bench(deployment(crm=manifests.crm(api.url).replace("{class: on-demand}", hourly)))
        yield api, made


def moment(bench):
    return datetime.fromtimestamp(bench.now, UTC)


HELD = [
    # what goes wrong, who holds it, what becomes of it at the next time
    ("refused", "quarantined", None),
    ("lied", None, "complete"),
]


@pytest.mark.parametrize(("trouble", "gate", "then"), HELD)
def test_a_held_pull_alarms_and_no_run_reads_past_it(crm, trouble, gate, then):
    api, bench = crm
    store = bench.engine.store
    assert bench.pull(CONTACTS).state == "complete"
    if trouble == "refused":
        for row in api.rows:
            row["age"] = "many"
    else:
        api.total = lambda count: count + 1
    bench.now += 3600
    held = bench.pull(CONTACTS)
    assert (held.state, held.held_by, held.balanced) == ("held", gate, gate is not None)
    seen = watch_with(bench.deployment, store, moment(bench))
    assert seen.held == [CONTACTS]
    for row in api.rows:
        row["age"] = 30
    api.total = lambda count: count
    bench.now += 3600
    again = bench.pull(CONTACTS, scheduled_at=f"{moment(bench):%Y-%m-%dT%H:%M:%SZ}")
    assert (again and again.state) == then
    runs = RunStore(CONTROL)
    if then is None:
        assert store.get(held.pull_id).state == "held", "it waits for a person"
        assert ready(runs, bench.deployment, None) == {CONTACTS: 1}, "a run reads what came before it"
        bench.now += 3600 * 2
        assert watch_with(bench.deployment, store, moment(bench)).stale["high"] == [CONTACTS], "and the data grow old"
    else:
        (decision,) = store.get(held.pull_id).decisions
        assert (decision.what, decision.by) == ("abandoned", "hub")
        assert decision.why == "It does not balance; the next pull fetches again."
        assert ready(runs, bench.deployment, None) == {CONTACTS: 3}
        assert watch_with(bench.deployment, store, moment(bench)).held == []


def test_what_fails_for_good_without_a_schedule_is_told(crm):
    """Nobody would miss the next moment of what is pulled as it arrives, or when somebody asks."""
    api, bench = crm
    rules = bench.deployment.sources["crm"].data_sets
    on_demand = Frequency.model_validate({"class": "on-demand"})
    rules["contacts"] = rules["contacts"].model_copy(update={"frequency": on_demand})
    api.always = double.status(404)
    for attempt in range(1, 6):
        assert bench.pull(CONTACTS).attempts == attempt
        seen = watch_with(bench.deployment, bench.engine.store, moment(bench))
        assert seen.stale["normal"] == ([CONTACTS] if attempt == 5 else [])
    api.always = None
    assert bench.pull(CONTACTS).state == "complete"
    assert watch_with(bench.deployment, bench.engine.store, moment(bench)).stale["normal"] == []


def test_the_manifest_may_let_the_next_pull_take_a_held_ones_place(crm):
    api, bench = crm
    rules = bench.deployment.sources["crm"].data_sets
    gate = Gate(max_quarantined_percent=0, undecided="fetch_again")
    rules["contacts"] = rules["contacts"].model_copy(update={"gate": gate})
    api.rows[3]["age"] = "many"
    first = bench.pull(CONTACTS)
    assert (first.state, first.held_by) == ("held", "quarantined")
    api.rows[3]["age"] = 30
    bench.now += 3600
    assert bench.pull(CONTACTS).state == "complete"
    given_up = bench.engine.store.get(first.pull_id)
    assert (given_up.state, [each.why for each in given_up.decisions]) == (
        "abandoned",
        ["Nobody decided; the next pull fetches again."],
    )
