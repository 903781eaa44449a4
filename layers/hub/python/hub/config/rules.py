"""What must hold between the fields of a manifest. Each rule says the place, what is wrong and what to do."""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.config.entities import ENTITIES
from hub.config.models import Check, Column, DataSet, HubConfig, key_columns

Say = Callable[[tuple[str | int, ...], str], str]
Problem = tuple[tuple[str | int, ...], str]


def hub(config: HubConfig, say: Say) -> list[str]:
    problems: list[Problem] = list(_zone(("time_zone",), config.time_zone))
    for at, address in enumerate(config.allow_list):
        if "@" not in address:
            problems.append(
                (("allow_list", at), f"{address!r} is no address; write someone@example.com or @example.com")
            )
    return [say(place, what) for place, what in problems]


def source(manifest: Any, say: Say) -> list[str]:
    """Every problem of a source's data sets."""
    problems: list[Problem] = []
    for name, data_set in manifest.data_sets.items():
        for check in (_columns, _keys, _frequency, _filters, _entities, _fetch, _deletes):
            problems += [(("data_sets", name, *place), what) for place, what in check(data_set)]
    return [say(place, what) for place, what in problems]


def _declared(place: tuple[str | int, ...], column: str | None, data_set: DataSet) -> Iterator[Problem]:
    if column is not None and column not in data_set.columns:
        yield place, f"{column!r} is not a declared column; {_near(column, data_set.columns)}"


def _near(name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"declared: {', '.join(known)}"


def _zone(place: tuple[str | int, ...], name: str | None) -> Iterator[Problem]:
    try:
        ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        yield place, f"{name!r} is not a time zone; write for example Asia/Kolkata"


def _columns(data_set: DataSet) -> Iterator[Problem]:
    source_names: dict[str, str] = {}
    for name, column in data_set.columns.items():
        place = ("columns", name)
        theirs = column.source_name or name
        if theirs in source_names:
            yield place, f"reads {theirs!r} as {source_names[theirs]!r} does; declare a source's column once"
        source_names[theirs] = name
        if theirs in data_set.ignore:
            yield place, f"{theirs!r} is declared and ignored; take it out of one of them"
        if name.endswith("_standard") and name.removesuffix("_standard") in data_set.columns:
            yield place, "is the name of a computed column; choose another"
        if column.type.startswith("decimal"):
            precision, scale = map(int, re.findall(r"\d+", column.type))
            if not 1 <= precision <= 38 or scale > precision:
                yield (*place, "type"), f"{column.type} is not possible; at most 38 digits, the fraction within them"
        if (column.format or column.time_zone) and column.type not in ("date", "timestamp"):
            yield (*place, "format"), f"is for dates and timestamps, this is {column.type}; take it out"
        yield from _zone((*place, "time_zone"), column.time_zone)
        for check in column.checks:
            yield from ((place, what) for what in _argument(check, column))


def _argument(check: Check, column: Column) -> Iterator[str]:
    of = check.of
    if check.rule == "email" and of is not None:
        yield "the check email takes no argument; write `check: email`"
    elif check.rule == "phone" and of is not None and not re.fullmatch("[A-Z]{2}", str(of)):
        yield f"the check phone takes a country of two letters, not {of!r}; write `check: {{phone: IN}}`"
    elif check.rule == "one_of" and not (isinstance(of, list | tuple) and of):
        yield "the check one_of takes a list of values; write `check: {one_of: [a, b]}`"
    elif check.rule == "pattern" and not _compiles(of):
        yield f"the check pattern takes a regular expression, not {of!r}; mind the backslashes"
    elif check.rule == "length" and not (
        isinstance(of, list | tuple) and len(of) == 2 and all(isinstance(n, int) for n in of)
    ):
        yield "the check length takes the least and the most; write `check: {length: [1, 40]}`"
    elif check.rule == "between":
        yield from _bounds(of, column)
    if check.rule in ("email", "phone", "pattern", "length") and column.type != "varchar":
        yield f"the check {check.rule} is for varchar, this is {column.type}; change the type or the check"


def _bounds(of: Any, column: Column) -> Iterator[str]:
    if not (isinstance(of, list | tuple) and len(of) == 2):
        yield "the check between takes two bounds; write `check: {between: [0, 100]}`, null for an open end"
        return
    for bound in of:
        if bound is None or (bound == "today" and column.type in ("date", "timestamp")):
            continue
        if column.type in ("date", "timestamp"):
            if not isinstance(bound, str) or not _is_date(bound):
                yield f"{bound!r} is not a date; write YYYY-MM-DD or today"
        elif column.type in ("varchar", "boolean", "json") or not isinstance(bound, int | float):
            yield f"{bound!r} is no bound for {column.type}; between is for numbers, dates and timestamps"


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _compiles(pattern: Any) -> bool:
    try:
        return isinstance(pattern, str) and bool(re.compile(pattern))
    except re.error:
        return False


def _keys(data_set: DataSet) -> Iterator[Problem]:
    for column in data_set.keys.business:
        yield from _declared(("keys", "business"), column, data_set)
        if column in data_set.columns and not data_set.columns[column].required:
            yield ("columns", column), "is part of the business key; add `required: true`"
    for kind in ("change", "order", "deleted"):
        yield from _declared(("keys", kind), getattr(data_set.keys, kind), data_set)


def _frequency(data_set: DataSet) -> Iterator[Problem]:
    frequency = data_set.frequency
    if frequency.cron and frequency.rate:
        yield ("frequency",), "has a cron and a rate; keep one"
    if frequency.class_ != "on-demand" and not frequency.expression:
        yield ("frequency",), f'{frequency.class_} needs a cron or a rate; write for example `cron: "5 * * * ? *"`'
    if frequency.cron and not re.fullmatch(r"\S+( \S+){5}", frequency.cron):
        yield ("frequency", "cron"), f"{frequency.cron!r} does not have six fields: minute hour day month weekday year"
    elif frequency.cron and sum(field == "?" for field in frequency.cron.split()) != 1:
        yield ("frequency", "cron"), "needs a ? in exactly one of day and weekday"
    if frequency.rate and not re.fullmatch(r"1 (minute|hour|day)|\d+ (minutes|hours|days)", frequency.rate):
        yield ("frequency", "rate"), f"{frequency.rate!r} is not a rate; write for example `5 minutes`"
    yield from _zone(("frequency", "time_zone"), frequency.time_zone)


def _filters(data_set: DataSet) -> Iterator[Problem]:
    for at, rule in enumerate(data_set.filters):
        if not rule.where:
            yield ("filters", at, "where"), "has no condition and would leave every row out; add one"
        for column in rule.where:
            yield from _declared(("filters", at, "where", column), column, data_set)


def _portable(place: tuple[str | int, ...], expression: str, data_set: DataSet) -> Iterator[Problem]:
    from hub.models import lint  # functions that read no SQL do not carry its parser

    columns = {name: column.type for name, column in data_set.columns.items()}
    columns |= {f"{name}_standard": "varchar" for name, column in data_set.columns.items() if column.has_standard}
    for message in lint.expression(expression, columns):
        yield place, message


def _entities(data_set: DataSet) -> Iterator[Problem]:
    for entity, mapping in data_set.entity.items():
        place = ("entity", entity)
        if entity not in ENTITIES:
            yield place, f"{entity!r} is not an entity; {_near(entity, ENTITIES)}"
            continue
        if "source_key" not in mapping:
            yield place, "does not map source_key; it says which record of the source this is"
        for column, expression in mapping.items():
            if column not in ENTITIES[entity]:
                yield (*place, column), f"{column!r} is not a column of {entity}; {_near(column, ENTITIES[entity])}"
            if column.endswith("source_key"):
                yield from _key(place, column, expression, data_set)
            elif re.fullmatch(r"[a-z_]\w*", expression) and expression not in ("null", "true", "false"):
                yield from _declared((*place, column), expression, data_set)
            else:
                yield from _portable((*place, column), expression, data_set)
    if len({mapping.get("source_key") for mapping in data_set.entity.values()}) > 1:
        yield ("entity",), "the entities of one data set must share source_key; make another data set of the same rows"


def _key(place: tuple[str | int, ...], column: str, expression: str, data_set: DataSet) -> Iterator[Problem]:
    if column == "source_key" and expression == "_record_key":
        if data_set.keys.business:
            yield (*place, column), "_record_key is for data sets without a business key; name the key's columns"
        return
    columns = key_columns(expression)
    if columns is None:
        yield (*place, column), f"{expression!r} must be a column or a list of columns; a key is not computed"
    for name in columns or []:
        yield from _declared((*place, column), name, data_set)
        if column == "source_key" and name in data_set.columns and not data_set.columns[name].required:
            yield ("columns", name), "is part of a source_key; add `required: true`"


def _fetch(data_set: DataSet) -> Iterator[Problem]:
    fetch = data_set.fetch
    changed = getattr(fetch, "changed_since", None)
    if changed:
        yield from _declared(("fetch", "changed_since", "column"), changed.column, data_set)
        if hasattr(fetch, "path") and not changed.parameter:
            yield ("fetch", "changed_since"), "needs the name of the query parameter; add `parameter:`"
    if hasattr(fetch, "paging"):
        yield from _paging(fetch.paging)
    if hasattr(fetch, "table"):
        if bool(fetch.table) == bool(fetch.query):
            yield ("fetch",), "needs a table or a query, not both"
        if not data_set.keys.business:
            yield ("keys", "business"), "is missing; a database is read in the order of its business key"
    if hasattr(fetch, "pattern"):
        if fetch.format == "csv" and not fetch.header and not fetch.names:
            yield ("fetch", "names"), "is missing; a file without a header needs the names of its columns in order"
        theirs = {column.source_name or name for name, column in data_set.columns.items()} | set(data_set.ignore)
        for name in sorted(theirs - set(fetch.names)) if fetch.names else []:
            yield ("fetch", "names"), f"{name!r} is declared below but not among the file's columns"


def _deletes(data_set: DataSet) -> Iterator[Problem]:
    if data_set.hard_deletes == "detect" and data_set.replaces is None:
        yield (
            ("hard_deletes",),
            "cannot be detected where `changed_since` fetches only what changed: a row that is not in the answer may "
            "still be there; take out one of the two, or name the source's column of deletions under `keys.deleted`",
        )
    if data_set.replaces is None and "max_deleted_percent" in data_set.gate.model_fields_set:
        yield ("gate", "max_deleted_percent"), "guards nothing: this data set's deletions are not detected; take it out"


def _paging(paging: Any) -> Iterator[Problem]:
    if paging.kind != "none" and not paging.parameter:
        yield ("fetch", "paging"), f"{paging.kind} paging needs the name of the query parameter; add `parameter:`"
    if paging.kind == "cursor" and not paging.next:
        yield ("fetch", "paging"), "cursor paging needs where the next cursor stands; add `next: $.next_cursor`"
