"""What callers of the pulls see and send."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["running", "held", "complete", "failed", "abandoned"]


class PullTask(BaseModel):
    """A message on the pull queue: by a schedule (scheduled_at), by a person (asked_by), to carry on (pull_id).

    replay: only to begin a replay that waits.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    source: str
    data_set: str
    scheduled_at: str | None = None
    asked_by: str | None = None
    pull_id: str | None = None
    replay: Literal[True] | None = None

    @property
    def name(self) -> str:
        return f"{self.source}.{self.data_set}"


class Decision(BaseModel):
    """What a person decided about a held pull, and why."""

    what: Literal["released", "abandoned"]
    by: str
    at: str
    why: str


class PullRequest(BaseModel):
    """A person's wish to fetch a data set now."""

    model_config = ConfigDict(extra="forbid")

    source: str
    data_set: str


class Pull(BaseModel):
    """One fetch of one data set, with its ledger.

    deleted: records that the last complete pull had and this one has not, so that a tombstone is staged for each.
    deletes_withheld: records that are gone, too, but may be among the rows whose key could not be read.
    held_by: the gate that holds it, if a person may release it. released: the gates that persons let it pass.
    replay_of: the pull whose quarantined rows this one took up. settled_rows: rows of its own that replays took up.
    warned, rules, fixed: values and rows by `column: rule`. repeated: duplicates by kind, and staged rows that are
    another version of a record. judged, measured, related: what quality is worked out from, see `scores`.
    """

    model_config = ConfigDict(extra="ignore")

    pull_id: str
    source: str
    data_set: str
    pull_seq: int
    state: State
    started_at: str
    ended_at: str | None = None
    received: int = 0
    staged: int = 0
    duplicate: int = 0
    quarantined: int = 0
    filtered: int = 0
    deleted: int = 0
    deletes_withheld: int = 0
    declared_by_source: int | None = None
    balanced: bool | None = None
    batches: int = 0
    bytes: int = 0
    reason: str | None = None
    held_by: str | None = None
    released: list[str] = []
    decisions: list[Decision] = []
    error: str | None = None
    attempts: int = 0
    asked_by: str | None = None
    replay_of: str | None = None
    replay: str | None = Field(default=None, exclude=True)
    settled: str | None = Field(default=None, exclude=True)
    settled_rows: int = 0
    cursor_from: Any = None
    cursor_to: Any = None
    warned: dict[str, int] = {}
    rules: dict[str, int] = {}
    new_fields: list[str] = []
    vanished_fields: list[str] = []
    changed_types: dict[str, str] = {}
    fixed: dict[str, int] = {}
    repeated: dict[str, int] = {}
    judged: int = 0
    measured: dict[str, dict[str, int]] = {}
    related: dict[str, dict[str, int]] = {}


class PullCompleted(BaseModel):
    """The event on the bus when a pull is published."""

    version: int = 1
    pull_id: str
    source: str
    data_set: str
    pull_seq: int
    staged: int
    completed_at: str


def pull_id(source: str, data_set: str, seq: int) -> str:
    return f"{source}.{data_set}.{seq:08d}"


def parts(pull_id: str) -> tuple[str, str, int]:
    """Source, data set and number of a pull_id; ValueError if it is none."""
    found = re.fullmatch(r"([a-z0-9_]{1,80})\.([a-z0-9_]{1,80})\.([0-9]{8,12})", pull_id)
    if found is None:
        raise ValueError(f"not a pull_id: {pull_id!r}")
    return found[1], found[2], int(found[3])


def waiting_replay(task: PullTask, entry: str) -> tuple[tuple[str, str], str]:
    """Of a replay that waits: the pull that it replays and its number, and who asked."""
    number, _, asked_by = entry.partition(" ")
    return (pull_id(task.source, task.data_set, int(number.partition("-")[0])), number), asked_by
