"""The form of a data set: what a person in the field is asked for, by the manifest's columns."""

from typing import Any, Literal

from pydantic import BaseModel

from hub.config import Column, FilesDataSet


class FormField(BaseModel):
    """One field of an entry, under the source's name for it. fill: what the form puts in by itself.

    choices: the only values that are allowed.
    """

    name: str
    label: str
    type: str
    required: bool
    personal: str
    choices: list[str] = []
    fill: Literal["id", "now"] | None = None


def form_of(rules: FilesDataSet) -> list[FormField] | None:
    """The fields, or None where entries cannot be written down one by one.

    They are JSON lines known by one text column, which the form fills with an id of its own: sent twice it is one row.
    """
    keys = rules.keys.business
    named = {name: column.source_name or name for name, column in rules.columns.items()}
    if rules.fetch.format != "jsonl" or rules.fetch.records or len(keys) != 1:
        return None
    if rules.columns[keys[0]].type != "varchar" or any(name.startswith("$") for name in named.values()):
        return None
    return [_field(name, named[name], column, rules) for name, column in rules.columns.items()]


def _field(name: str, theirs: str, column: Column, rules: FilesDataSet) -> FormField:
    moment = column.type == "timestamp" and name in (rules.keys.change, rules.keys.order)
    one_of: Any = next((check.of for check in column.checks if check.rule == "one_of"), None)
    return FormField(
        name=theirs,
        label=column.description or name.replace("_", " ").capitalize(),
        type=column.type.partition("(")[0],
        required=column.required,
        personal=column.personal,
        choices=[str(each) for each in one_of or ()],
        fill="id" if name in rules.keys.business else "now" if moment else None,
    )
