"""A badge for what is made of data sets: how good they were on their last day, and what is wrong with them."""

import time
from collections.abc import Iterable
from pathlib import Path

from hub.config.models import QualityLevels
from hub.lineage.graph import Lineage
from hub.lineage.models import Badge, Level, Shortfall
from hub.pulls.scores import Quality, by_day
from hub.pulls.store import PullStore

MEASURES = ("validity", "consistency", "timeliness", "accuracy")  # a value that nobody has is no fault of the source
REMEMBERED = 60  # seconds
LATEST_PULLS = 30


class Badges:
    """Of one stage. What was read of the ledger is remembered for a minute."""

    def __init__(self, home: Path, control_table: str) -> None:
        self.lineage = Lineage(home)
        self._levels = self.lineage.deployment.hub.quality
        self._store = PullStore(control_table)
        self._known: dict[str, tuple[float, Quality | None]] = {}

    def of_sql(self, sql: str) -> Badge:
        return self.of(self.lineage.named(sql))

    def of_data_set(self, name: str) -> Badge:
        found = self._latest(name)
        return judge([name], [found] if found else [], self._levels)

    def of(self, tables: Iterable[str]) -> Badge:
        """The badge of what is made of these tables."""
        names = self.lineage.data_sets(tables)
        return judge(names, [found for name in names if (found := self._latest(name))], self._levels)

    def _latest(self, name: str) -> Quality | None:
        """The quality of the last day on which the data set was pulled."""
        until, found = self._known.get(name, (0.0, None))
        if until < time.monotonic():
            source, _, data_set = name.partition(".")
            rules = self.lineage.deployment.sources[source].data_sets[data_set]
            days = by_day(self._store.newest_first(source, data_set, limit=LATEST_PULLS), rules)
            found = days[0] if days else None
            self._known[name] = (time.monotonic() + REMEMBERED, found)
        return found


def judge(data_sets: list[str], found: Iterable[Quality], levels: QualityLevels) -> Badge:
    """One badge of the last days of several data sets: the worst share tells."""
    shares = [
        Shortfall(data_set=f"{each.source}.{each.data_set}", day=each.day, measure=measure, share=share)
        for each in found
        for measure in MEASURES
        if (share := getattr(each, measure)) is not None
    ]
    shares.sort(key=lambda each: (each.share, each.data_set, each.measure))
    score = shares[0].share if shares else None
    short = [each for each in shares if each.share * 100 < levels.good]
    return Badge(level=_level(score, levels), score=score, data_sets=data_sets, shortfalls=short)


def _level(score: float | None, levels: QualityLevels) -> Level:
    if score is None:
        return "unknown"
    return "good" if score * 100 >= levels.good else "fair" if score * 100 >= levels.poor else "poor"
