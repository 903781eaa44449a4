"""How good the data of a source was on a day, by data set and column: shares worked out from what its pulls counted.

Of the rows read (what a filter leaves out is not the hub's), repeated rows included:
completeness  rows with a value / rows
validity      values that fit their type and break no check / values
uniqueness    values that no other record has / values, where `unique` is checked; of a data set: rows that are no
              duplicates / rows
timeliness    values young enough / values, where `fresh` is checked
accuracy      rows that agree with tables of the world (a postcode of its place, an age of its day of birth) / rows that
              these rules can judge; of a column: of the rules on it
consistency   values that the other data set has / values, where a `reference` is checked; of a data set: rows that keep
              the rules between columns / rows that these can judge
missing, imputed  rows in which the source has no value, and those of them that the manifest gave a default
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
OF_THE_WORLD = ("postcode_of", "age_of")  # rules that compare with what is known outside of the source


class Quality(BaseModel):
    """Shares from 0 to 1; None where nothing was there to be measured. columns, rules, missing, imputed: by name."""

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
    accuracy: float | None = None
    columns: dict[str, dict[str, float | None]]
    rules: dict[str, float | None]
    missing: dict[str, int] = {}
    imputed: dict[str, int] = {}


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
    world = {rule.rule: rule.expect.column for rule in data_set.rules if rule.expect.is_ in OF_THE_WORLD}
    for name in dict.fromkeys(world.values()):
        columns[name]["accuracy"] = _kept(related, [rule for rule, column in world.items() if column == name])

    def joint(kind: str, names: Iterable[str]) -> float | None:
        of = list(names)
        return _share(
            sum(measured.get(name, {}).get(kind, 0) for name in of),
            sum(measured.get(name, {}).get("filled", 0) for name in of),
        )

    filled = sum(each.get("filled", 0) for each in measured.values())
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
        consistency=_kept(related, related),
        accuracy=_kept(related, world),
        columns=columns,
        rules={name: _kept(related, [name]) for name in related},
        missing={name: rows - measured.get(name, {}).get("filled", 0) for name in data_set.columns},
        imputed={name: count for name in data_set.columns if (count := measured.get(name, {}).get("imputed", 0))},
    )


def _kept(related: Mapping[str, Mapping[str, int]], rules: Iterable[str]) -> float | None:
    """The share of judged rows that keep these rules between columns."""
    found = [related[name] for name in rules if name in related]
    return _share(sum(each["broken"] for each in found), sum(each["judged"] for each in found))


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
