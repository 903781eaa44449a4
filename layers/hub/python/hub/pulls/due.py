"""When a data set is due: its cron or rate in its time zone, days off, and what was missed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from hub.config import HubConfig
from hub.config.models import WEEKDAYS, Frequency
from hub.pulls import cron

ONE_DAY = timedelta(days=1)
UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": ONE_DAY}
FARTHEST = 366 * 9  # days ahead in which a 29 February comes
MOST_DAYS_OFF = 31  # in a row


@dataclass(frozen=True)
class Moment:
    """A moment at which a data set is due. own: whether its schedule in EventBridge comes then by itself."""

    at: datetime
    own: bool


@dataclass(frozen=True)
class Timetable:
    """One data set's moments."""

    expression: str | None
    zone: ZoneInfo
    days_off: frozenset[date]
    weekend: frozenset[int]
    on_holidays: Literal["pull", "skip", "move"]

    def latest(self, since: datetime, now: datetime) -> Moment | None:
        """The last moment after `since` and up to `now`, which serves those before it; None where nothing was due."""
        if (every := self._every) is not None:
            times = (now - since) // every
            return Moment(since + times * every, True) if times > 0 else None
        day = now.astimezone(self.zone).date() + ONE_DAY  # a time that a gap moves may end on the day after
        first = since.astimezone(self.zone).date() - ONE_DAY
        while day >= first and self._cron:
            for moment in reversed(_of(self, day)):
                if since < moment.at <= now:
                    return moment
            day -= ONE_DAY
        return None

    def following(self, after: datetime) -> Iterator[Moment]:
        """The moments behind `after`, in order."""
        if (every := self._every) is not None:
            while True:
                after += every
                yield Moment(after, True)
        if self._cron is None:
            return
        day = after.astimezone(self.zone).date() - ONE_DAY
        for _ in range(FARTHEST):
            for moment in _of(self, day):
                if moment.at > after:
                    yield moment
                    after = moment.at
            day += ONE_DAY

    def on(self, day: date) -> tuple[Moment, ...]:
        """The moments of one day on the wall's calendar, in order; a moment that comes in two ways comes once."""
        assert self._cron
        if not self._works(day):
            return ()
        own = self._cron.on(day)
        if not own and not (self.on_holidays == "move" and self._moved_to(day)):
            return ()
        found: dict[datetime, bool] = {}
        for wall in self._cron.times:
            for at, usual in self._instants(day, wall):
                found[at] = found.get(at, False) or (own and usual)
        return tuple(Moment(at, found[at]) for at in sorted(found))

    def is_off(self, at: datetime) -> bool:
        """Whether nothing is pulled on this moment's day."""
        return not self._works(at.astimezone(self.zone).date())

    @cached_property
    def _cron(self) -> cron.Cron | None:
        inside = _inside(self.expression, "cron")
        return cron.parse(inside) if inside else None

    @cached_property
    def _every(self) -> timedelta | None:
        inside = _inside(self.expression, "rate")
        if not inside:
            return None
        count, unit = inside.split()
        return int(count) * UNITS[unit.removesuffix("s")]

    def _works(self, day: date) -> bool:
        return self.on_holidays == "pull" or not (day in self.days_off or day.weekday() in self.weekend)

    def _moved_to(self, day: date) -> bool:
        """Whether the days off right before this day have a moment that waits for it."""
        assert self._cron
        for back in range(1, MOST_DAYS_OFF + 1):
            before = day - timedelta(back)
            if self._works(before):
                return False
            if self._cron.on(before):
                return True
        return False

    def _instants(self, day: date, wall: time) -> Iterator[tuple[datetime, bool]]:
        """A time of the clock as moments, and whether EventBridge comes then.

        In spring a time that is left out comes as much later as the clock is put forward. In autumn a time that comes
        twice counts the first time; where every hour is asked for, both times.
        """
        assert self._cron
        local = datetime.combine(day, wall, self.zone)
        first = local.astimezone(UTC)
        there = first.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None)
        yield first, there
        again = local.replace(fold=1).astimezone(UTC)
        if there and self._cron.hourly and again != first:
            yield again, False


@lru_cache(maxsize=4096)
def _of(times: Timetable, day: date) -> tuple[Moment, ...]:
    return times.on(day)


def timetable(frequency: Frequency, hub: HubConfig) -> Timetable:
    """The timetable of a data set of this hub."""
    return Timetable(
        frequency.expression,
        ZoneInfo(frequency.time_zone or hub.time_zone),
        frozenset(hub.holidays),
        frozenset(WEEKDAYS.index(day) for day in hub.weekend),
        frequency.on_holidays,
    )


def _inside(expression: str | None, kind: str) -> str | None:
    found = expression and expression.startswith(f"{kind}(")
    return expression[len(kind) + 1 : -1] if expression and found else None
