"""A birthday is wished once a year, on the customer's own day, whatever is repeated, restarted or moved."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest

from hub import aws
from hub.campaigns import triggers
from hub.campaigns.audience import Candidate
from hub.campaigns.birthdays import LATE_DAYS, days, due
from hub.campaigns.freeze import Freezer
from hub.errors import Unavailable
from hub.settings import FreezeSettings

INDIA, STATES, SAMOA, CHATHAM = "Asia/Kolkata", "America/Los_Angeles", "Pacific/Pago_Pago", "Pacific/Chatham"
LEAPLING, SYLVESTER, NEW_YEAR = date(1992, 2, 29), date(1980, 12, 31), date(1990, 1, 1)
MOMENTS = [  # when in UTC, who, where, the year for which he is due, why
    ("2027-05-01T03:29", date(1990, 5, 1), INDIA, None, "one minute before nine"),
    ("2027-05-01T03:30", date(1990, 5, 1), INDIA, 2027, "nine o'clock"),
    ("2027-05-01T15:59", date(1990, 5, 1), STATES, None, "it is not nine there yet"),
    ("2027-05-01T16:00", date(1990, 5, 1), STATES, 2027, "nine in summer time"),
    ("2027-05-02T03:00", date(1990, 5, 1), STATES, 2027, "still his day there"),
    ("2027-05-04T12:00", date(1990, 5, 1), INDIA, 2027, "three days late"),
    ("2027-05-05T12:00", date(1990, 5, 1), INDIA, None, "too late"),
    ("2027-02-28T12:00", LEAPLING, INDIA, None, "no 29 February: not the day before"),
    ("2027-03-01T12:00", LEAPLING, INDIA, 2027, "but the day after"),
    ("2028-02-29T12:00", LEAPLING, INDIA, 2028, "a leap year"),
    ("2028-02-28T12:00", LEAPLING, INDIA, None, "the day before"),
    ("2028-01-02T12:00", SYLVESTER, INDIA, 2027, "late, of the year that is over"),
    ("2028-01-01T08:00", NEW_YEAR, CHATHAM, 2028, "where the year begins"),
    ("2028-01-01T08:00", NEW_YEAR, SAMOA, None, "where it is still the old one"),
    ("1990-05-01T12:00", date(1990, 5, 1), INDIA, None, "the day of his birth"),
    ("2027-05-01T12:00", date(2030, 5, 1), INDIA, None, "not born yet"),
    ("2027-05-01T12:00", None, INDIA, None, "nobody knows"),
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("moment", "born", "zone", "year", "why"), MOMENTS, ids=[row[-1] for row in MOMENTS])
def test_when_somebody_is_due(moment, born, zone, year, why):
    assert due(born, zone, at(moment)) == year
    if born and year:
        assert f"{born:%m-%d}" in days(at(moment)), "the query finds him"


def test_each_hour_of_two_years_gives_each_birthday_one_stretch_on_its_own_day():
    for born in (LEAPLING, SYLVESTER, NEW_YEAR, date(1985, 3, 14), date(1985, 10, 31)):
        for zone in (INDIA, STATES, SAMOA, CHATHAM, "Europe/Berlin"):
            now, first, hours = at("2027-01-10T00:00"), {}, {}
            while now < at("2029-01-10T00:00"):
                if (year := due(born, zone, now)) is not None:
                    first.setdefault(year, now)
                    hours[year] = hours.get(year, 0) + 1
                    assert f"{born:%m-%d}" in days(now)
                now += timedelta(hours=1)
            assert len(first) == 2, (born, zone)
            assert all(abs(count - 24 * (LATE_DAYS + 1)) <= 1 for count in hours.values()), "clocks that change"


class Years:
    """A campaign with a trigger, sent every six hours around the turns of years and the ends of February."""

    def __init__(self, world, template):
        self.world, self.now, self.number, self.last = world, at("2027-12-28T00:00"), 0, None
        self.people = {}
        world.store.add(
            {
                "campaign_id": "mbirthday", "name": "Birthday", "channel": "email", "segment_id": "g1",
                "template_id": template, "sender": "hub@example.org", "parameters_json": "{}", "trigger": "birthday",
            }
        )  # fmt: skip

    def begin(self):
        self.number += 1
        run = {"run_id": f"s{self.number:04d}", "campaign_id": "mbirthday", "kind": "send", "state": "freezing"}
        self.world.store.begin("mbirthday", run | {"started_at": f"{self.now:%Y-%m-%dT%H:%M:%SZ}"}, replaces=self.last)
        self.last = run["run_id"]

    def freezer(self):
        freezer = Freezer(FreezeSettings.read(), now=lambda: self.now)
        freezer._candidates = lambda campaign, release: list(self.people.values())
        return freezer

    def live(self, until, step=6):
        """Go on until a moment; how many messages each address has had by then."""
        while self.now < at(until):
            self.begin()
            self.freezer().carry_on(self.last)
            self.world.finish()
            self.now += timedelta(hours=step)
        return dict(self.world.ses.by_address)

    def person(self, name, born, zone, customer_id=None, earlier=()):
        known = {"full_name": name}
        who = customer_id or f"c{name}"
        self.people[name] = Candidate(who, True, f"{name}@example.com", True, known, earlier, born=born, time_zone=zone)


@pytest.fixture
def years(world, audiences):
    return Years(world, audiences.template())


def test_two_years_with_moves_merges_reruns_and_restarts(years, monkeypatch):
    years.person("asha", NEW_YEAR, CHATHAM)
    years.person("ravi", SYLVESTER, SAMOA)
    years.person("lena", LEAPLING, INDIA)
    years.person("omar", date(1970, 7, 1), INDIA)  # not in these days
    years.person("none", None, INDIA)
    assert years.live("2027-12-31T18:00") == {}, "nobody's day has come"
    years.now = at("2027-12-31T19:30")
    assert years.live("2027-12-31T20:00", step=1) == {"asha@example.com": 1}, "the new year in Chatham, after nine"

    years.person("asha", NEW_YEAR, SAMOA)  # moves to where it will be her birthday again tomorrow
    years.person("ravi", SYLVESTER, CHATHAM)  # moves to where his is over, before he was written to
    years.begin()
    freezer = years.freezer()

    def fall(*arguments):
        raise Unavailable("killed")

    with monkeypatch.context() as patch:  # a worker dies once it has claimed whom it writes to
        patch.setattr(freezer, "_write", fall)
        with pytest.raises(Unavailable):
            freezer.carry_on(years.last)
    years.freezer().carry_on(years.last)
    years.freezer().carry_on(years.last)
    years.world.finish()
    once = {"asha@example.com": 1, "ravi@example.com": 1}
    assert dict(years.world.ses.by_address) == once, "late, but wished"

    years.now += timedelta(hours=6)
    years.person("asha", NEW_YEAR, SAMOA, customer_id="cmerged", earlier=("casha",))  # one with another customer now
    assert years.live("2028-01-06T00:00") == once

    years.now = at("2028-02-27T00:00")
    assert years.live("2028-03-05T00:00", step=12) == once | {"lena@example.com": 1}
    years.now = at("2028-12-28T00:00")
    assert years.live("2029-01-06T00:00", step=12) == {
        "asha@example.com": 2,
        "ravi@example.com": 2,
        "lena@example.com": 1,
    }
    years.now = at("2029-02-27T00:00")
    assert years.live("2029-03-05T00:00", step=12)["lena@example.com"] == 2, "1 March"


def test_a_sending_that_failed_before_it_began_leaves_the_birthday_to_the_next(years, monkeypatch):
    years.person("asha", NEW_YEAR, INDIA)
    years.now = at("2028-01-01T12:00")
    years.begin()
    freezer = years.freezer()
    with monkeypatch.context() as patch:
        patch.setattr(freezer, "_write", lambda *arguments: (_ for _ in ()).throw(Unavailable("no bucket")))
        with pytest.raises(Unavailable):
            freezer.carry_on(years.last)
    years.world.store.move(years.last, ["freezing"], "failed")
    assert years.live("2028-01-01T13:00") == {"asha@example.com": 1}


def test_an_armed_campaign_goes_each_hour_and_one_at_a_time(years, monkeypatch):
    asked = []
    monkeypatch.setattr(triggers, "invoke", lambda function, run_id: asked.append(run_id))
    begin = lambda later=0: triggers.begin_due("campaigns", "freeze", lambda: time.time() + later)  # noqa: E731 - short
    assert begin() == 0, "nobody has approved it"
    years.world.store.arm("mbirthday", "u-approver")
    assert begin() == 1
    assert begin(7200) == 0, "the last one is not over"
    years.world.store.move(asked[0], ["freezing"], "finished")
    assert begin() == 0, "nor an hour old"
    assert begin(3700) == 1
    assert years.world.store.run(asked[1])["asked_by"] == "u-approver"
    years.world.store.move(asked[1], ["freezing"], "finished")
    years.world.store.arm("mbirthday", None)
    assert begin(9000) == 0, "taken back"
    assert aws.table("campaigns").get_item(Key={"pk": "campaign", "sk": "mbirthday"})["Item"].get("armed_by") is None
