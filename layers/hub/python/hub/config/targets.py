"""What an organisation promises itself of its data: targets of quality, each with who answers for it."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from hub.config.base import Name, Percent, Strict
from hub.config.lines import Place

Measure = Literal["completeness", "validity", "uniqueness", "timeliness", "consistency", "accuracy"]


class Target(Strict):
    """At least so many percent of a data set, or of one of its columns. owner: the desk or role that answers for it."""

    name: Name
    owner: str = Field(min_length=1, max_length=100)
    says: str = Field("", max_length=500)
    data_set: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
    measure: Measure
    column: Name | None = None
    at_least: Percent


def problems(targets: tuple[Target, ...], sources: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Names that stand twice, and what is no data set or column of the deployment, each at its place in hub.yaml."""
    names: set[str] = set()
    for at, target in enumerate(targets):
        place: Place = ("quality_targets", at)
        if target.name in names:
            yield (*place, "name"), f"{target.name} stands twice; each target has a name of its own"
        names.add(target.name)
        source, _, data_set = target.data_set.partition(".")
        rules = sources[source].data_sets.get(data_set) if source in sources else None
        if rules is None:
            yield (*place, "data_set"), f"there is no data set {target.data_set}"
        elif target.column and target.column not in rules.columns:
            yield (*place, "column"), f"{target.data_set} has no column {target.column}"
