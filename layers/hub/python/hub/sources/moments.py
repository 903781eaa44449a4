"""Moments as sources write them and want to be told them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ODATA = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")  # milliseconds; the offset is for show
NUMBER = re.compile(r"\s*[+-]?\d+(\.\d*)?([eE][+-]?\d+)?\s*")
EARLIEST, LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def told(moment: datetime, form: str) -> str:
    """A moment as a source wants it, never later than it is: iso, epoch, epoch_ms or a pattern of strftime."""
    if form == "iso":
        return iso(moment)
    if form in ("epoch", "epoch_ms"):
        passed = moment - datetime(1970, 1, 1, tzinfo=UTC)
        return str(passed // timedelta(seconds=1) if form == "epoch" else passed // timedelta(milliseconds=1))
    return moment.astimezone(UTC).strftime(form)


def less(moment: datetime, span: timedelta) -> datetime:
    """The moment that is a span earlier, within the calendar."""
    return moment - min(span, moment - EARLIEST)


def more(moment: datetime, span: timedelta) -> datetime:
    """The moment that is a span later, within the calendar."""
    return moment + min(span, LATEST - moment)


def of(value: Any, form: str = "iso", zone: str | None = None) -> datetime | None:
    """A moment as a source writes it: ISO text, in its zone where it names none, or a number as `form` says.

    None for anything else: a number that nobody declared may be no moment.
    """
    try:
        if isinstance(value, str) and (match := ODATA.fullmatch(value)):
            return datetime.fromtimestamp(int(match[1]) / 1000, UTC)
        number = isinstance(value, int | float) or (isinstance(value, str) and NUMBER.fullmatch(value))
        if form in ("epoch", "epoch_ms") and number and not isinstance(value, bool):
            seconds = float(value)
            return datetime.fromtimestamp(seconds / 1000 if form == "epoch_ms" else seconds, UTC)
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            moment = moment.replace(tzinfo=ZoneInfo(zone or "UTC")) if moment.tzinfo is None else moment
            return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        pass
    return None
