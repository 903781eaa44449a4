"""What is told of the quality of what somebody reads."""

from typing import Literal

from pydantic import BaseModel

Level = Literal["good", "fair", "poor", "unknown"]


class Shortfall(BaseModel):
    """A share that is below good."""

    data_set: str
    day: str
    measure: str
    share: float


class Badge(BaseModel):
    """score: the least share of all data sets; None where nothing was measured."""

    level: Level
    score: float | None
    data_sets: list[str]
    shortfalls: list[Shortfall]
