"""How good the data of a source was on a day, by data set and column: shares worked out from what its pulls counted.

Of the rows read (what a filter leaves out is not the hub's), repeated rows included:
completeness  rows with a value / rows
validity      values that fit their type and break no check / values
uniqueness    values that no other record has / values, where `unique` is checked; of a data set: rows that are no
              duplicates / rows
timeliness    values young enough / values, where `fresh` is checked
consistency   values that the other data set has / values, where a `reference` is checked; of a data set: rows that keep
              the rules between columns / rows that these can judge
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from pydantic import BaseModel

from hub.config import DataSet
from hub.pulls.models import Pull
from hub.pulls.tally import total

# Check -> the count of values that break it, and the share that it is told as.
MEASURED = {
    "unique": ("repeated", "uniqueness"),
    "fresh": ("stale", "timeliness"),
    "reference": ("dangling", "consistency"),
}


class Quality(BaseModel):
    """Shares from 0 to 1; None where nothing was there to be measured. columns, rules: by name."""

    source: str
    data_set: str
    day: str
    pulls: int
    rows: int
    completeness: float | None
    validity: float | None
    uniqueness: float | None
    timeliness: float | None
    consistency: float | None
    columns: dict[str, dict[str, float | None]]
    rules: dict[str, float | None]


def by_day(pulls: Iterable[Pull], data_set: DataSet) -> list[Quality]:
    """The quality of one data set's complete pulls, a line for each day, the latest first."""
    complete = sorted((pull for pull in pulls if pull.state == "complete"), key=_day, reverse=True)
    return [_quality(day, list(found), data_set) for day, found in groupby(complete, key=_day)]


def _day(pull: Pull) -> str:
    return pull.started_at[:10]


def _quality(day: str, pulls: list[Pull], data_set: DataSet) -> Quality:
    counts = total(pull.model_dump() for pull in pulls)
    rows, measured, related = counts["judged"], counts["measured"], counts["related"]
    received = sum(pull.received for pull in pulls)
    columns = {name: _column(rows, measured.get(name, {}), data_set, name) for name in data_set.columns}

    def joint(kind: str, names: Iterable[str]) -> float | None:
        of = list(names)
        return _share(
            sum(measured.get(name, {}).get(kind, 0) for name in of),
            sum(measured.get(name, {}).get("filled", 0) for name in of),
        )

    filled = sum(each.get("filled", 0) for each in measured.values())
    judged = sum(each["judged"] for each in related.values())
    return Quality(
        source=pulls[0].source,
        data_set=pulls[0].data_set,
        day=day,
        pulls=len(pulls),
        rows=rows,
        completeness=_share(rows * len(data_set.columns) - filled, rows * len(data_set.columns)),
        validity=joint("invalid", data_set.columns),
        uniqueness=_share(sum(pull.duplicate for pull in pulls), received),
        timeliness=joint("stale", data_set.checked("fresh")),
        consistency=_share(sum(each["broken"] for each in related.values()), judged),
        columns=columns,
        rules={name: _share(each["broken"], each["judged"]) for name, each in related.items()},
    )


def _column(rows: int, counts: Mapping[str, int], data_set: DataSet, name: str) -> dict[str, float | None]:
    filled = counts.get("filled", 0)
    found: dict[str, Any] = {
        "completeness": _share(rows - filled, rows),
        "validity": _share(counts.get("invalid", 0), filled),
    }
    for rule, (kind, share) in MEASURED.items():
        if data_set.columns[name].rule(rule):
            found[share] = _share(counts.get(kind, 0), filled)
    return found


def _share(wrong: int, of: int) -> float | None:
    """The share that is right, to four places."""
    return round(1 - wrong / of, 4) if of else None
