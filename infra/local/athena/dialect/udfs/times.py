"""Dates and times read and written as Trino does (Joda's and MySQL's patterns, ISO 8601, zones)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from infra.local.athena.dialect.udfs.registry import invalid, udf

MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December"]  # fmt: skip
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_ZONED = "STRUCT(t TIMESTAMP, z VARCHAR)"


@lru_cache(512)
def zone_name(text: str) -> str | None:
    """The zone as Trino spells it, or None when there is no such zone."""
    if text.upper() in ("UTC", "Z", "GMT", "UT", "ETC/UTC", "UNIVERSAL", "ZULU"):
        return "UTC"
    if match := re.fullmatch(r"([+-])(\d{2}):?(\d{2})", text):
        hours, minutes = int(match.group(2)), int(match.group(3))
        if hours * 60 + minutes > 14 * 60 or minutes > 59:
            return None
        return "UTC" if hours == minutes == 0 else f"{match.group(1)}{hours:02}:{minutes:02}"
    known = {z.lower(): z for z in available_timezones()}
    return known.get(text.lower())


def to_utc(local: datetime, zone: str) -> datetime:
    if zone == "UTC":
        return local
    if zone[0] in "+-":
        shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
        return local - shift if zone[0] == "+" else local + shift
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


def is_skipped(local: datetime, zone: str) -> bool:
    """Whether the clock of a zone never shows this time."""
    if zone == "UTC" or zone[0] in "+-":
        return False
    back = to_utc(local, zone).replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone))
    return back.replace(tzinfo=None) != local


@udf("trino_zone", "VARCHAR -> VARCHAR")
def zone(text: str) -> str:
    found = zone_name(text)
    if found is None:
        raise invalid(f"'{text}' is not a valid time zone")
    return found


_STAMP = re.compile(
    r"([+-]?\d{4,})-(\d{1,2})-(\d{1,2})(?: (\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?)?(?:\s*([A-Za-z+-].*))?"
)


def parse_stamp(text: str, precision: int) -> tuple[datetime, str | None] | None:
    """A timestamp text as (local time, zone or None), rounded half up to `precision`; None when it is none."""
    match = _STAMP.fullmatch(text.strip(" "))
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone_text = match.groups()
    zone_found = zone_name(zone_text) if zone_text else None
    if zone_text and zone_found is None:
        return None
    try:
        made = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return None
    digits = (fraction or "") + "0"
    rounded = int(digits[:precision].ljust(precision, "0") or "0") + (digits[precision : precision + 1] >= "5")
    return made + timedelta(microseconds=rounded * 10 ** (6 - precision)), zone_found


def parse_date(text: str) -> date | None:
    match = re.fullmatch(r"[+]?(\d{4,})-(\d{1,2})-(\d{1,2})", text.strip())
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


udf("trino_date", "VARCHAR -> DATE")(parse_date)


@udf("trino_timestamp", "VARCHAR, BIGINT -> TIMESTAMP")
def timestamp(text: str, precision: int) -> datetime | None:
    found = parse_stamp(text, precision)
    return found[0] if found else None


@udf("trino_timestamptz", f"VARCHAR, BIGINT -> {_ZONED}")
def timestamptz(text: str, precision: int) -> dict[str, object] | None:
    found = parse_stamp(text, precision)
    if found is None:
        return None
    return {"t": to_utc(found[0], found[1] or "UTC"), "z": found[1] or "UTC"}


@udf("trino_time", "VARCHAR, BIGINT -> TIME")
def time_of(text: str, precision: int) -> time | None:
    found = parse_stamp("2000-01-01 " + text, precision)
    return found[0].time() if found and found[1] is None and ":" in text else None


_ISO = re.compile(
    r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?:T(?:(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,](\d+))?)?)?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?"
)


@udf("trino_iso_timestamp", f"VARCHAR -> {_ZONED}")
def iso_timestamp(text: str) -> dict[str, object]:
    match = _ISO.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        year, month, day, hour, minute, second, fraction, offset = match.groups()
        local = datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        raise invalid(f'Invalid format: "{text}"') from None
    local += timedelta(milliseconds=int((fraction or "0").ljust(3, "0")[:3]))
    offset = offset + ":00" if offset and len(offset) == 3 else offset
    found = zone_name(offset) if offset else "UTC"
    if found is None:
        raise invalid(f'Invalid format: "{text}"')
    return {"t": to_utc(local, found), "z": found}


@udf("trino_iso_date", "VARCHAR -> DATE")
def iso_date(text: str) -> date:
    if match := re.fullmatch(r"(\d{4})-W(\d{2})(?:-(\d))?", text):
        parts = [int(p or 1) for p in match.groups()]
        try:
            return date.fromisocalendar(*parts)
        except ValueError:
            raise invalid(f'Invalid format: "{text}"') from None
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", text)
    try:
        if match is None:
            raise ValueError
        return date(*[int(p or 1) for p in match.groups()])
    except ValueError:
        raise invalid(f'Invalid format: "{text}"') from None


@udf("trino_from_unixtime", "DOUBLE -> TIMESTAMP")
def from_unixtime(seconds: float) -> datetime:
    milliseconds = int(seconds * 1000 + (0.5 if seconds >= 0 else -0.5))
    return datetime(1970, 1, 1) + timedelta(milliseconds=milliseconds)


@udf("trino_human_seconds", "DOUBLE -> VARCHAR")
def human_seconds(seconds: float) -> str:
    rest = int(seconds)
    parts: list[str] = []
    for size, word in ((604800, "week"), (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count, rest = divmod(rest, size)
        if count or (size == 1 and not parts):
            parts.append(f"{count} {word}{'' if count == 1 else 's'}")
    return ", ".join(parts)


@udf("trino_duration", "VARCHAR -> BIGINT")
def duration(text: str) -> int:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ns|us|ms|s|m|h|d)\s*", text)
    if match is None:
        raise invalid(f"duration is not a valid data duration string: {text}")
    size = {"ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4, "h": 3.6e6, "d": 8.64e7}[match.group(2)]
    return int(float(match.group(1)) * size + 0.5)


Writer = Callable[[datetime], str]


def _twelve(when: datetime) -> int:
    return when.hour % 12 or 12


_MYSQL: dict[str, Writer] = {
    "a": lambda w: DAYS[w.weekday()][:3], "b": lambda w: MONTHS[w.month - 1][:3], "c": lambda w: str(w.month),
    "d": lambda w: f"{w.day:02}", "e": lambda w: str(w.day), "f": lambda w: f"{w.microsecond // 1000:03}000",
    "H": lambda w: f"{w.hour:02}", "h": lambda w: f"{_twelve(w):02}", "I": lambda w: f"{_twelve(w):02}",
    "i": lambda w: f"{w.minute:02}", "j": lambda w: f"{w.timetuple().tm_yday:03}", "k": lambda w: str(w.hour),
    "l": lambda w: str(_twelve(w)), "M": lambda w: MONTHS[w.month - 1], "m": lambda w: f"{w.month:02}",
    "p": lambda w: "AM" if w.hour < 12 else "PM",
    "r": lambda w: f"{_twelve(w):02}:{w.minute:02}:{w.second:02} {'AM' if w.hour < 12 else 'PM'}",
    "S": lambda w: f"{w.second:02}", "s": lambda w: f"{w.second:02}",
    "T": lambda w: f"{w.hour:02}:{w.minute:02}:{w.second:02}", "v": lambda w: f"{w.isocalendar().week:02}",
    "W": lambda w: DAYS[w.weekday()], "x": lambda w: f"{w.isocalendar().year:04}", "Y": lambda w: f"{w.year:04}",
    "y": lambda w: f"{w.year % 100:02}", "%": lambda w: "%",
}  # fmt: skip


@udf("trino_date_format", "TIMESTAMP, VARCHAR -> VARCHAR")
def date_format(when: datetime, pattern: str) -> str:
    return re.sub(r"%(.)", lambda m: _MYSQL[m.group(1)](when) if m.group(1) in _MYSQL else m.group(1), pattern)


_NAMES = {"b": [m[:3] for m in MONTHS], "M": MONTHS, "a": [d[:3] for d in DAYS], "W": DAYS}
_READ = {
    "Y": r"(?P<Y>[+-]?\d{4})", "y": r"(?P<y>\d{2})", "m": r"(?P<m>\d{1,2})", "c": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})", "e": r"(?P<d>\d{1,2})", "H": r"(?P<H>\d{1,2})", "k": r"(?P<H>\d{1,2})",
    "h": r"(?P<h>\d{1,2})", "I": r"(?P<h>\d{1,2})", "l": r"(?P<h>\d{1,2})", "i": r"(?P<i>\d{1,2})",
    "s": r"(?P<s>\d{1,2})", "S": r"(?P<s>\d{1,2})", "f": r"(?P<f>\d{1,9})", "p": r"(?P<p>[AaPp][Mm])",
    "j": r"(?P<j>\d{1,3})", "T": r"(?P<H>\d{1,2}):(?P<i>\d{1,2}):(?P<s>\d{1,2})", "%": "%",
    "r": r"(?P<h>\d{1,2}):(?P<i>\d{1,2}):(?P<s>\d{1,2}) (?P<p>[AaPp][Mm])",
    **{k: f"(?P<{k}>{'|'.join(v)})" for k, v in _NAMES.items()},
}  # fmt: skip


@lru_cache(256)
def _reader(pattern: str) -> re.Pattern[str]:
    made = re.sub(
        r"%(.)|([^%]+)",
        lambda m: re.escape(m.group(2)) if m.group(2) else _READ.get(m.group(1), re.escape(m.group(1))),
        pattern,
    )
    try:
        return re.compile(made, re.IGNORECASE)
    except re.error:
        raise invalid(f"date format with a field twice is not supported by this engine: {pattern}") from None


@udf("trino_date_parse", "VARCHAR, VARCHAR -> TIMESTAMP")
def date_parse(text: str, pattern: str) -> datetime:
    match = _reader(pattern).fullmatch(text)
    if match is None:
        raise invalid(f'Invalid format: "{text}"')
    found = {k: v for k, v in match.groupdict().items() if v is not None}
    return assembled(found, text)


def assembled(found: dict[str, str], text: str) -> datetime:
    """The time that the fields name (letters of MySQL's patterns). Raises as Trino does for impossible ones."""
    year = int(found.get("Y", 1970))
    if "y" in found:
        short = int(found["y"])
        year = short + (2000 if short < 70 else 1900)
    month = int(found.get("m", 1))
    for letter in ("b", "M"):
        if letter in found:
            month = [m.lower() for m in _NAMES[letter]].index(found[letter].lower()) + 1
    hour = int(found.get("H", 0))
    if "h" in found:
        if not 1 <= int(found["h"]) <= 12:
            raise invalid(f'Cannot parse "{text}": hour must be in the range [1,12]')
        hour = int(found["h"]) % 12 + (12 if found.get("p", "am").lower() == "pm" else 0)
    micro = int(found.get("f", "0").ljust(3, "0")[:3]) * 1000
    try:
        made = datetime(
            year, month, int(found.get("d", 1)), hour, int(found.get("i", 0)), int(found.get("s", 0)), micro
        )
    except ValueError as problem:
        raise invalid(f'Cannot parse "{text}": {problem}') from None
    return made.replace(month=1, day=1) + timedelta(days=int(found["j"]) - 1) if "j" in found else made


def joda_fields(pattern: str) -> list[tuple[str, int]]:
    """The runs of a Joda pattern as (letter, length), and literal text as (text, 0)."""
    fields: list[tuple[str, int]] = []
    for match in re.finditer(r"''|'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+", pattern):
        run = match.group(0)
        if match.group(2):
            fields.append((match.group(2), len(run)))
        else:
            fields.append(("'" if run == "''" else (match.group(1) or run).replace("''", "'"), 0))
    return fields


def _joda_write(letter: str, size: int, when: datetime, zone_text: str) -> str:
    iso = when.isocalendar()
    numbers = {
        "d": when.day,
        "H": when.hour,
        "k": when.hour or 24,
        "K": when.hour % 12,
        "h": _twelve(when),
        "m": when.minute,
        "s": when.second,
        "D": when.timetuple().tm_yday,
        "w": iso.week,
        "e": iso.weekday,
    }
    if letter in numbers:
        return str(numbers[letter]).zfill(size)
    if letter in "yYx":
        year = iso.year if letter == "x" else when.year
        return f"{year % 100:02}" if size == 2 else str(year).zfill(size)
    if letter == "M":
        return MONTHS[when.month - 1][: None if size > 3 else 3] if size >= 3 else str(when.month).zfill(size)
    if letter == "E":
        return DAYS[when.weekday()][: None if size > 3 else 3]
    if letter == "a":
        return "AM" if when.hour < 12 else "PM"
    if letter == "S":
        return f"{when.microsecond // 1000:03}".ljust(size, "0")[:size]
    if letter == "Z":
        shift = offset(when, zone_text)
        return zone_text if size > 2 else shift if size == 2 else shift.replace(":", "")
    raise invalid(f"format letter {letter} is not supported by this engine")


def offset(local: datetime, zone_text: str) -> str:
    """+HH:MM of a zone at a local time."""
    seconds = int((local - to_utc(local, zone_text)).total_seconds())
    sign, minutes = ("-" if seconds < 0 else "+"), abs(seconds) // 60
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"


@udf("trino_offset", f"{_ZONED} -> VARCHAR")
def offset_of(value: dict[str, object]) -> str:
    utc, name = value["t"], str(value["z"])
    assert isinstance(utc, datetime)
    if name == "UTC":
        return "Z"
    if name[0] in "+-":
        return name
    local = utc.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(name)).replace(tzinfo=None)
    seconds = int((local - utc).total_seconds())
    return f"{'-' if seconds < 0 else '+'}{abs(seconds) // 3600:02}:{abs(seconds) // 60 % 60:02}"


@udf("trino_joda_format", "TIMESTAMP, VARCHAR, VARCHAR -> VARCHAR")
def joda_format(when: datetime, zone_text: str, pattern: str) -> str:
    return "".join(_joda_write(f, n, when, zone_text) if n else f for f, n in joda_fields(pattern))


@lru_cache(256)
def _joda_reader(pattern: str) -> re.Pattern[str]:
    made, fields = "", joda_fields(pattern)
    names = {"y": "Y", "Y": "Y", "M": "m", "d": "d", "H": "H", "h": "h", "m": "i", "s": "s", "a": "p", "S": "f"}
    for i, (letter, size) in enumerate(fields):
        adjacent = i + 1 < len(fields) and fields[i + 1][1] > 0 and fields[i + 1][0] in "yYMdHhmsS"
        if not size:
            made += re.escape(letter)
        elif letter == "Z":
            made += r"(?P<Z>[+-]\d{2}:?\d{2})" if size < 3 else r"(?P<Z>[A-Za-z_/+:0-9-]+)"
        elif letter == "E":
            made += f"(?:{'|'.join(DAYS + _NAMES['a'])})"
        elif letter == "M" and size >= 3:
            made += f"(?:(?P<M>{'|'.join(MONTHS)})|(?P<b>{'|'.join(_NAMES['b'])}))"
        elif letter == "a":
            made += r"(?P<p>[AaPp][Mm])"
        elif letter in names and not (letter in "yY" and size == 2):
            digits = f"{{{size}}}" if adjacent else "{1,9}" if letter in "yYS" else f"{{1,{max(2, size)}}}"
            made += rf"(?P<{names[letter]}>\d{digits})"
        else:
            raise invalid(f"parsing the format letter {letter} is not supported by this engine")
    return re.compile(made, re.IGNORECASE)


@udf("trino_joda_parse", f"VARCHAR, VARCHAR -> {_ZONED}")
def joda_parse(text: str, pattern: str) -> dict[str, object]:
    match = _joda_reader(pattern).fullmatch(text)
    if match is None:
        raise invalid(f'Invalid format: "{text}"')
    found = {k: v for k, v in match.groupdict().items() if v is not None}
    zone_text = found.pop("Z", "UTC")
    name = zone_name(zone_text)
    if name is None:
        raise invalid(f'Invalid format: "{text}"')
    return {"t": to_utc(assembled(found, text), name), "z": name}
