"""How the data stand against the targets of hub.yaml, on the last day on which they were pulled."""

from typing import Literal

from pydantic import BaseModel

from hub.config import Deployment
from hub.pulls.scores import Quality, by_day
from hub.pulls.store import PullStore

MOST_PULLS = 20  # of a data set; its last day is among them


class Standing(BaseModel):
    """One target, what was measured last, in percent, and on which day; value: None where nothing could be."""

    name: str
    owner: str
    says: str
    data_set: str
    measure: str
    column: str | None
    at_least: float
    value: float | None
    day: str | None
    state: Literal["met", "missed", "not_measured"]


def standings(deployment: Deployment, store: PullStore) -> list[Standing]:
    """Every target in the order of hub.yaml."""
    last: dict[str, Quality | None] = {}
    found = []
    for target in deployment.hub.quality_targets:
        source, _, name = target.data_set.partition(".")
        if target.data_set not in last:
            rules = deployment.sources[source].data_sets[name]
            last[target.data_set] = next(iter(by_day(store.newest_first(source, name, limit=MOST_PULLS), rules)), None)
        day = last[target.data_set]
        value = _measured(day, target.measure, target.column) if day else None
        state: Literal["met", "missed", "not_measured"] = "not_measured"
        if value is not None:
            state = "met" if value >= target.at_least else "missed"
        found.append(Standing(**target.model_dump(), value=value, day=day.day if day else None, state=state))
    return found


def missed(deployment: Deployment, store: PullStore) -> list[str]:
    """The targets that are missed, by name; the alarm rings while there are any."""
    return [each.name for each in standings(deployment, store) if each.state == "missed"]


def _measured(day: Quality, measure: str, column: str | None) -> float | None:
    share = day.columns.get(column, {}).get(measure) if column else getattr(day, measure)
    return None if share is None else round(100 * share, 2)
