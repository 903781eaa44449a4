"""A program of statements that goes on wherever it was left: what was answered is read again, the next is started."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from hub import aws
from hub.errors import Conflict
from hub.models.athena import Athena, Execution
from hub.models.execution import MOST_ATTEMPTS, failed, passes
from hub.models.matching import MATCH
from hub.models.records import Step
from hub.models.steps import reached
from hub.models.store import STEP_DAYS, RunStore

DAY = 86_400
LONGEST_KEPT = 100_000  # characters of a statement that are kept to be shown
REMEMBERED = 200

_answers: dict[str, Sequence[Sequence[Any]]] = {}  # of executions, which never change


class Unfinished(Exception):
    """The statement under way takes longer than this call may wait."""


@dataclass
class Replay:
    """An engine for the matcher: its nth statement is the nth execution of the run's step, started once.

    Tables lie in the bucket's scratch, which expires in two days, the `lasting` ones beside it. Where a statement
    differs from what was asked at its place the program was changed meanwhile, and the run ends: Conflict.
    """

    store: RunStore
    athena: Athena
    step: Step
    until: float
    bucket: str
    lasting: Collection[str] = ()
    place: int = field(default=0, init=False)

    def create(self, table: str, select: str) -> None:
        """Make a table; one that a failed attempt may have left is taken out of the catalogue first."""
        if self.step.attempt and len(self.step.answers) == self.place and not self.step.execution:
            _forget(table)
        attempt = f"-{self.step.attempt}" if self.step.attempt and len(self.step.answers) == self.place else ""
        name = table.partition(f"m_{self.step.run_id.lower()}_")[2]
        zone = "matching" if name in self.lasting else "scratch"
        folder = f"{self.bucket}/{zone}/{self.step.run_id}/matching/{name}{attempt}/"
        self._answered(
            select,
            f"CREATE TABLE {table} WITH (format = 'PARQUET', write_compression = 'ZSTD', "
            f"external_location = '{folder}') AS\n{select}",
            table,
        )

    def drop(self, table: str) -> None:
        """Nothing: the scratch expires, and what a statement reads must not go while it may be asked again."""

    def query(self, select: str) -> Sequence[Sequence[Any]]:
        execution = self._answered(select, select)
        if execution not in _answers:
            if len(_answers) >= REMEMBERED:
                _answers.clear()
            _answers[execution] = self.athena.values(execution)
        return _answers[execution]

    def _answered(self, asked: str, sql: str, table: str = "") -> str:
        """The execution that answers the statement at this place of the program."""
        at, print_ = self.place, hashlib.sha256(f"{table}\0{asked}".encode()).hexdigest()[:12]
        self.place += 1
        while len(self.step.answers) <= at:
            self._bring_on(at, print_, sql)
        was, _, execution = self.step.answers[at].partition("|")
        if was != print_:
            raise Conflict(f"statement {at + 1} of {self.step.name} is another than before: the matcher was changed")
        return execution

    def _bring_on(self, at: int, print_: str, sql: str) -> None:
        step = self.step
        if not step.execution:
            self._started(at, sql)
            return
        left = self.until - datetime.now(UTC).timestamp()
        found = self.athena.wait(step.execution, max(left, 0))
        if not found.done:
            raise Unfinished
        if found.state != "SUCCEEDED":
            self._retried(at, found)
            return
        answers, scanned = [*step.answers, f"{print_}|{step.execution}"], step.bytes_scanned + found.bytes_scanned
        self.step = self.store.move(step, answers=answers, execution=None, attempt=0, bytes_scanned=scanned)
        reached("statement_done", run_id=step.run_id, statement=step.name)

    def _started(self, at: int, sql: str) -> None:
        step = self.step
        if not step.attempt and step.name == MATCH:
            expires_at = int(datetime.now(UTC).timestamp()) + STEP_DAYS * DAY
            self.store.note_statement(step.run_id, at + 1, _shortened(sql), expires_at)
        execution = self.athena.start(sql, "|".join(map(str, (step.run_id, step.name, at, step.attempt))))
        reached("statement_started", run_id=step.run_id, statement=step.name)
        self.step = self.store.move(step, state="running", execution=execution)
        reached("statement_noted", run_id=step.run_id, statement=step.name)

    def _retried(self, at: int, found: Execution) -> None:
        """Once more, from the start of the program: a table that failed is written to another place."""
        if not passes(found) or self.step.attempt >= MOST_ATTEMPTS:
            raise failed(f"{self.step.name}, statement {at + 1}", found)
        self.step = self.store.move(self.step, execution=None, attempt=self.step.attempt + 1)
        raise Unfinished


def _shortened(sql: str) -> str:
    left = len(sql) - LONGEST_KEPT
    return sql if left <= 0 else f"{sql[:LONGEST_KEPT]}\n-- and {left} characters more"


def _forget(table: str) -> None:
    database, _, name = table.partition(".")
    try:
        aws.client("glue").delete_table(DatabaseName=database, Name=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityNotFoundException":
            raise
