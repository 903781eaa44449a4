"""The days and times of a cron expression as EventBridge Scheduler reads it, by the clock on the wall."""

import calendar
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache, cached_property

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")  # 1 to 7
EVERY_HOUR = frozenset(range(24))


@dataclass(frozen=True)
class Cron:
    """One expression; `days` and `weekdays` stay texts, for what they mean differs by month."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: str
    months: frozenset[int]
    weekdays: str
    years: frozenset[int]

    def on(self, day: date) -> bool:
        """Whether it comes on this day."""
        if day.month not in self.months or day.year not in self.years:
            return False
        if self.days != "?":
            return any(_is_day(part, day) for part in self.days.split(","))
        return any(_is_weekday(part, day) for part in self.weekdays.split(","))

    @cached_property
    def times(self) -> list[time]:
        """The times of each of its days, in order."""
        return [time(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes)]

    @property
    def hourly(self) -> bool:
        return self.hours == EVERY_HOUR


@cache
def parse(expression: str) -> Cron:
    """A cron that hub.config has found sound: `minute hour day month weekday year`."""
    minute, hour, day, month, weekday, year = expression.split()
    return Cron(
        _numbers(minute, 0, 59),
        _numbers(hour, 0, 23),
        day,
        _numbers(month, 1, 12, MONTHS),
        weekday,
        _numbers(year, 1970, 2199),
    )


def _numbers(field: str, least: int, most: int, words: tuple[str, ...] = ()) -> frozenset[int]:
    """All numbers that a field of lists, ranges and steps stands for."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = least if first == "*" else _number(first, words)
        end = _number(last, words) if last else most if first == "*" or step else start
        found |= set(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, words: tuple[str, ...]) -> int:
    return words.index(text) + 1 if text in words else int(text)


def _is_day(part: str, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if part == "L":
        return day.day == last
    if part.endswith("W"):
        wanted = last if part == "LW" else int(part[:-1])
        return wanted <= last and day == _nearest_weekday(day.replace(day=wanted))
    return day.day in _numbers(part, 1, 31)


def _nearest_weekday(day: date) -> date:
    """The nearest day from Monday to Friday within the same month."""
    if day.weekday() < 5:
        return day
    back, on = (1, 2) if day.weekday() == 5 else (2, 1)  # Saturday goes to Friday, Sunday to Monday
    near, far = (-back, on) if day.weekday() == 5 else (on, -back)
    moved = day + timedelta(near)
    return moved if moved.month == day.month else day + timedelta(far)


def _is_weekday(part: str, day: date) -> bool:
    own = day.isoweekday() % 7 + 1  # 1 is Sunday
    if part == "L":
        return own == 7
    if part.endswith("L"):
        return own == int(part[:-1]) and (day + timedelta(7)).month != day.month
    if "#" in part:
        weekday, number = map(int, part.split("#"))
        return own == weekday and (day.day - 1) // 7 + 1 == number
    return own in _numbers(part, 1, 7, WEEKDAYS)
