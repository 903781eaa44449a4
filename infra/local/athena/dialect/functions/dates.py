"""Dates, timestamps, zones and intervals."""

from __future__ import annotations

import re

from infra.local.athena.dialect import casts
from infra.local.athena.dialect.registry import Make, Match, define
from infra.local.athena.dialect.typed import Typed, failed, text
from infra.local.athena.dialect.types import Type, timestamp, timestamptz, varchar

_DATE_UNITS = ("day", "week", "month", "quarter", "year")
_TIME_UNITS = ("millisecond", "second", "minute", "hour")
_ADD = {
    "millisecond": "to_milliseconds", "second": "to_seconds", "minute": "to_minutes", "hour": "to_hours",
    "day": "to_days", "week": "to_weeks", "month": "to_months", "year": "to_years",
}  # fmt: skip


def _unit(match: Match, kind: Type) -> str:
    """The unit argument, which must be a literal that the type has."""
    unit = match.args[0].const
    if not isinstance(unit, str):
        raise failed(
            "NOT_SUPPORTED", match.where, f"{match.function.name} with a computed unit is not supported by this engine"
        )
    allowed = _DATE_UNITS if kind.base == "date" else _TIME_UNITS + _DATE_UNITS
    if unit.lower() not in allowed:
        raise failed("INVALID_FUNCTION_ARGUMENT", match.where, f"'{unit}' is not a valid {kind} field")
    return unit.lower()


def local(value: Typed) -> str:
    """The wall clock of a date or timestamp, with or without a zone."""
    return f"trino_local({value.sql})" if value.type.base == "timestamptz" else value.sql


def added(value: Typed, unit: str, amount: str) -> str:
    """A date or timestamp moved by a number of units, of the same type."""
    if unit == "quarter":
        unit, amount = "month", f"3 * {amount}"
    size = "INTEGER" if unit in ("day", "week", "month", "year") else "BIGINT"
    step = f"{_ADD[unit]}(CAST({amount} AS {size}))"
    if value.type.base == "date":
        return f"CAST({value.sql} + {step} AS DATE)"
    if value.type.base == "timestamp":
        return f"({value.sql} + {step})"
    if unit in _TIME_UNITS:
        return f"trino_tz(({value.sql}).t + {step}, ({value.sql}).z)"
    return f"trino_at_zone({local(value)} + {step}, ({value.sql}).z)"


def _add(match: Match) -> str:
    value = match.args[2]
    unit = _unit(match, value.type)
    made = added(value, unit, match[1])
    if unit == "millisecond" and (value.type.size or 0) < 3:
        return casts.cast(Typed(made, Type(value.type.base, 3)), value.type, False, match.where).sql
    return made


def _truncate(match: Match) -> str:
    value = match.args[1]
    made = f"date_trunc({text(_unit(match, value.type))}, {local(value)})"
    if value.type.base == "date":
        return f"CAST({made} AS DATE)"
    return f"trino_at_zone({made}, ({value.sql}).z)" if value.type.base == "timestamptz" else made


def _difference(match: Match) -> str:
    kind = match.args[1].type
    unit = _unit(match, kind)
    start, end = match.args[1], match.args[2]
    if kind.base == "timestamp":
        return f"date_sub({text(unit)}, {_whole_millis(start.sql)}, {_whole_millis(end.sql)})"
    if kind.base != "timestamptz":
        return f"date_sub({text(unit)}, {start.sql}, {end.sql})"
    if unit in _TIME_UNITS:
        return f"date_sub({text(unit)}, {_whole_millis(f'({start.sql}).t')}, {_whole_millis(f'({end.sql}).t')})"
    moved = f"trino_local(trino_tz(({end.sql}).t, ({start.sql}).z))"
    return f"date_sub({text(unit)}, {local(start)}, {moved})"


def _whole_millis(sql: str) -> str:
    """Trino drops what is finer before it counts."""
    return f"date_trunc('millisecond', {sql})"


def _part(template: str) -> Make:
    return lambda match: template.format(local(match.args[0]))


def _pattern(match: Match) -> str:
    """A format that must be a literal of known letters."""
    pattern = match.args[1].const
    if not isinstance(pattern, str):
        raise failed(
            "NOT_SUPPORTED",
            match.where,
            f"{match.function.name} with a computed format is not supported by this engine",
        )
    return pattern


_MYSQL = {"%Y": "%Y", "%m": "%m", "%d": "%d", "%H": "%H", "%i": "%M", "%s": "%S", "%S": "%S", "%%": "%%"}
_MYSQL_REFUSED = frozenset("DUuVwX")


def mysql_letters(pattern: str, match: Match) -> list[str]:
    """The parts of a MySQL format: "%x" or one plain letter each. Refuses what Trino refuses."""
    parts, at = [], 0
    while at < len(pattern):
        if pattern[at] == "%" and at + 1 < len(pattern):
            letter = pattern[at + 1]
            if letter in _MYSQL_REFUSED:
                raise failed("INVALID_FUNCTION_ARGUMENT", match.where, f"%{letter} not supported in date format string")
            parts.append(f"%{letter}")
            at += 2
        elif pattern[at] == "%":
            raise failed("INVALID_FUNCTION_ARGUMENT", match.where, "Invalid date format string")
        else:
            parts.append(pattern[at])
            at += 1
    return parts


def _date_format(match: Match) -> str:
    pattern = _pattern(match)
    parts = mysql_letters(pattern, match)
    value = match.args[0]
    when = f"CAST({value.sql} AS TIMESTAMP)" if value.type.base == "date" else local(value)
    if all(len(p) == 1 or p in _MYSQL for p in parts):
        return f"strftime({when}, {text(''.join(_MYSQL.get(p, p) for p in parts))})"
    return f"trino_date_format({when}, {text(pattern)})"


def _date_parse(match: Match) -> str:
    mysql_letters(_pattern(match), match)
    return f"trino_date_parse({match[0]}, {match[1]})"


_JODA = frozenset("yYMdHhKkmsSaEeDwxZz")


def _joda_checked(match: Match) -> None:
    pattern, quoted = _pattern(match), False
    for letter in pattern:
        quoted ^= letter == "'"
        if not quoted and letter.isalpha() and letter not in _JODA:
            raise failed(
                "NOT_SUPPORTED",
                match.where,
                f"{match.function.name} with pattern letter {letter} is not supported by this engine",
            )


def _format_datetime(match: Match) -> str:
    _joda_checked(match)
    value = match.args[0]
    if value.type.base == "timestamp" and re.search("[Zz]", re.sub(r"'[^']*'", "", str(match.args[1].const))):
        raise failed(
            "INVALID_FUNCTION_ARGUMENT",
            match.where,
            "format_datetime for TIMESTAMP type, cannot use 'Z' nor 'z' in format, as this type does not "
            "contain TZ information",
        )
    zone = f"({value.sql}).z" if value.type.base == "timestamptz" else "'UTC'"
    return f"trino_joda_format({local(value)}, {zone}, {match[1]})"


def _parse_datetime(match: Match) -> str:
    _joda_checked(match)
    return f"trino_joda_parse({match[0]}, {match[1]})"


_PARTS = {
    "year": "year({})", "quarter": "quarter({})", "month": "month({})", "week": "week({})", "day": "day({})",
    "day_of_month": "day({})", "day_of_week": "isodow({})", "dow": "isodow({})", "day_of_year": "dayofyear({})",
    "doy": "dayofyear({})", "week_of_year": "week({})", "year_of_week": "isoyear({})", "yow": "isoyear({})",
}  # fmt: skip
_TIME_PARTS = {
    "hour": "hour({})", "minute": "minute({})", "second": "second({})", "millisecond": "(millisecond({}) % 1000)",
}  # fmt: skip
for _name, _template in _PARTS.items():
    for _kind in ("date", "timestamp", "timestamptz"):
        define(f"{_name}({_kind}) => bigint", _part(f"CAST({_template} AS BIGINT)"))
for _name, _template in _TIME_PARTS.items():
    for _kind in ("timestamp", "timestamptz", "time"):
        define(f"{_name}({_kind}) => bigint", _part(f"CAST({_template} AS BIGINT)"))
    _size = {"hour": 3600000, "minute": 60000, "second": 1000, "millisecond": 1}[_name]
    _wrap = {"hour": 24, "minute": 60, "second": 60, "millisecond": 1000}[_name]
    define(f"{_name}(interval day to second) => bigint", f"(({{0}} // {_size}) % {_wrap})")
define("day(interval day to second) => bigint", "({0} // 86400000)")
define("year(interval year to month) => bigint", "CAST({0} // 12 AS BIGINT)")
define("month(interval year to month) => bigint", "CAST({0} % 12 AS BIGINT)")
define("timezone_hour(timestamptz) => bigint", "(datediff('minute', ({0}).t, trino_local({0})) // 60)")
define("timezone_minute(timestamptz) => bigint", "(datediff('minute', ({0}).t, trino_local({0})) % 60)")

for _kind in ("date", "timestamp", "timestamptz"):
    define(f"date_add(varchar, bigint, {_kind}) => $2", _add)
    define(f"date_trunc(varchar, {_kind}) => $1", _truncate)
    define(f"last_day_of_month({_kind}) => date", lambda m: f"CAST(last_day({local(m.args[0])}) AS DATE)")
for _kind in ("date", "timestamp", "timestamptz"):
    define(f"date_diff(varchar, {_kind}, {_kind}) => bigint", _difference)
for _kind in ("varchar", "date", "timestamp", "timestamptz"):
    define(f"date({_kind}) => date", lambda m: casts.cast(m.args[0], Type("date"), False, m.where).sql)
for _kind in ("date", "timestamp", "timestamptz"):
    define(f"date_format({_kind}, varchar) => varchar", _date_format)
define(
    "format_datetime(timestamp, varchar) => varchar\nformat_datetime(timestamptz, varchar) => varchar", _format_datetime
)
define("date_parse(varchar, varchar) => timestamp(3)", _date_parse)
define("parse_datetime(varchar, varchar) => timestamp(3) with time zone", _parse_datetime)
define("from_iso8601_timestamp(varchar) => timestamp(3) with time zone", "trino_iso_timestamp({0})")
define("from_iso8601_date(varchar) => date", "trino_iso_date({0})")
define("to_iso8601(date) => varchar(16)", "CAST({0} AS VARCHAR)")
define("to_iso8601(timestamp) => varchar(35)", lambda m: _iso(m, ""), returns=lambda k: _iso_length(k[0], 0))
define(
    "to_iso8601(timestamptz) => varchar(35)",
    lambda m: _iso(m, f" || trino_offset({m[0]})"),
    returns=lambda k: _iso_length(k[0], 6),
)


def _iso_length(kind: Type, zone: int) -> Type:
    precision = kind.size or 0
    return varchar(22 + min(precision, 1) + precision + zone)


def _iso(match: Match, suffix: str) -> str:
    value = match.args[0]
    stamped = casts.stamp(local(value), value.type.size or 0)
    return f"(replace({stamped}, ' ', 'T'){suffix})"


define("to_unixtime(timestamp) => double", "(epoch_us({0}) / 1000000e0)")
define("to_unixtime(timestamptz) => double", "(epoch_us(({0}).t) / 1000000e0)")
define("from_unixtime(double) => timestamp(3) with time zone", "trino_tz(trino_from_unixtime({0}), 'UTC')")
define(
    "from_unixtime(double, varchar) => timestamp(3) with time zone",
    "trino_tz(trino_from_unixtime({0}), trino_zone({1}))",
)
define(
    "with_timezone(timestamp, varchar) => timestamp(3) with time zone",
    "trino_at_zone({0}, trino_zone({1}))",
    returns=lambda k: timestamptz(k[0].size or 0),
)
define("at_timezone(timestamptz, varchar) => $0", "trino_tz(({0}).t, trino_zone({1}))")
define("timezone(timestamptz) => varchar", "({0}).z")
define("human_readable_seconds(double) => varchar", "trino_human_seconds({0})")
define("to_milliseconds(interval day to second) => bigint", "{0}")
define("parse_duration(varchar) => interval day to second", "trino_duration({0})")
define("now() => timestamp(3) with time zone", "trino_now()")
define("current_timestamp() => timestamp(3) with time zone", "trino_now()")
define("current_timestamp(integer) => timestamp(3) with time zone", lambda m: _now(m), returns=lambda k: timestamptz(3))
define("current_date() => date", "CAST((trino_now()).t AS DATE)")
define("localtimestamp() => timestamp(3)", "(trino_now()).t")
define("localtimestamp(integer) => timestamp(3)", lambda m: _now(m), returns=lambda k: timestamp(3))
define("current_timezone() => varchar", "'UTC'")


def _now(match: Match) -> str:
    if match.args[0].const != 3:
        raise failed(
            "NOT_SUPPORTED",
            match.where,
            f"{match.function.name} of another precision than 3 is not supported by this engine",
        )
    return "(trino_now()).t" if match.function.name == "localtimestamp" else "trino_now()"
