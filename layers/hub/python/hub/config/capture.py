"""What hub.yaml says about asking people: which fields are wanted of everybody, and what to ask when they are met."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Wanted = Literal[
    "full_name",
    "email",
    "phone",
    "birth_date",
    "gender",
    "address",
    "city",
    "postcode",
    "country",
    "company",
    "language",
]
"""Columns of the golden record that somebody can be asked for."""
Interaction = Literal["web", "call", "store", "email"]
Occasion = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(_Strict):
    """A question of a script. occasions: where it fits, any where none is said. after: what must be known before."""

    field: Wanted
    ask: str = Field(min_length=3, max_length=300)
    occasions: tuple[Occasion, ...] = ()
    after: tuple[Wanted, ...] = ()


class Capture(_Strict):
    """The fields wanted of everybody, and a script per kind of interaction: the first question that fits is asked."""

    wanted: tuple[Wanted, ...] = ("email", "phone", "birth_date")
    scripts: dict[Interaction, tuple[Question, ...]] = {}

    @model_validator(mode="after")
    def _asks_for_what_is_wanted(self) -> Self:
        for interaction, script in self.scripts.items():
            for question in script:
                if question.field not in self.wanted:
                    raise ValueError(f"the script `{interaction}` asks for {question.field}; add it to `wanted`")
                if question.field in question.after:
                    raise ValueError(f"the script `{interaction}` asks for {question.field} after itself")
        return self
