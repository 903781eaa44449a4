"""The table of expressions, through the Athena API on Trino: nothing between a client and Trino changes an answer."""

import ast
import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from infra.local.athena import results
from infra.local.athena.dialect import types
from tests.laboratory import ROOT, Laboratory

DATA = Path(os.environ.get("HUB_DATA", ROOT.parent / "shared/data"))
TABLE = DATA / "trino_expressions.jsonl"
LINES = [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()] if TABLE.exists() else [{}]
HEAD, CASES = LINES[0], LINES[1:]

pytestmark = pytest.mark.skipif(not CASES, reason=f"{TABLE} is missing: set HUB_DATA")


def value_of(text: str, kind: types.Type) -> Any:
    """The Python value behind the table's str(): what Trino's client gave."""
    if kind.base in ("boolean", "array", "map"):
        return ast.literal_eval(text)
    if kind.base == "double":
        return float(text)
    if kind.base == "row":
        return ast.literal_eval(text.replace(")", ",)"))
    if kind.base in ("timestamp", "timestamptz"):
        return datetime.fromisoformat(text)
    return text


def printed(case: dict[str, Any]) -> str | None:
    """What Athena prints for the table's value."""
    if case["value"] is None:
        return None
    kind = types.parse(case["type"])
    return results.show(value_of(case["value"], kind), kind)


def moment(text: str) -> datetime:
    """An instant from a time with a zone, whether the zone is written as an offset or by its name."""
    stamp, zone = text.rsplit(" ", 1)
    if re.match("[+-]", zone):
        return datetime.fromisoformat(stamp + zone)
    return datetime.fromisoformat(stamp).replace(tzinfo=ZoneInfo(zone))


@pytest.fixture(scope="module")
def started(trino: Laboratory) -> dict[str, str]:
    """Every expression's execution, begun at once: the API runs several side by side."""
    return {case["expression"]: trino.start(f"{HEAD['with']} SELECT {case['expression']} FROM t1") for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['group']}-{case['expression']}"[:80])
def test_expression(trino: Laboratory, started: dict[str, str], case: dict[str, Any]) -> None:
    answer = trino.answer(started[case["expression"]])
    if "error" in case:
        assert (answer.state, answer.reason.partition(":")[0]) == ("FAILED", case["error"])
        return
    assert answer.state == "SUCCEEDED", answer.reason
    column, [[text]] = answer.columns[0], answer.rows
    assert (column["Type"], column["Precision"], column["Scale"]) == results.api_type(case["type"])
    if case["value"] is not None and case["type"].endswith("with time zone"):
        assert text is not None and moment(text) == datetime.fromisoformat(case["value"])
    else:
        assert text == printed(case)
