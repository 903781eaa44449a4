"""Named, typed parameters of a report. A value never becomes part of the SQL: it travels beside it, as one literal."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from hub.errors import InvalidInput

Kind = Literal["text", "list", "integer", "decimal", "date", "timestamp"]
SQL_TYPES: Final[dict[Kind, str | None]] = {
    "text": None,
    "list": None,
    "integer": "bigint",
    "decimal": "decimal(38, 9)",
    "date": "date",
    "timestamp": "timestamp(6)",
}
LONGEST: Final = 1000
"""Characters of a text; Athena takes 1,024 for a literal with its quotes."""
LONGEST_LIST: Final = 200
DIGITS: Final = re.compile(r"[+-]?\d{1,29}(\.\d{1,9})?")


class Parameter(BaseModel):
    """What a report asks its reader for. A parameter without a default has to be given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    type: Kind
    label: str = Field("", max_length=200)
    default: JsonValue = None


@dataclass(frozen=True, slots=True)
class Value:
    """The texts that a parameter stands for: one, or for a list one per element."""

    kind: Kind
    texts: tuple[str, ...]

    def literals(self) -> list[str]:
        """As Athena's ExecutionParameters: always quoted, so that "007" stays text and O'Brien ends nowhere."""
        return ["'" + text.replace("'", "''") + "'" for text in self.texts]


def read(declared: Iterable[Parameter], given: Mapping[str, JsonValue]) -> dict[str, Value]:
    """The values by name; InvalidInput names each parameter that is missing, unknown or of another type."""
    known = {parameter.name: parameter for parameter in declared}
    problems = [
        {
            "field": f"parameters.{name}",
            "problem": f"there is no such parameter; there are: {', '.join(known) or 'none'}",
        }
        for name in given
        if name not in known
    ]
    values = {}
    for name, parameter in known.items():
        value = given.get(name, parameter.default)
        try:
            if value is None:
                raise ValueError("has to be given")
            values[name] = Value(parameter.type, _texts(parameter.type, value))
        except ValueError as error:
            problems.append({"field": f"parameters.{name}", "problem": str(error)})
    if problems:
        first = problems[0]
        raise InvalidInput(f"{first['field']}: {first['problem']}", problems)
    return values


def infer(given: Mapping[str, JsonValue]) -> list[Parameter]:
    """The declaration that values of a query without one speak for themselves: by their JSON type."""
    return [Parameter(name=name, type=_kind(value), label="") for name, value in given.items()]


def _kind(value: JsonValue) -> Kind:
    if isinstance(value, list):
        return "list"
    if isinstance(value, int) and not isinstance(value, bool):
        return "integer"
    return "decimal" if isinstance(value, float) else "text"


def _texts(kind: Kind, value: JsonValue) -> tuple[str, ...]:
    if kind == "list":
        if not isinstance(value, list) or not 1 <= len(value) <= LONGEST_LIST:
            raise ValueError(f"has to be a list of 1 to {LONGEST_LIST} texts")
        return tuple(_text(element) for element in value)
    return (_ONE[kind](value),)


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise ValueError("has to be a text")
    if "\0" in value or len(value.replace("'", "''")) > LONGEST:
        raise ValueError(f"has to be a text of at most {LONGEST} characters")
    return value


def _integer(value: JsonValue) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise ValueError("has to be a whole number")
    return str(value)


def _decimal(value: JsonValue) -> str:
    """A number, or its text where it is to be exact."""
    problem = ValueError("has to be a number of at most 29 digits before and 9 after the point")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise problem
    try:
        text = format(Decimal(str(value)), "f") if not isinstance(value, str) else value
    except InvalidOperation as error:
        raise problem from error
    if not (text.isascii() and DIGITS.fullmatch(text)):
        raise problem
    return text


def _date(value: JsonValue) -> str:
    try:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise ValueError('has to be a date, such as "2026-01-31"')


def _timestamp(value: JsonValue) -> str:
    """A time without an offset is UTC, like all times of the hub."""
    try:
        if isinstance(value, str) and re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:", value):
            moment = datetime.fromisoformat(value)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment
            return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
    except (ValueError, OverflowError):
        pass
    raise ValueError('has to be a time, such as "2026-01-31T18:30:00Z"')


_ONE = {"text": _text, "integer": _integer, "decimal": _decimal, "date": _date, "timestamp": _timestamp}
