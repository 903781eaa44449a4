"""Compares the DuckDB engine with a table of expressions and what Trino answers to them.

`python -m infra.local.athena.expressions [file]` prints how many are the same, refused, and silently different. The
first line of the file says in which query an expression stands; each other line has group, expression and either type
and value (as Trino's Python client prints it) or error.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from infra.local.athena.dialect.types import Type
from infra.local.athena.dialect.udfs.numbers import shortest_real
from infra.local.athena.duckdb_session import Session
from infra.local.athena.errors import BadStatement, QueryFailed

SAME, REFUSED, DIFFERENT = "same", "refused", "silently different"


@dataclass(frozen=True)
class Verdict:
    expression: str
    outcome: str
    expected: str
    answered: str


def table_path() -> Path:
    return Path(os.environ.get("HUB_DATA", "../shared/data")) / "trino_expressions.jsonl"


def shown(value: Any, kind: Type) -> Any:
    """A value as Trino's Python client gives it."""
    if value is None:
        return None
    if kind.base == "timestamptz":
        zone = value["z"]
        if zone[0] in "+-":
            shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6])) * (-1 if zone[0] == "-" else 1)
            return value["t"].replace(tzinfo=UTC).astimezone(timezone(shift))
        return value["t"].replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    if kind.base == "real":
        return float(shortest_real(value))
    if kind.base == "array":
        return [shown(v, kind.element) for v in value]
    if kind.base == "map":
        return {shown(k, kind.inner[0]): shown(v, kind.inner[1]) for k, v in value.items()}
    if kind.base == "row":
        values = list(value.values()) if isinstance(value, dict) else value
        return tuple(shown(v, t) for v, t in zip(values, kind.inner, strict=True))
    return value


def text(value: Any) -> str:
    """str() of it; a row of one field has no comma, as the client prints it."""
    if isinstance(value, tuple):
        return "(" + ", ".join(repr(v) for v in value) + ")"
    return str(value)


def _same_value(expected: str | None, value: Any) -> bool:
    if expected is None or value is None:
        return expected is None and value is None
    if isinstance(value, datetime) and value.tzinfo is None and text(value) == expected.removesuffix("000"):
        return True
    if isinstance(value, dict):
        return sorted(text(value)) == sorted(expected)
    return text(value) == expected


def judge(session: Session, query: str, case: dict[str, Any]) -> Verdict:
    """One expression: the same value and type, the same error or a refusal, or a silent difference."""
    wanted = case.get("error") or f"{case['type']} {case['value']}"
    try:
        columns, rows = session.select(query)
        kind = columns[0][1]
        value = shown(rows[0][0], kind)
        answered = f"{kind} {text(value)}"
    except (QueryFailed, BadStatement) as problem:
        same = "error" in case and (isinstance(problem, BadStatement) or problem.name == case["error"])
        return Verdict(case["expression"], SAME if same else REFUSED, wanted, str(problem))
    if "error" in case:
        return Verdict(case["expression"], DIFFERENT, wanted, answered)
    same_type = str(kind).replace(" ", "") == case["type"].replace(" ", "")
    same = same_type and _same_value(case["value"], value)
    return Verdict(case["expression"], SAME if same else DIFFERENT, wanted, answered)


def verdicts(path: Path) -> Iterator[Verdict]:
    """A verdict per line of the table."""
    head, *lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    with Session() as session:
        for case in lines:
            yield judge(session, f"{head['with']} SELECT {case['expression']} FROM t1", case)


def main(arguments: list[str]) -> int:
    found = list(verdicts(Path(arguments[0]) if arguments else table_path()))
    for verdict in found:
        if verdict.outcome != SAME:
            print(
                f"{verdict.outcome}: {verdict.expression}\n    Trino: {verdict.expected}\n    here:  {verdict.answered}"
            )
    counts = Counter(v.outcome for v in found)
    print(f"{len(found)} expressions: " + ", ".join(f"{counts[o]} {o}" for o in (SAME, REFUSED, DIFFERENT)))
    return 1 if counts[DIFFERENT] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
