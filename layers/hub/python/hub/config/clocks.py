"""The days and hours of people: the hub's time zone over the years, and what day it is where a customer lives."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

FROM, TO = datetime(1980, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)
CLOCK_COLUMNS: Final[Mapping[str, str]] = {"begins": "timestamp", "ends": "timestamp", "minutes": "integer"}
PLACE_COLUMNS: Final[Mapping[str, str]] = {"country": "varchar", "time_zone": "varchar", "today": "date"}
HERE: Final = ""

Row = Mapping[str, str | None]


@cache
def clock(time_zone: str) -> tuple[Row, ...]:
    """`control.clock`: from when to when the hub's clocks are so many minutes ahead of UTC; every moment is in one row.

    The past before and the future after the years that are known have the first and the last row.
    """
    zone = ZoneInfo(time_zone)
    begins, minutes, found = FROM, _minutes(zone, FROM), []
    day = FROM
    while day < TO:
        if _minutes(zone, day + timedelta(days=1)) != minutes:
            change = _change(zone, day, minutes)
            found.append((begins, change, minutes))
            begins, minutes = change, _minutes(zone, change)
        day += timedelta(days=1)
    found.append((begins, datetime(9999, 1, 1, tzinfo=UTC), minutes))
    found[0] = (datetime(1, 1, 1, tzinfo=UTC), *found[0][1:])
    return tuple({"begins": _text(since), "ends": _text(to), "minutes": str(ahead)} for since, to, ahead in found)


def _change(zone: ZoneInfo, day: datetime, minutes: int) -> datetime:
    """The moment within a day from which the clocks show something else; they change on whole minutes."""
    low, high = 0, 24 * 60
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _minutes(zone, day + timedelta(minutes=middle)) == minutes else (low, middle)
    return day + timedelta(minutes=high)


def _minutes(zone: ZoneInfo, moment: datetime) -> int:
    ahead = moment.astimezone(zone).utcoffset()
    assert ahead is not None
    return round(ahead.total_seconds() / 60)


def _text(moment: datetime) -> str:
    return f"{moment.year:04d}-{moment:%m-%d %H:%M:%S}"


@cache
def zones_of_countries() -> Mapping[str, tuple[str, ...]]:
    """Country -> its time zones, that of most people first, as the time zone database lists them."""
    found: dict[str, tuple[str, ...]] = {}
    for line in resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), zone)
    return MappingProxyType(found)


def places(moment: datetime, time_zone: str) -> list[Row]:
    """`control.place`: each country's time zone and day. Of a country with several the hub's own, else the first.

    The country `` is for those whose country nobody knows: the hub's zone.
    """
    found = {HERE: time_zone}
    for country, zones in zones_of_countries().items():
        found[country] = time_zone if time_zone in zones else zones[0]
    today = {zone: f"{moment.astimezone(_zone(zone)):%Y-%m-%d}" for zone in {*found.values()}}
    return [{"country": country, "time_zone": zone, "today": today[zone]} for country, zone in sorted(found.items())]


_zone = cache(ZoneInfo)  # its own cache holds eight; each beyond them is a file read anew
