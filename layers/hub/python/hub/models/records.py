"""Runs, their steps and releases as the control table keeps them."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

State = Literal["running", "released", "failed"]
Windows = dict[str, tuple[int, int]]


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Run(Record):
    """One run. pulls: data set -> pulls (last, to]. names, fingerprints, layouts, columns: by table."""

    run_id: str
    state: State
    reason: str
    pulls: Windows
    waves: list[list[str]]
    maintenance: list[str]
    names: dict[str, str]
    fingerprints: dict[str, str]
    layouts: dict[str, str]
    columns: dict[str, dict[str, str]] = {}
    erased: str = ""
    decided: str = ""
    sql_version: str
    base_release: str | None
    started_at: str
    ended_at: str | None = None
    release_id: str | None = None
    error: str | None = None


class Text(Record):
    """One statement of a step: where its text lies, by what its rows may be parted, and whether it is not repeated."""

    key: str
    batch_on: str | None = None
    once: bool = False


class Step(Record):
    """The statements of one table in order. `place` counts changes, so that two workers cannot both move on.

    answers: of a matching, the executions that have succeeded, each with the fingerprint of what it was asked.
    """

    run_id: str
    name: str
    kind: Literal["write", "check", "maintain", "match"]
    statements: list[Text]
    state: Literal["waiting", "running", "done"] = "waiting"
    index: int = 0
    part: int = 0
    parts: int = 1
    attempt: int = 0
    execution: str | None = None
    failures: dict[str, int] = {}
    bytes_scanned: int = 0
    answers: list[str] = []
    place: int = 0


class Release(Record):
    """What readers see. tables: name -> snapshot id; names: name -> physical name; pulls: data set -> last pull.

    columns: name -> columns of that snapshot with their types. erased, decided: fingerprints of the erasure list and of
    the stewards' decisions that it obeys.
    """

    release_id: str
    run_id: str
    tables: dict[str, str]
    names: dict[str, str] = {}
    pulls: dict[str, int] = {}
    fingerprints: dict[str, str] = {}
    layouts: dict[str, str] = {}
    columns: dict[str, dict[str, str]] = {}
    erased: str = ""
    decided: str = ""
    released_at: str
    sql_version: str
    previous: str | None = None


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
