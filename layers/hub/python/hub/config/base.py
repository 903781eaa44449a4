"""The words that all of a deployment folder's models are made of: names, numbers, spans of time, rates."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints

NAME = r"^[a-z][a-z0-9_]{0,62}$"
LONGEST_SPAN = 999_999 * 604800  # seconds
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}

Name = Annotated[str, StringConstraints(pattern=NAME)]
Percent = Annotated[float, Field(ge=0, le=100, strict=True)]
Whole = Annotated[int, Field(strict=True)]  # neither true nor "080"
Days = Annotated[Whole, Field(ge=1, le=36_500)]
SecretName = Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9_.-]+)+$")]


def _span(value: Any) -> Any:
    """`1 hour`, `90 minutes` or a number of seconds as a timedelta."""
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,6}) (second|minute|hour|day|week)s?", value)):
        return timedelta(seconds=int(match[1]) * UNITS[match[2]])
    if isinstance(value, timedelta) or (type(value) in (int, float) and 0 <= value <= LONGEST_SPAN):
        return value
    raise ValueError("is not a span of time; write for example `90 minutes` or `1 day`")


def _per_second(value: Any) -> Any:
    """`5 per second`, `300 per minute` as requests per second."""
    if isinstance(value, str) and (match := re.fullmatch(r"([1-9]\d*) per (second|minute|hour)", value)):
        return int(match[1]) / UNITS[match[2]]
    if type(value) in (int, float) and value > 0:
        return value
    raise ValueError("is not a rate; write for example `5 per second`")


Span = Annotated[
    timedelta, BeforeValidator(_span), PlainSerializer(lambda span: span.total_seconds(), return_type=float)
]
Rate = Annotated[float, BeforeValidator(_per_second)]


class Strict(BaseModel):
    """No unknown keys: a misspelt option must not be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)
