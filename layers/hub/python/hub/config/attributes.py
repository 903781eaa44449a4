"""What an organisation knows of a customer beyond the hub's own columns: attributes.yaml, one line each.

A column of a manifest gives its values to an attribute by `attribute: <name>`. No table grows a column for it: a record
carries all of them in one text, a line `name=value` each, in the order of their names.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from hub.config.base import Strict
from hub.config.models import TYPE, Check, Column

MOST: Final = 2_000


class Attribute(Strict):
    """values, between, pattern, length: what its values must be. reported: reports and segments may use it."""

    type: Annotated[str, StringConstraints(pattern=TYPE)]
    description: str = Field(min_length=1)
    values: tuple[str, ...] = ()
    between: tuple[Any, Any] | None = None
    pattern: str | None = None
    length: tuple[int, int] | None = None
    personal: Literal["none", "name", "email", "phone", "birth_date", "address", "id", "sensitive"] = "none"
    reported: bool = False

    @property
    def checks(self) -> tuple[Check, ...]:
        given = {"one_of": list(self.values), "between": self.between, "pattern": self.pattern, "length": self.length}
        return tuple(Check.model_validate({"rule": rule, "of": of}) for rule, of in given.items() if of)


def problems(attributes: Mapping[str, Attribute]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong within attributes.yaml."""
    if len(attributes) > MOST:
        yield (), f"declares {len(attributes)} attributes; at most {MOST} fit a record"
    for name, attribute in attributes.items():
        if attribute.reported and attribute.personal != "none":
            yield (name, "reported"), "reports hold nothing personal; take `reported` out, or `personal` if it is none"


def bind(data_set: Any, attributes: Mapping[str, Attribute]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give the data set's columns the checks of their attributes, and say what is wrong."""
    given: dict[str, str] = {}
    for name, column in data_set.columns.items():
        if column.attribute is None:
            continue
        place = ("columns", name, "attribute")
        declared = attributes.get(column.attribute)
        if declared is None:
            yield place, f"{column.attribute!r} is not in attributes.yaml; add it there or correct the name"
        elif declared.type != column.type:
            yield place, f"{column.attribute!r} is {declared.type}, this column {column.type}; make them alike"
        elif "customer" not in data_set.entity:
            yield place, "is of a customer, and this data set gives none; map `entity: customer` or take it out"
        elif column.attribute in given:
            yield (
                place,
                f"{column.attribute!r} is given by {given[column.attribute]!r} already; take one out",
            )
        else:
            given[column.attribute] = name
            data_set.columns[name] = _checked(column, declared)


def _checked(column: Column, attribute: Attribute) -> Column:
    own = {check.rule for check in column.checks}
    more = tuple(check for check in attribute.checks if check.rule not in own)
    return column.model_copy(update={"checks": (*column.checks, *more)})


COLUMNS: Final[Mapping[str, str]] = {"attribute": "varchar", "kind": "varchar"}


def rows(attributes: Mapping[str, Attribute]) -> list[Mapping[str, str | None]]:
    """`control.attribute`: those that reports may use."""
    return [{"attribute": name, "kind": each.type} for name, each in sorted(attributes.items()) if each.reported]
