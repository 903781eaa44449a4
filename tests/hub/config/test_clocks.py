"""The hub's clock in rows, and what day it is where."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.config.clocks import clock, places


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "UTC"])
def test_every_moment_has_one_row_with_the_right_offset(zone):
    rows = [(row["begins"], row["ends"], int(row["minutes"])) for row in clock(zone)]
    assert [end for _, end, _ in rows[:-1]] == [begin for begin, _, _ in rows[1:]], "no gap and no overlap"
    borders = [datetime.fromisoformat(begin).replace(tzinfo=UTC) for begin, _, _ in rows[1:]]
    moments = [each + timedelta(seconds=more) for each in borders for more in (-1, 0)]
    moments += [datetime(1980 + year, 1, 1, 12, tzinfo=UTC) + timedelta(days=97 * year % 365) for year in range(79)]
    for moment in moments:
        text = f"{moment:%Y-%m-%d %H:%M:%S}"
        (minutes,) = (ahead for begin, end, ahead in rows if begin <= text < end)
        assert minutes == moment.astimezone(ZoneInfo(zone)).utcoffset() / timedelta(minutes=1), text


CASES = [
    ("NZ", "Asia/Kolkata", "Pacific/Auckland", "2026-03-01", "a country of its own day"),
    ("US", "Asia/Kolkata", "America/New_York", "2026-02-28", "of several the one where most people live"),
    ("US", "America/Los_Angeles", "America/Los_Angeles", "2026-02-28", "the hub's where it is one of them"),
    ("", "Asia/Kolkata", "Asia/Kolkata", "2026-03-01", "nobody knows the country"),
]


@pytest.mark.parametrize(("country", "own", "zone", "today", "why"), CASES, ids=[each[-1] for each in CASES])
def test_a_customer_s_day_is_that_of_his_country(country, own, zone, today, why):
    found = {row["country"]: row for row in places(datetime(2026, 2, 28, 19, tzinfo=UTC), own)}
    assert (found[country]["time_zone"], found[country]["today"]) == (zone, today), why
