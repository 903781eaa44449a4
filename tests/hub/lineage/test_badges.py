"""Badges by a table: the worst share of the last day tells."""

import pytest

from hub.config.models import QualityLevels
from hub.lineage.badges import judge
from hub.pulls.scores import Quality

NOTHING = dict.fromkeys(("completeness", "validity", "uniqueness", "timeliness", "consistency", "accuracy"))
CASES = [
    ([], "unknown", None, [], "nothing was measured"),
    ([{}], "unknown", None, [], "pulled, but nothing is checked"),
    ([{"validity": 1.0}], "good", 1.0, [], "all is right"),
    ([{"validity": 0.95}], "good", 0.95, [], "the edge belongs to good"),
    ([{"validity": 0.9499}], "fair", 0.9499, ["validity"], "just below"),
    ([{"validity": 0.8}], "fair", 0.8, ["validity"], "the edge belongs to fair"),
    ([{"validity": 1.0, "timeliness": 0.79}], "poor", 0.79, ["timeliness"], "one bad share is enough"),
    ([{"completeness": 0.1, "validity": 1.0}], "good", 1.0, [], "what nobody has is no fault of the source"),
    ([{"validity": 1.0}, {"accuracy": 0.5}], "poor", 0.5, ["accuracy"], "one bad data set is enough"),
    ([{"consistency": 0.9, "validity": 0.85}], "fair", 0.85, ["validity", "consistency"], "the worst stands first"),
]


@pytest.mark.parametrize(("days", "level", "score", "short", "why"), CASES)
def test_levels(days, level, score, short, why):
    told = {"day": "2026-01-01", "pulls": 1, "rows": 9, "columns": {}, "rules": {}}
    found = [Quality(source="s", data_set=f"d{at}", **told, **{**NOTHING, **each}) for at, each in enumerate(days)]
    badge = judge(["s.d0"], found, QualityLevels())
    assert (badge.level, badge.score, [each.measure for each in badge.shortfalls]) == (level, score, short), why


def test_an_organisation_says_what_is_good():
    quality = Quality(source="s", data_set="d", day="2026-01-01", pulls=1, rows=9, columns={}, rules={},
                      **{**NOTHING, "validity": 0.9})  # fmt: skip
    assert judge([], [quality], QualityLevels(good=90, poor=50)).level == "good"
    assert judge([], [quality], QualityLevels(good=99, poor=95)).level == "poor"
