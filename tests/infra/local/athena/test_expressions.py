"""Expressions on the DuckDB engine against Trino's answers: the shared table, and rows of our own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local.athena.duckdb_session import Session
from infra.local.athena.errors import BadStatement, QueryFailed
from infra.local.athena.expressions import DIFFERENT, REFUSED, SAME, judge, table_path, verdicts

OWN = yaml.safe_load((Path(__file__).parent / "expressions.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session() as one:
        yield one


@pytest.mark.skipif(not table_path().exists(), reason="HUB_DATA holds no table of expressions")
def test_the_shared_table_has_no_silent_difference_and_few_refusals() -> None:
    found = list(verdicts(table_path()))
    counts = Counter(v.outcome for v in found)
    assert [v for v in found if v.outcome == DIFFERENT] == []
    assert counts[SAME] >= 215, [v for v in found if v.outcome == REFUSED]


@pytest.mark.parametrize("case", OWN["same"], ids=lambda case: case["expression"])
def test_an_expression_answers_as_trino(session: Session, case: dict[str, Any]) -> None:
    """Each row is an answer of Trino 476."""
    verdict = judge(session, f"SELECT {case['expression']}", case)
    assert verdict.outcome == SAME, f"{case['reason']}: {verdict}"


@pytest.mark.parametrize("case", OWN["refused"], ids=lambda case: case["sql"])
def test_what_trino_refuses_is_refused(session: Session, case: dict[str, Any]) -> None:
    with pytest.raises((QueryFailed, BadStatement)) as refusal:
        session.select(case["sql"])
    name = "SYNTAX_ERROR" if isinstance(refusal.value, BadStatement) else refusal.value.name
    assert name == case["error"], f"{case['reason']}: {refusal.value}"


@pytest.mark.parametrize("case", OWN["queries"], ids=lambda case: case["sql"])
def test_a_query_answers_as_trino(session: Session, case: dict[str, Any]) -> None:
    _, rows = session.select(case["sql"])
    assert [list(row) for row in rows] == case["rows"], case["reason"]


def test_a_difference_is_noticed(session: Session) -> None:
    """The judge itself: a wrong value, a wrong type and a missing error are all differences."""
    for wrong in ({"type": "integer", "value": "4"}, {"type": "bigint", "value": "3"}, {"error": "DIVISION_BY_ZERO"}):
        assert judge(session, "SELECT 7 / 2", {"expression": "7 / 2", **wrong}).outcome == DIFFERENT
