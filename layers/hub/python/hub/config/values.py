"""What single values of a manifest must be beyond their shape: arguments of checks, moments, times, addresses, SQL."""

import codecs
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from hub.config import checking
from hub.config.models import Check, Column

ADDRESS = r"[^@\s*]+@[^@\s*.]+(\.[^@\s*.]+)+"
NUMBER = r"\+[1-9][0-9]{6,14}"  # of a telephone, with its country's code
PATH = r"\$(\.[A-Za-z_]\w*|\['[^']+'\])(\.[A-Za-z_]\w*|\['[^']+'\]|\[\d+\]|\[\w+=[^\]]+\])*"
RATE = r"1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days)"
MONTHS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
DAYS = "SUN|MON|TUE|WED|THU|FRI|SAT"
# Each field of a cron: its name, the least and the most number, the words and signs that it knows besides.
CRON = (
    ("minute", 0, 59, ""),
    ("hour", 0, 23, ""),
    ("day", 1, 31, r"\?|L|LW|(?:[1-9]|[12][0-9]|3[01])W"),
    ("month", 1, 12, MONTHS),
    ("weekday", 1, 7, rf"\?|{DAYS}|[1-7]?L|[1-7]#[1-5]"),
    ("year", 1970, 2199, ""),
)
SHORT_MONTHS = {"30": ("2", "FEB"), "31": ("2", "FEB", "4", "APR", "6", "JUN", "9", "SEP", "11", "NOV")}
TEXTS = (
    *("email", "phone", "pattern", "length", "postcode", "tidy", "title", "gender", "salutation"),
    *("name", "company", "address", "country", "currency"),
)
NUMBERS = ("bigint", "integer", "double", "decimal")
# Which declared types an entity's column takes as they are; any takes its own, and varchar takes all.
TAKES = {
    "date": ("date", "timestamp"),
    "timestamp": ("timestamp", "date"),
    "boolean": ("boolean", "bigint", "integer"),
    "integer": NUMBERS,
    "decimal": NUMBERS,
}


def zone(name: str | None) -> Iterator[str]:
    if name is not None and name not in _zones():
        yield f"{name!r} is not a time zone; write for example Asia/Kolkata"


@cache
def _zones() -> set[str]:
    """Those with a name of their own: files such as `posixrules` lie among them and mean nothing elsewhere."""
    return available_timezones()


def country(code: str) -> bool:
    """Whether there is a country with this code of two letters."""
    from phonenumbers import SUPPORTED_REGIONS  # functions that read no manifest do not carry it

    return code in SUPPORTED_REGIONS


def argument(check: Check, column: Column) -> Iterator[str]:
    """What is wrong with a check's argument, or with the check on this column."""
    of = check.of
    if check.rule == "email" and of is not None:
        yield "the check email takes no argument; write `check: email`"
    elif check.rule == "phone" and of is not None and not (re.fullmatch("[A-Z]{2}", str(of)) and country(of)):
        yield f"the check phone takes a country of two letters, not {of!r}; write `check: {{phone: IN}}`"
    elif check.rule == "one_of":
        yield from _one_of(of, column)
    elif check.rule == "pattern" and not _compiles(of):
        yield (
            f"the check pattern takes a regular expression, not {of!r}; mind the backslashes, and that RE2 knows "
            "neither look-around nor back references"
        )
    elif check.rule == "length" and not _is_length(of):
        yield "the check length takes the least and the most; write `check: {length: [1, 40]}`"
    elif check.rule == "between" or (check.rule == "plausible_date" and of is not None):
        yield from bounds(check.rule, of, column)
    yield from checking.argument(check, column)
    if check.rule in TEXTS and column.type != "varchar":
        yield f"the check {check.rule} is for varchar, this is {column.type}; change the type or the check"


def _one_of(of: Any, column: Column) -> Iterator[str]:
    if not (isinstance(of, list | tuple) and of):
        yield "the check one_of takes a list of values; write `check: {one_of: [a, b]}`"
        return
    for value in of:
        if not checking.may_be(value, column.type):
            yield f"{value!r} can never be in a column of {column.type}; one_of lists values of that type"


def _is_length(of: Any) -> bool:
    whole = isinstance(of, list | tuple) and len(of) == 2 and all(type(n) is int for n in of)
    return whole and 0 <= of[0] <= of[1]


def bounds(rule: str, of: Any, column: Column) -> Iterator[str]:
    if not (isinstance(of, list | tuple) and len(of) == 2):
        first, last = ("0", "100") if rule == "between" else ("1900-01-01", "today")
        yield f"the check {rule} takes two bounds; write `check: {{{rule}: [{first}, {last}]}}`, null for an open end"
        return
    of_time, wrong = column.type in ("date", "timestamp"), False
    for bound in of:
        if bound is None or (bound == "today" and of_time):
            continue
        if of_time and not (isinstance(bound, str) and _is_date(bound)):
            wrong = True
            yield f"{bound!r} is not a date; write YYYY-MM-DD or today"
        elif not of_time and (
            column.type in ("varchar", "boolean", "json") or type(bound) not in (int, float) or abs(bound) >= 10**28
        ):
            wrong = True
            yield f"{bound!r} is no bound for {column.type}; {rule} is for numbers, dates and timestamps"
    least, most = (date.today().isoformat() if bound == "today" else bound for bound in of)
    if not wrong and least is not None and most is not None and least > most:
        yield f"no value is between {of[0]} and {of[1]}; write the lower bound first"


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text) and date.fromisoformat(text))
    except ValueError:
        return False


def _compiles(pattern: Any) -> bool:
    """By the engine that will use it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return isinstance(pattern, str) and bool(pc.match_substring_regex(pa.array([""]), pattern))
    except pa.ArrowInvalid:
        return False


def moment_formats(forms: Sequence[str], kind: str) -> Iterator[str]:
    """What is wrong with the `format` of a date or a timestamp, one or a list that is tried in its order."""
    if not forms or len(set(forms)) < len(forms):
        yield "lists no format, or one twice; write each once, the likeliest first"
    for form in forms:
        yield from moment_format(form, kind)


def moment_format(form: str, kind: str) -> Iterator[str]:
    """What is wrong with one format."""
    if form == "odata":
        return
    if form in ("epoch_seconds", "epoch_milliseconds"):
        if kind != "timestamp":
            yield f"{form} is for timestamps, this is {kind}; change the type or the format"
        return
    try:
        datetime.strptime("", form)
    except re.error:
        known = False  # it asks for the same thing twice
    except ValueError as error:
        told = str(error)
        known = "bad directive" not in told and "stray %" not in told
    else:
        known = False  # it asks for nothing
    if not known or not re.search("%[Yyc]", form):
        yield f'{form!r} does not say how the source writes a {kind}; write for example "%d.%m.%Y %H:%M"'


def cron(expression: str) -> Iterator[str]:
    fields = expression.split(" ")
    if len(fields) != len(CRON) or "" in fields:
        yield f"{expression!r} does not have six fields; write minute hour day month weekday year"
        return
    if sum(field == "?" for field in fields) != 1 or "?" not in (fields[2], fields[4]):
        yield "needs a ? in exactly one of day and weekday; write it there"
    for field, (name, least, most, words) in zip(fields, CRON, strict=True):
        if not all(_cron_part(part, least, most, words) for part in field.split(",")):
            yield f"{field!r} is no {name}; write {least} to {most}, *, a list or a range such as {least}-{most}"
    day, month = fields[2], fields[3]
    if day in ("30", "31") and month in SHORT_MONTHS[day]:
        yield f"never comes: month {month} has no day {day}; write L for the last day"


def _cron_part(part: str, least: int, most: int, words: str) -> bool:
    if words and re.fullmatch(words, part):
        return True
    match = re.fullmatch(rf"(?:\*|([0-9]+|{words or 'x'})(?:-([0-9]+|{words or 'x'}))?)(?:/([1-9][0-9]*))?", part)
    if match is None:
        return False
    bounds = [int(n) for n in match.groups()[:2] if n and n.isdigit()]
    every = int(match[3] or 1)
    return all(least <= n <= most for n in bounds) and bounds == sorted(bounds) and every <= most


def encoding(name: str) -> bool:
    """Whether Python reads text of this encoding."""
    try:
        return bool(codecs.lookup(name)._is_text_encoding)
    except (LookupError, ValueError):
        return False


def mark(text: str) -> bool:
    """Whether a separator or a quote can be told from what it stands between."""
    return (len(text) > 1 or text.isascii()) and not set(text) & set("\r\n\0")


def fits(kind: str, column: Column) -> bool:
    """Whether a column's values go into an entity's column of this type as they are."""

    def family(name: str) -> str:
        return name.partition("(")[0]

    return kind == "varchar" or family(column.type) in TAKES.get(family(kind), (family(kind),))
