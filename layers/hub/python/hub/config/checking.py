"""What checks and rules of a manifest must be: their arguments, severities, and the columns that they speak of."""

import difflib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.config.base import UNITS
from hub.config.models import Check, Column, DataSet, Expectation, key_columns
from hub.config.postcodes import FORMS

NUMBERS = ("bigint", "integer", "double", "decimal")
MOMENTS = ("date", "timestamp")
ORDERED = ("at_most", "less", "at_least", "more")
WITHOUT_ARGUMENT = ("unique", "tidy", "title", "gender", "salutation", "country", "currency")
WRITTEN = {  # checks by country: whose ways of writing are known, see `hub.quality.writings`
    "company": ("AU", "DE", "ES", "FR", "GB", "IN", "IT", "NL", "SG", "US"),
    "address": ("DE", "GB", "IN", "US"),
}
ACROSS_ROWS = ("unique", "reference")

Problem = tuple[tuple[str | int, ...], str]


def days(text: Any) -> timedelta | None:
    """`30 days` or `4 weeks` as a timedelta; None where it is neither."""
    match = re.fullmatch(r"([1-9]\d{0,4}) (day|week)s?", str(text))
    return timedelta(seconds=int(match[1]) * UNITS[match[2]]) if match else None


def argument(check: Check, column: Column) -> Iterator[str]:
    """What is wrong with the argument of a check, or with the check on this column."""
    of = check.of
    if check.rule in WITHOUT_ARGUMENT and of not in (None, True):
        yield f"the check {check.rule} takes no argument; write `check: {check.rule}`"
    elif check.rule == "postcode" and of is not None and of not in FORMS:
        yield f"the check postcode knows no postcodes of {of!r}; write one of {', '.join(sorted(FORMS))}"
    elif check.rule in WRITTEN and of is not None and of not in WRITTEN[check.rule]:
        known = ", ".join(WRITTEN[check.rule])
        yield f"the check {check.rule} does not know how {of!r} writes; write one of {known}, or nothing"
    elif check.rule == "name" and not (of in (None, True) or _names(of)):
        yield "the check name takes nothing, or a list of names that are spelt right: {name: [Rajesh, Asha]}"
    elif check.rule == "name" and _names(of) and column.severity(check) == "fix":
        yield "a name that looks misspelt is not rewritten; write `on_failure: suggest`, or leave the list out"
    elif check.rule == "fresh" and days(of) is None:
        yield f"the check fresh takes days or weeks, not {of!r}; write `check: {{fresh: 30 days}}`"
    elif check.rule == "reference" and not (isinstance(of, dict) and of.keys() == {"data_set", "column"}):
        yield "the check reference takes a data set and its column; write {reference: {data_set: orders, column: id}}"
    if check.rule in ("plausible_date", "fresh") and column.type not in MOMENTS:
        yield f"the check {check.rule} is for dates and timestamps, this is {column.type}; change the type or the check"
    if check.rule in ACROSS_ROWS and column.type == "json":
        yield f"the check {check.rule} cannot compare json; name another column"
    if check.rule in ACROSS_ROWS and column.severity(check) in ("fix", "suggest"):
        yield f"the check {check.rule} knows no repair; write `{{{check.rule}: …, on_failure: reject}}` or `warn`"


def _names(of: Any) -> bool:
    return isinstance(of, list | tuple) and bool(of) and all(isinstance(each, str) and each for each in of)


def default(name: str, column: Column, data_set: DataSet) -> Iterator[str]:
    """What is wrong with what stands where the source has nothing."""
    if column.default is None:
        return
    if not may_be(column.default, column.type):
        yield f"the default {column.default!r} can never be in a column of {column.type}; write a value of that type"
    if column.required:
        yield "is required and has a default, so it would never be missing; take one of them out"
    keys = data_set.keys
    expressions = [text for mapping in data_set.entity.values() for to, text in mapping.items() if to.endswith("_key")]
    if name in (*keys.business, keys.change, keys.order) or any(name in (key_columns(e) or ()) for e in expressions):
        yield "is part of a key and has a default, so different records would become one; take the default out"
    listed = column.rule("one_of")
    if listed and column.default not in listed.of:
        yield f"the default {column.default!r} is none of the values that one_of lists; add it there"


def rules(data_set: DataSet) -> Iterator[Problem]:
    """What is wrong with the rules between the columns of a data set."""
    names = [each.rule for each in data_set.rules]
    for at, rule in enumerate(data_set.rules):
        place = ("rules", at, "expect")
        if names.index(rule.rule) < at:
            yield ("rules", at, "rule"), f"{rule.rule!r} is the name of a rule above; each has a name of its own"
        expect = rule.expect
        missing = [name for name in (expect.column, expect.of) if name is not None and name not in data_set.columns]
        for name in missing:
            yield place, f"{name!r} is not a declared column; {near(name, data_set.columns)}"
        if (expect.of is None) == (expect.value is None):
            yield place, "compares with nothing, or with two things; write `of: <column>` or `value: <value>`"
        elif not missing:
            yield from ((place, what) for what in _expectation(expect, data_set))


def _expectation(expect: Expectation, data_set: DataSet) -> Iterator[str]:
    kind = data_set.columns[expect.column].type
    if expect.is_ == "postcode_of":
        if expect.of is None or kind != "varchar" or data_set.columns[expect.of].type != "varchar":
            yield "postcode_of compares an Indian postcode with the column of its state or city, both varchar"
    elif expect.is_ == "age_of":
        if expect.of is None or kind not in NUMBERS or data_set.columns[expect.of].type not in MOMENTS:
            yield "age_of compares a number of years with the column of the date of birth; write `of: <column>`"
    elif expect.is_ == "present_if":
        if expect.of is None:
            yield "present_if needs the column that says when; write `of: <column>`"
    elif kind == "json" or (kind == "boolean" and expect.is_ in ORDERED):
        yield f"{expect.is_} cannot compare {kind}; name another column"
    elif expect.of is not None and family(kind) != family(data_set.columns[expect.of].type):
        yield (
            f"{expect.column!r} is {kind} and {expect.of!r} is {data_set.columns[expect.of].type}: they cannot be "
            "compared; declare both alike"
        )
    elif expect.value is not None and not may_be(expect.value, kind):
        yield f"{expect.value!r} can never be in a column of {kind}; write a value of that type"


def may_be(value: Any, kind: str) -> bool:
    """Whether a value of a manifest is one of this declared type."""
    if kind == "boolean" or not isinstance(value, str | int | float) or isinstance(value, bool):
        return kind == "boolean" and isinstance(value, bool)
    try:
        if kind in ("bigint", "integer"):
            int(str(value))
        elif kind == "double" or kind.startswith("decimal"):
            Decimal(str(value))
        elif kind in ("date", "timestamp"):
            datetime.fromisoformat(str(value))
    except (ValueError, InvalidOperation):
        return False
    return True


def references(manifest: Any, name: str) -> Iterator[Problem]:
    """What is wrong with the references of a data set to others of its source."""
    for column, check in manifest.data_sets[name].checked("reference").items():
        of, place = check.of, ("columns", column)
        if not (isinstance(of, dict) and of.keys() == {"data_set", "column"}):
            continue
        if of["data_set"] == name:
            yield place, "refers to its own data set, whose rows are not known before they are all there; take it out"
        elif of["data_set"] not in manifest.data_sets:
            yield place, f"{of['data_set']!r} is no data set of this source; {near(of['data_set'], manifest.data_sets)}"
        elif of["column"] not in manifest.data_sets[of["data_set"]].columns:
            columns = manifest.data_sets[of["data_set"]].columns
            yield place, f"{of['column']!r} is not a column of {of['data_set']}; {near(of['column'], columns)}"


def family(kind: str) -> str:
    """Types that can be compared with one another."""
    bare = kind.partition("(")[0]
    return "number" if bare in NUMBERS else "moment" if bare in MOMENTS else bare


def near(name: Any, known: Iterable[str]) -> str:
    known = list(known)
    found = difflib.get_close_matches(str(name), known, n=1)
    return f"did you mean {found[0]!r}?" if found else f"declare it, or write one of {', '.join(known)}"
