"""Rows that a manifest expects, drafted from its own words: some that fit, and one for each check that breaks it."""

from datetime import date, timedelta
from typing import Any

import phonenumbers

from hub.config import Check, Column, DataSet
from hub.quality import Refined, refine
from hub.sources.tables import from_records

WRONG: dict[str, Any] = {
    "email": "no address",
    "phone": "12",
    "postcode": "?",
    "one_of": "none of these",
    "plausible_date": "1066-10-14",
    "fresh": "1066-10-14",
    "tidy": "two  blanks",
    "title": "Herrje",
    "gender": "?!",
    "salutation": "?!",
}
EXAMPLES = {"title": "Mr", "gender": "female", "salutation": "Dear Madam", "postcode": "110001"}


def fitting(rules: DataSet, count: int, country: str) -> list[dict[str, Any]]:
    """Records under the source's names that every check takes, as far as one can be made up."""
    return [
        {column.source_name or name: _value(name, column, number, country) for name, column in rules.columns.items()}
        for number in range(1, count + 1)
    ]


def refined(records: list[dict[str, Any]], rules: DataSet, country: str) -> Refined:
    """What the data set's types and checks say of records."""
    rows, _ = from_records(records, rules)
    return refine(rows, rules, country, date.today())


def fate(rules: DataSet, name: str, check: Check, country: str) -> str | None:
    """What becomes of a row whose column breaks a check; None where no value is known that does."""
    wrong = _wrong(check, rules.columns[name])
    if wrong is None:
        return None
    (record,) = fitting(rules, 1, country)
    record[rules.columns[name].source_name or name] = wrong
    found = refined([record], rules, country)
    if any(failure.rule == check.rule for failure in found.rejected.get(0, ())):
        return "refused"
    if any(fixed.column == name for fixed in found.fixed):
        return "repaired, or null where no repair is known"
    return "kept and counted" if found.warned else "taken"


def _wrong(check: Check, column: Column) -> Any:
    if check.rule == "between" and column.type not in ("date", "timestamp"):
        least, most = check.of
        return least - 1 if least is not None else most + 1
    if check.rule == "length":
        return "x" * (check.of[1] + 1)
    return WRONG.get(check.rule)


def _value(name: str, column: Column, number: int, country: str) -> Any:
    for check in column.checks:
        if check.rule == "one_of":
            return check.of[0]
        if check.rule == "between":
            return _within(column, *check.of)
        if check.rule == "length":
            return f"{number:x}".rjust(max(check.of[0], 1), "a")[: check.of[1]]
        if check.rule == "email":
            return f"someone{number}@example.com"
        if check.rule == "phone":
            return _number(check.of or country)
        if check.rule in EXAMPLES:
            return EXAMPLES[check.rule]
        if check.rule == "pattern":
            return None
    if column.type in ("date", "timestamp"):
        return _moment(column, date.today() - timedelta(days=number))
    if column.type == "boolean":
        return number % 2 == 0
    if column.type == "json":
        return "{}"
    return f"{name} {number}" if column.type == "varchar" else number


def _within(column: Column, least: Any, most: Any) -> Any:
    if column.type in ("date", "timestamp"):
        first = date.fromisoformat(str(least)) if least not in (None, "today") else date.today()
        return _moment(column, first)
    return least if least is not None else most


def _moment(column: Column, day: date) -> str:
    form = next(iter(column.formats), None)
    if form in ("epoch_seconds", "epoch_milliseconds", "odata"):
        seconds = int(day.strftime("%s"))
        milliseconds = seconds * 1000
        return {"epoch_seconds": str(seconds), "odata": f"/Date({milliseconds})/"}.get(form, str(milliseconds))
    return day.strftime(form) if form else day.isoformat()


def _number(country: str) -> str:
    example = phonenumbers.example_number(country)
    return phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164) if example else "+919876543210"
