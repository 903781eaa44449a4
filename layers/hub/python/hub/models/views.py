"""Runs and tables as the API shows them."""

import json
from collections.abc import Mapping
from typing import Any

from hub.errors import NotFound
from hub.models.records import Release, Run, Step
from hub.models.table import Table

READABLE = "reporting"
COUNTED = ("cap", "values", "records", "pairs", "largest")

Shown = dict[str, Any]


def run(found: Run) -> Shown:
    return {
        "run_id": found.run_id,
        "state": found.state,
        "reason": found.reason,
        "started_at": found.started_at,
        "ended_at": found.ended_at,
        "release_id": found.release_id,
        "sql_version": found.sql_version,
        "pulls": {name: {"after": last, "to": to} for name, (last, to) in found.pulls.items() if to > last},
        "error": found.error,
    }


def run_with_steps(found: Run, steps: list[Step]) -> Shown:
    by_name = {step.name: step for step in steps}
    waves = [[_step(by_name[name]) for name in wave if name in by_name] for wave in found.waves]
    maintenance = [_step(by_name[name]) for name in found.maintenance if name in by_name]
    return {**run(found), "waves": waves, "maintenance": maintenance}


def matching(found: Run, told: Mapping[str, Any] | None, statements: list[str]) -> Shown:
    """What a run's matching learned and asked. NotFound where the run matched nothing, or not yet."""
    if told is None:
        raise NotFound(f"run {found.run_id} has no matching: nothing to match was new, or it is not done")
    return {
        "run_id": found.run_id,
        "records": int(told["records"]),
        "pairs": int(told["pairs"]),
        "model": json.loads(told["model"]),
        "learned": {"run_id": told["learned"]["run_id"], "records": int(told["learned"]["records"])},
        "settings": json.loads(told["settings"]),
        "weights": told["weights"],
        "dropped": [{**each, **{name: int(each[name]) for name in COUNTED}} for each in told["dropped"]],
        "conflicts": told["conflicts"],
        "statements": statements,
    }


def tables(models: Mapping[str, Table], release: Release | None) -> Shown:
    """The tables of a release that a report may name, with their columns."""
    listed = [
        {
            "name": name,
            "description": table.description,
            "columns": [
                {"name": column, "type": each.type, "description": each.description}
                for column, each in table.shown.items()
            ],
        }
        for name, table in sorted(models.items())
        if table.zone == READABLE and release is not None and name in release.tables
    ]
    return {"release": _release(release) if release else None, "tables": listed}


def _release(release: Release) -> Shown:
    return {
        "release_id": release.release_id,
        "released_at": release.released_at,
        "sql_version": release.sql_version,
        "pulls": release.pulls,
    }


def _step(step: Step) -> Shown:
    return {
        "name": step.name,
        "state": step.state,
        "statement": len(step.answers) if step.kind == "match" else step.index + 1,
        "statements": len(step.answers if step.kind == "match" else step.statements),
        "attempts": step.attempt + 1,
        "failures": step.failures,
        "bytes_scanned": step.bytes_scanned,
    }
