"""Segments: a saved query that the guard lets through and that gives `customer_id`. Needs sqlglot: not for `send`."""

from collections.abc import Mapping
from typing import Any

import sqlglot
from pydantic import Field, JsonValue

from hub.campaigns.models import Stated, Title
from hub.errors import InvalidInput
from hub.guard import Parameter, Permitted, permit, projections, read
from hub.models.table import Table

COLUMN = "customer_id"


class SegmentRequest(Stated):
    """A query over the released reporting tables that gives `customer_id`."""

    name: Title
    description: str = Field("", max_length=1000)
    sql: str = Field(min_length=1, max_length=60_000)
    parameters: list[Parameter] = Field(default=[], max_length=20)


class Segment(SegmentRequest):
    segment_id: str
    created_by: str
    created_at: str


def permitted(
    segment: SegmentRequest, given: Mapping[str, JsonValue], tables: Mapping[str, Table], release: Any, stage: str
) -> Permitted:
    """The segment's query as it may run on a release; InvalidInput with line and column or the parameter's name."""
    found = permit(segment.sql, read(segment.parameters, given), projections(tables, release, stage))
    tree = sqlglot.parse_one(found.sql, dialect="athena")
    assert isinstance(tree, sqlglot.exp.Query)
    names = tree.named_selects
    if [name.lower() for name in names].count(COLUMN) != 1:
        raise InvalidInput(f"The query of a segment gives one column {COLUMN}; this one gives: {', '.join(names)}")
    return found


def check(segment: SegmentRequest, tables: Mapping[str, Table], stage: str) -> None:
    """Judge a segment before it is saved, with a plausible value for each parameter."""
    names = [parameter.name for parameter in segment.parameters]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidInput(f"The parameter {repeated[0]!r} is declared twice")
    permitted(segment, {each.name: PLAUSIBLE[each.type] for each in segment.parameters}, tables, None, stage)


PLAUSIBLE: dict[str, JsonValue] = {
    "text": "x",
    "list": ["x"],
    "integer": 1,
    "decimal": 1.5,
    "date": "2026-01-31",
    "timestamp": "2026-01-31T00:00:00Z",
}
