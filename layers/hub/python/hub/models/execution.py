"""Carry one step of a run through its statements: start, ask, try again, go on. Safe to repeat at any point."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from hub import aws
from hub.errors import Conflict, HubError
from hub.models.athena import Athena, Execution
from hub.models.records import Step
from hub.models.steps import reached
from hub.models.store import RunStore

ALL_ROWS = "/*batch*/ true"
PATIENCE_SECONDS = 20  # asked within one invocation, so that short statements cost no wait of the state machine
MOST_ATTEMPTS = 4
MOST_ROUNDS = 50
MOST_PARTS = 64

TOO_MANY_PARTITIONS = re.compile(r"TOO_MANY_OPEN_PARTITIONS|open (writers|partitions)", re.IGNORECASE)
MORE_ROUNDS = re.compile(r"MORE_RUNS_NEEDED")
PASSING = re.compile(
    r"ICEBERG_COMMIT_ERROR|GENERIC_INTERNAL_ERROR|INTERNAL_ERROR_QUERY_ENGINE|SlowDown|Throttl|TooManyRequests|EXHAUSTED|"
    r"resources exhausted|ICEBERG_FILESYSTEM_ERROR",
    re.IGNORECASE,
)
OF_THE_TEXT = re.compile(r"\bline \d+:\d+")  # such a failure speaks of the statement, all others may quote data
TEXTS = re.compile(r"'[^']*'")


class StatementFailed(HubError):
    """A statement of a run failed for good. The message holds no value of the data."""

    code = "statement_failed"


class Matches(Protocol):
    """Brings the step of a run's matching on; each statement's text follows from the answers of those before."""

    def advance(self, step: Step, until: float) -> Step: ...


@dataclass(frozen=True)
class Executor:
    store: RunStore
    athena: Athena
    bucket: str
    matching: Matches
    patience: float = PATIENCE_SECONDS

    def advance(self, run_id: str, name: str, polls: int) -> dict[str, object]:
        """Bring a step on as far as this invocation's patience goes: {name, state running | succeeded, wait, polls}.

        Raises StatementFailed, Conflict where the run was ended meanwhile, LeaseLost where another run has begun.
        """
        now = datetime.now(UTC)
        if self.store.run(run_id).state == "failed":
            raise Conflict(f"run {run_id} has failed")
        self.store.keep_lease(run_id, now)
        step, until = self.store.step(run_id, name), now.timestamp() + self.patience
        if step.kind == "match" and step.state != "done":
            before = len(step.answers)
            step = self.matching.advance(step, until)
            wait = min(30, 2 + polls) if len(step.answers) == before else 1
            state = "succeeded" if step.state == "done" else "running"
            return {"name": name, "state": state, "wait": wait, "polls": polls + 1}
        while step.state != "done":
            step = self._started(step)
            left = until - datetime.now(UTC).timestamp()
            found = self.athena.wait(str(step.execution), max(left, 0))
            if not found.done:
                return {"name": name, "state": "running", "wait": min(30, 2 + polls), "polls": polls + 1}
            step = self._settled(step, found)
        return {"name": name, "state": "succeeded", "wait": 1, "polls": polls}

    def _started(self, step: Step) -> Step:
        """The step with its statement under way. The token makes a repeated start the same execution."""
        if step.execution:
            return step
        token = "|".join(map(str, (step.run_id, step.name, step.index, step.part, step.parts, step.attempt)))
        execution = self.athena.start(self._sql(step), token)
        reached("statement_started", run_id=step.run_id, statement=step.name)
        step = self.store.move(step, state="running", execution=execution)
        reached("statement_noted", run_id=step.run_id, statement=step.name)
        return step

    def _sql(self, step: Step) -> str:
        text = step.statements[step.index]
        sql: str = aws.client("s3").get_object(Bucket=self.bucket, Key=text.key)["Body"].read().decode()
        if step.parts > 1:
            sql = sql.replace(ALL_ROWS, f"coalesce(mod({text.batch_on}, {step.parts}), 0) = {step.part}")
        return sql

    def _settled(self, step: Step, found: Execution) -> Step:
        """The step after its statement has ended in one way or another."""
        if found.state != "SUCCEEDED":
            return self._retried(step, found)
        scanned = step.bytes_scanned + found.bytes_scanned
        failures = self._failures(step) if step.kind == "check" else {}
        if step.part + 1 < step.parts:
            changes = {"part": step.part + 1}
        elif step.index + 1 < len(step.statements):
            changes = {"index": step.index + 1, "part": 0, "parts": 1}
        else:
            moved = self.store.move(step, state="done", failures=failures, bytes_scanned=scanned, execution=None)
            reached("step_done", run_id=step.run_id, statement=step.name)
            return moved
        moved = self.store.move(step, **changes, bytes_scanned=scanned, execution=None)
        reached("statement_done", run_id=step.run_id, statement=step.name)
        return moved

    def _failures(self, step: Step) -> dict[str, int]:
        rows, _ = self.athena.page(str(step.execution))
        return {str(row["check_name"]): int(row["failures"] or 0) for row in rows if row["failures"] != "0"}

    def _retried(self, step: Step, found: Execution) -> Step:
        """What to do about a failure: in smaller parts, once more, or not at all.

        A write that is done again starts at the step's first statement, which clears what the others have written;
        a column that was added stays added.
        Maintenance does not go back: a VACUUM after a part of OPTIMIZE would take the released snapshot away.
        """
        again = {"execution": None, "attempt": step.attempt + 1}
        if (
            TOO_MANY_PARTITIONS.search(found.reason)
            and step.statements[step.index].batch_on
            and step.parts < MOST_PARTS
        ):
            return self.store.move(step, **again, part=0, parts=step.parts * 4)
        if MORE_ROUNDS.search(found.reason) and step.attempt < MOST_ROUNDS:
            return self.store.move(step, **again)
        if passes(found) and step.attempt < MOST_ATTEMPTS:
            first = next((at for at, text in enumerate(step.statements) if not text.once or at == step.index), 0)
            start = {"index": first, "part": 0, "parts": 1} if step.kind == "write" else {}
            return self.store.move(step, **again, **start)
        error = failed(f"{step.name}, statement {step.index + 1} ({step.statements[step.index].key})", found)
        self.store.fail_run(step.run_id, error.message, datetime.now(UTC))
        raise error


def passes(found: Execution) -> bool:
    """Whether the same statement may succeed if it is tried again."""
    return found.state == "LOST" or PASSING.search(found.reason) is not None


def failed(what: str, found: Execution) -> StatementFailed:
    """The error of a statement that is given up; what the engine says of data is left out."""
    told = found.reason or found.state
    reason = told if OF_THE_TEXT.search(told) else TEXTS.sub("'...'", told)
    return StatementFailed(f"{what}: {reason}")
