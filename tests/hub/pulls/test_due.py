"""When data sets are due: on the calendar, over changes of the clock, on days off, and after everything stood still."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from types import SimpleNamespace

import pytest

from hub.config import Column, DataSet, HubConfig
from hub.config.models import Frequency, Gate, Retention
from hub.pulls import turns
from hub.pulls.due import timetable
from hub.pulls.models import Pull, PullTask
from hub.pulls.store import iso
from hub.pulls.sweep import LATE, sweep_with

# 1 and 15 August 2026 are Saturdays; 14 and 17 August are days off by name.
HUB = HubConfig(name="test", currency="INR", country="IN", holidays=("2026-08-14", "2026-08-17", "2027-01-01"))


def times(zone="UTC", **frequency):
    return timetable(Frequency.model_validate({"class": "daily", "time_zone": zone, **frequency}), HUB)


def at(text):
    return datetime.fromisoformat(text + ":00+00:00")


def between(made, first, last):
    """The moments of a span, as texts; `+` marks those at which EventBridge does not come by itself."""
    found = takewhile(lambda moment: moment.at <= at(last), made.following(at(first)))
    return [f"{moment.at:%m-%d %H:%M}{'' if moment.own else '+'}" for moment in found]


CALENDAR = [
    # cron, from, to, the moments, why
    (
        "0 22 L * ? *",
        "2026-01-31T22:01",
        "2026-05-01T00:00",
        ["02-28 22:00", "03-31 22:00", "04-30 22:00"],
        "month-end",
    ),
    ("0 22 L 2 ? *", "2027-01-01T00:00", "2028-12-31T00:00", ["02-28 22:00", "02-29 22:00"], "a leap year"),
    ("0 1 31 * ? *", "2026-01-01T00:00", "2026-06-01T00:00", ["01-31 01:00", "03-31 01:00", "05-31 01:00"], "the 31st"),
    ("0 1 29 * ? *", "2026-01-30T00:00", "2026-03-31T00:00", ["03-29 01:00"], "no 29th in February"),
    ("0 1 30,L 2 ? *", "2026-01-01T00:00", "2026-12-31T00:00", ["02-28 01:00"], "a list with the last day"),
    ("0 6 LW * ? *", "2026-01-01T00:00", "2026-03-01T00:00", ["01-30 06:00", "02-27 06:00"], "last weekday"),
    ("0 6 15W * ? *", "2026-08-01T00:00", "2026-09-01T00:00", ["08-14 06:00"], "a Saturday goes to Friday"),
    ("0 6 1W * ? *", "2026-07-31T00:00", "2026-08-31T00:00", ["08-03 06:00"], "and never into another month"),
    ("0 6 ? * 2#1 *", "2026-01-01T00:00", "2026-03-01T00:00", ["01-05 06:00", "02-02 06:00"], "first Monday"),
    ("0 6 ? * 6L *", "2026-01-01T00:00", "2026-02-28T00:00", ["01-30 06:00", "02-27 06:00"], "last Friday"),
    ("0 6 ? * L *", "2026-01-01T00:00", "2026-01-12T00:00", ["01-03 06:00", "01-10 06:00"], "the week's last day"),
    (
        "0 6 ? * MON-WED *",
        "2026-01-01T00:00",
        "2026-01-08T00:00",
        ["01-05 06:00", "01-06 06:00", "01-07 06:00"],
        "span",
    ),
    ("0/20 9 1 JAN ? *", "2026-01-01T00:00", "2026-12-31T00:00", ["01-01 09:00", "01-01 09:20", "01-01 09:40"], "step"),
    ("0 0 29 2 ? *", "2026-01-01T00:00", "2032-12-31T00:00", ["02-29 00:00", "02-29 00:00"], "once in four years"),
    ("0 9 1 1 ? 2027", "2026-01-01T00:00", "2030-01-01T00:00", ["01-01 09:00"], "one year alone"),
]


@pytest.mark.parametrize(("cron", "first", "last", "expected", "why"), CALENDAR, ids=[row[4] for row in CALENDAR])
def test_the_calendar(cron, first, last, expected, why):
    assert between(times(cron=cron), first, last) == expected, why


CLOCKS = [
    # zone, cron, from, to, the moments (UTC), why
    ("Asia/Kolkata", "30 2 * * ? *", "2026-03-01T00:00", "2026-03-02T22:00", ["03-01 21:00", "03-02 21:00"], "as told"),
    (
        "Europe/Berlin",
        "30 2 * * ? *",
        "2026-03-28T00:00",
        "2026-03-30T12:00",
        ["03-28 01:30", "03-29 01:30+", "03-30 00:30"],
        "02:30 is left out on the 29th: at 03:30",
    ),
    (
        "Europe/Berlin",
        "30 2 * * ? *",
        "2026-10-24T12:00",
        "2026-10-26T12:00",
        ["10-25 00:30", "10-26 01:30"],
        "02:30 comes twice on the 25th: the first time",
    ),
    (
        "Europe/Berlin",
        "5 * * * ? *",
        "2026-03-29T00:00",
        "2026-03-29T03:00",
        ["03-29 00:05", "03-29 01:05", "03-29 02:05"],
        "each hour, none twice",
    ),
    (
        "Europe/Berlin",
        "5 * * * ? *",
        "2026-10-24T23:30",
        "2026-10-25T03:00",
        ["10-25 00:05", "10-25 01:05+", "10-25 02:05"],
        "each hour, also the repeated one",
    ),
    (
        "Australia/Lord_Howe",
        "15 2 * * ? *",
        "2026-10-02T16:00",
        "2026-10-04T16:00",
        ["10-03 15:45+", "10-04 15:15"],
        "half an hour is left out there: at 02:45",
    ),
]


@pytest.mark.parametrize(("zone", "cron", "first", "last", "expected", "why"), CLOCKS, ids=[row[5] for row in CLOCKS])
def test_changes_of_the_clock(zone, cron, first, last, expected, why):
    assert between(times(zone, cron=cron), first, last) == expected, why


DAYS_OFF = [
    # on_holidays, cron, the moments from 12 to 21 August 2026, why
    ("pull", "0 2 13-16 * ? *", ["08-13 02:00", "08-14 02:00", "08-15 02:00", "08-16 02:00"], "days off do not matter"),
    ("skip", "0 2 13-16 * ? *", ["08-13 02:00"], "holiday, Saturday, Sunday are left out"),
    ("move", "0 2 15 * ? *", ["08-18 02:00+"], "over the weekend and the Monday that is off"),
    ("move", "0 2 * * ? *", [f"08-{day} 02:00" for day in (12, 13, 18, 19, 20)], "the next day has its own already"),
    ("move", "0 2 14,18 * ? *", ["08-18 02:00"], "what is moved to a day of its own comes once"),
]


@pytest.mark.parametrize(("mode", "cron", "expected", "why"), DAYS_OFF, ids=[row[3] for row in DAYS_OFF])
def test_days_off(mode, cron, expected, why):
    made = times(cron=cron, on_holidays=mode)
    assert between(made, "2026-08-12T00:00", "2026-08-21T00:00") == expected, why
    for moment in islice(made.following(at("2026-08-12T00:00")), len(expected)):
        assert not made.is_off(moment.at)


MISSED = [
    # frequency, served last, now, the one that was missed, why
    ({"cron": "5 * * * ? *"}, "2026-01-05T10:05", "2026-01-05T10:59", None, "nothing was due"),
    ({"cron": "5 * * * ? *"}, "2026-01-05T10:05", "2026-01-05T15:30", "2026-01-05T15:05", "one for five"),
    ({"cron": "5 * * * ? *"}, "2026-01-05T10:05", "2026-01-05T11:05", "2026-01-05T11:05", "to the minute"),
    ({"cron": "0 22 L * ? *"}, "2025-11-30T22:00", "2026-03-02T00:00", "2026-02-28T22:00", "three month-ends"),
    ({"cron": "0 22 L * ? *"}, "2026-02-28T22:00", "2026-03-30T00:00", None, "February's was served"),
    ({"rate": "15 minutes"}, "2026-01-05T10:00", "2026-01-05T10:50", "2026-01-05T10:45", "a rate"),
    ({"rate": "2 days"}, "2026-01-05T10:00", "2026-01-07T09:59", None, "not yet"),
    ({"class": "on-demand"}, "2026-01-05T10:00", "2027-01-07T09:59", None, "never"),
]


@pytest.mark.parametrize(("frequency", "since", "now", "expected", "why"), MISSED, ids=[row[4] for row in MISSED])
def test_what_was_missed(frequency, since, now, expected, why):
    found = times(**frequency).latest(at(since), at(now))
    assert (found and f"{found.at:%Y-%m-%dT%H:%M}") == expected, why


def test_the_latest_is_the_last_of_the_following():
    """Looked for from either end, over a year with both changes of the clock and all days off."""
    start, end = at("2026-01-01T00:00"), at("2026-12-31T00:00")
    for cron in ("7 1,2,3 * * ? *", "0 22 L * ? *", "30 2 ? * SUN *"):
        for mode in ("pull", "skip", "move"):
            made = times("Europe/Berlin", cron=cron, on_holidays=mode)
            moments = list(takewhile(lambda moment: moment.at <= end, made.following(start)))
            for before, moment in pairwise(moments):
                assert made.latest(before.at, moment.at) == moment
                assert made.latest(before.at, moment.at - timedelta(minutes=1)) is None


USUAL = [
    # what the manifest says, class, expression
    ({"importance": "high"}, "hourly", "cron(10 * * * ? *)"),
    ({}, "daily", "cron(10 2 * * ? *)"),
    ({"importance": "low"}, "weekly", "cron(10 3 ? * MON *)"),
    ({"class": "monthly"}, "monthly", "cron(10 4 1 * ? *)"),
    ({"class": "real-time"}, "real-time", "rate(5 minutes)"),
    ({"class": "on-demand"}, "on-demand", None),
    ({"class": "daily", "rate": "6 hours"}, "daily", "rate(6 hours)"),
]


@pytest.mark.parametrize(("given", "name", "expression"), USUAL)
def test_importance_and_class_stand_for_a_schedule(given, name, expression):
    made = Frequency.model_validate(given)
    assert (made.class_, made.expression) == (name, expression)
    assert Frequency.model_validate_json(made.model_dump_json(by_alias=True)) == made, "and survive compiling"


@pytest.mark.parametrize(
    ("importance", "own", "hub", "days"),
    [("normal", None, 30, 30), ("low", None, 30, 14), ("low", None, 7, 7), ("low", 20, 30, 20), ("high", 90, 30, 30)],
)
def test_how_long_staging_is_kept(importance, own, hub, days):
    frequency = Frequency.model_validate({"importance": importance})
    column = {"id": Column(type="varchar")}
    rules = DataSet(description="x", fetch={}, frequency=frequency, columns=column, retention_days=own)
    assert rules.staging_days(Retention(staging_days=hub)) == days


# A virtual clock of seven days

WEEK = {
    # data set: frequency, how often it is pulled from Friday, 14 August 2026, to Thursday
    "real_time": ({"class": "real-time", "rate": "15 minutes"}, 7 * 96),
    "hourly": ({"class": "hourly", "cron": "5 * * * ? *", "time_zone": "Asia/Kolkata"}, 7 * 24),
    "daily": ({"class": "daily", "cron": "30 2 * * ? *", "time_zone": "Europe/Berlin"}, 7),
    "working_days": ({"class": "daily", "cron": "0 6 * * ? *", "on_holidays": "skip"}, 3),
    "weekly": ({"class": "weekly", "cron": "0 7 ? * SAT *", "on_holidays": "move"}, 1),
    "monthly": ({"class": "monthly", "cron": "0 22 L * ? *"}, 0),
    "on_demand": ({"class": "on-demand"}, 0),
}


class World:
    """EventBridge, the queue, workers and the sweeper, minute by minute; the states stand in memory.

    down: while it says so of a minute, no schedule comes. Every message is delivered twice.
    """

    step = timedelta(minutes=1)

    def __init__(self, sets, start, down=lambda minute: False):
        made = {name: Frequency.model_validate(given) for name, given in sets.items()}
        rules = {name: SimpleNamespace(frequency=frequency, gate=Gate()) for name, frequency in made.items()}
        self.deployment = SimpleNamespace(hub=HUB, sources={"s": SimpleNamespace(name="s", data_sets=rules)})
        self.times = {name: timetable(each, HUB) for name, each in made.items()}
        pull = {"on_holidays": "pull"}
        self.by_eventbridge = {name: timetable(each.model_copy(update=pull), HUB) for name, each in made.items()}
        self.states = {name: {"watched_since": iso(start)} for name in sets}
        self.pulled = {name: [] for name in sets}
        self.now, self.down, self.start = start, down, start

    def state(self, name):
        return self.states[name.partition(".")[2]]

    def claim_requeue(self, name, now, quiet):
        return True

    def work(self, task):
        state = self.state(task.name)
        if not state.get("paused") and turns.begins(task, state, None, self.deployment):
            state["fetch_begun_at"] = iso(self.now)
            self.pulled[task.data_set].append(f"{self.now:%m-%d %H:%M}")

    def schedules(self):
        """EventBridge knows its expression and the time zone, no day off, and no gap of the clock."""
        for name, times in self.by_eventbridge.items():
            is_rate = (times.expression or "").startswith("rate")
            due = times.latest(self.start if is_rate else self.now - self.step, self.now)
            if due and due.own and due.at == self.now and not self.down(self.now):
                yield PullTask(source="s", data_set=name, scheduled_at=f"{self.now:%Y-%m-%dT%H:%M:%SZ}")

    def run(self, until):
        while self.now < until:
            for task in [each for each in self.schedules() for _ in range(2)]:
                self.work(task)
            sweep_with(self.deployment, self, self.work, self.now.timestamp())
            self.now += self.step


def test_seven_days_pull_at_each_sets_own_times():
    start = datetime(2026, 8, 14, tzinfo=UTC)
    world = World({name: given for name, (given, _) in WEEK.items()}, start)
    world.step = timedelta(minutes=5)  # which every moment of the week is a multiple of
    world.now += world.step
    world.run(start + timedelta(days=7))
    assert {name: len(moments) for name, moments in world.pulled.items()} == {
        name: count if name != "real_time" else count - 1 for name, (_, count) in WEEK.items()
    }, "the rate's first moment is a quarter of an hour after its beginning"
    for name, times in world.times.items():
        due = takewhile(lambda moment: moment.at < world.now, times.following(start))
        assert world.pulled[name] == [f"{moment.at:%m-%d %H:%M}" for moment in due], name
    assert world.pulled["weekly"] == ["08-18 07:00"], "Saturday, moved over Sunday and a holiday"
    assert world.pulled["working_days"] == ["08-18 06:00", "08-19 06:00", "08-20 06:00"]


def test_what_an_outage_or_a_pause_missed_is_caught_up_once():
    start = datetime(2026, 8, 10, tzinfo=UTC)
    back = start + timedelta(hours=50)
    world = World({name: WEEK[name][0] for name in ("hourly", "daily", "real_time")}, start, lambda now: now < back)
    world.down = lambda now: start + timedelta(hours=2) < now < back
    world.states["daily"]["paused"] = True
    world.now += timedelta(minutes=1)
    sweeps = world.run

    def nobody(until):
        """The whole hub stands still, as a laptop that is closed does."""
        world.now = until

    sweeps(start + timedelta(hours=2))
    before = {name: len(moments) for name, moments in world.pulled.items()}
    assert before == {"hourly": 2, "daily": 0, "real_time": 7}
    nobody(back)
    sweeps(back + timedelta(minutes=9))
    caught = {name: moments[before[name] :] for name, moments in world.pulled.items()}
    assert caught == {"hourly": ["08-12 02:00"], "daily": [], "real_time": ["08-12 02:00"]}, "one for two days"
    world.states["daily"]["paused"] = False
    sweeps(back + timedelta(minutes=30))
    assert world.pulled["daily"] == ["08-12 02:09"], "one for the three that the pause left out"


def test_while_only_the_scheduler_is_out_the_sweeper_keeps_the_times():
    start = datetime(2026, 8, 10, tzinfo=UTC)
    world = World({"hourly": ({"class": "hourly", "cron": "5 * * * ? *"})}, start, lambda now: True)
    world.run(start + timedelta(hours=3))
    late = int(LATE.total_seconds() // 60)
    assert world.pulled["hourly"] == [f"08-10 0{hour}:{5 + late:02d}" for hour in range(3)]


MONTH_ENDS = [
    # cron, on_holidays, the moments from January to May 2027, why
    ("0 22 L * ? *", "pull", ["01-31", "02-28", "03-31", "04-30", "05-31"], "every month has one"),
    ("0 22 31 * ? *", "pull", ["01-31", "03-31", "05-31"], "a 31st, where there is one"),
    ("0 22 L * ? *", "move", ["02-01", "03-01", "03-31", "04-30", "05-31"], "a Sunday goes into the next month"),
    ("0 22 LW * ? *", "pull", ["01-29", "02-26", "03-31", "04-30", "05-31"], "the last weekday"),
]


@pytest.mark.parametrize(("cron", "mode", "days", "why"), MONTH_ENDS)
def test_a_virtual_clock_over_month_ends(cron, mode, days, why):
    start = datetime(2027, 1, 1, 12, tzinfo=UTC)
    world = World({"monthly": {"class": "monthly", "cron": cron, "on_holidays": mode}}, start)
    for day in range(151):  # the hours around the moment of each day
        world.now = start.replace(hour=21, minute=55) + timedelta(days=day)
        world.run(world.now + timedelta(minutes=12))
    assert world.pulled["monthly"] == [f"{day} 22:00" for day in days], why


def held(gate):
    return Pull(pull_id="s.d.1", source="s", data_set="d", pull_seq=1, state="held", started_at="x", held_by=gate)


BEGINS = [
    # message, state, the pull that is there, undecided, begins a new pull, why
    ({}, {}, None, "wait", True, "a plain one"),
    ({"scheduled_at": "2026-08-11T06:00:00Z"}, {}, None, "wait", True, "the first"),
    (
        {"scheduled_at": "2026-08-11T06:00:00Z"},
        {"fetch_begun_at": "2026-08-11T06:00:01.000Z"},
        None,
        "wait",
        False,
        "delivered twice",
    ),
    (
        {"scheduled_at": "2026-08-11T06:00:00Z"},
        {"fetch_begun_at": "2026-08-11T05:59:59.000Z"},
        None,
        "wait",
        True,
        "the last one began before",
    ),
    ({"scheduled_at": "2026-08-15T06:00:00Z"}, {}, None, "wait", False, "a Saturday, which is skipped"),
    ({"scheduled_at": "2026-08-15T06:00:00Z", "asked_by": "u"}, {}, None, "wait", True, "a person may on any day"),
    ({"scheduled_at": "<aws.scheduler.scheduled-time>"}, {}, None, "wait", True, "the emulator's scheduler tells none"),
    ({"pull_id": "s.d.1"}, {}, None, "wait", False, "only to carry on"),
    ({"replay": True}, {}, None, "wait", True, "a replay that waits"),
    ({"replay": True}, {}, held("quarantined"), "fetch_again", False, "waits for the decision"),
    ({}, {}, held("quarantined"), "wait", False, "nobody has decided"),
    ({"asked_by": "u"}, {}, held("quarantined"), "wait", False, "nor may a person pass over it"),
    ({}, {}, held("quarantined"), "fetch_again", True, "the manifest says so"),
    ({}, {}, held(None), "wait", True, "what does not balance can only be fetched again"),
]


@pytest.mark.parametrize(
    ("message", "state", "last", "undecided", "expected", "why"), BEGINS, ids=[r[5] for r in BEGINS]
)
def test_which_messages_begin_a_pull(message, state, last, undecided, expected, why):
    frequency = Frequency.model_validate({"class": "daily", "cron": "0 6 * * ? *", "on_holidays": "skip"})
    rules = SimpleNamespace(frequency=frequency, gate=Gate(undecided=undecided))
    deployment = SimpleNamespace(hub=HUB, sources={"s": SimpleNamespace(data_sets={"d": rules})})
    task = PullTask(source="s", data_set="d", **message)
    assert turns.begins(task, state, last, deployment) is expected, why
