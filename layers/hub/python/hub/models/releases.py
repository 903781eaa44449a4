"""The verdict on a run: let readers see all that it built, at once, or leave the last release standing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from hub import aws, metrics
from hub.errors import Conflict, HubError, Unavailable
from hub.models.athena import Athena
from hub.models.names import physical
from hub.models.records import Release, Run, iso
from hub.models.steps import reached
from hub.models.store import RunStore

logger = Logger(child=True)

SNAPSHOT_SECONDS = 50
STOP_SECONDS = 20


class ChecksFailed(HubError):
    """Rows break a rule of a table; details: {table: {rule: rows}}."""

    code = "checks_failed"


class RunReleased(BaseModel):
    """The event on the bus, at least once per release."""

    version: Literal[1] = 1
    release_id: str
    run_id: str
    previous: str | None
    tables: list[str]
    released_at: str


@dataclass(frozen=True)
class Releaser:
    store: RunStore
    athena: Athena
    stage: str
    bus: str

    def release(self, run_id: str, now: datetime) -> dict[str, Any]:
        """Publish the run; again for a run that is released says so once more. Answers {run_id, maintenance}.

        Raises ChecksFailed, or Conflict where the run is not complete or another release came in between.
        """
        run = self.store.run(run_id)
        if run.state == "running":
            self._judge(run, now)
            release = self._made(run, now)
            if not self.store.commit(release) and self.store.run(run_id).state != "released":
                raise Conflict(f"run {run_id} was planned on release {run.base_release}, which is not current any more")
            reached("released", run_id=run_id)
            metrics.count(self.stage, {"Releases": 1})
        elif run.state != "released":
            raise Conflict(f"run {run_id} is {run.state}")
        self._announce(self.store.release(run_id))
        reached("release_announced", run_id=run_id)
        waves = [{"statements": [{"name": name} for name in run.maintenance]}] if run.maintenance else []
        return {"run_id": run_id, "maintenance": waves}

    def finish(self, run_id: str) -> None:
        self.store.free_lease(run_id)
        reached("run_finished", run_id=run_id)

    def fail(self, run_id: str, error: str, now: datetime) -> None:
        """End a run without a release; nothing that it started goes on writing. A release that is out stays."""
        if self.store.fail_run(run_id, error, now) or self.store.run(run_id).state == "failed":
            executions = [
                step.execution for step in self.store.steps(run_id) if step.state == "running" and step.execution
            ]
            self._stop(executions)
            reached("run_failed", run_id=run_id)
        self.store.free_lease(run_id)

    def _stop(self, executions: list[str]) -> None:
        """As far as Athena answers: the run ends in any case."""
        try:
            for execution in executions:
                self.athena.stop(execution)
            for execution in executions:
                self.athena.wait(execution, STOP_SECONDS)
        except (BotoCoreError, ClientError):
            logger.exception("statements of a failed run may go on")

    def _judge(self, run: Run, now: datetime) -> None:
        needed = {name for wave in run.waves for name in wave}
        steps = [step for step in self.store.steps(run.run_id) if step.name in needed]
        waiting = sorted(needed - {step.name for step in steps if step.state == "done"})
        if waiting:
            raise Conflict(f"run {run.run_id} is not complete: {', '.join(waiting)}")
        if broken := {step.name.removeprefix("check."): step.failures for step in steps if step.failures}:
            told = "; ".join(
                f"{table}: {rule} ({rows} rows)" for table, rules in broken.items() for rule, rows in rules.items()
            )
            self.store.fail_run(run.run_id, told, now)
            raise ChecksFailed(told, broken)

    def _made(self, run: Run, now: datetime) -> Release:
        return Release(
            release_id=run.run_id,
            run_id=run.run_id,
            tables=self._snapshots(run),
            names=run.names,
            pulls={name: to for name, (_, to) in run.pulls.items()},
            fingerprints=run.fingerprints,
            layouts=run.layouts,
            columns=run.columns,
            erased=run.erased,
            decided=run.decided,
            released_at=iso(now),
            sql_version=run.sql_version,
            previous=run.base_release,
        )

    def _snapshots(self, run: Run) -> dict[str, str]:
        """The newest snapshot of each table: the one that is no other's parent. A table never written may have none."""
        parts = []
        for full_name, name in sorted(run.names.items()):
            snapshots = f'"{physical(full_name.split(".")[0], self.stage)}"."{name}$snapshots"'
            parts.append(
                f"select '{full_name}' as name, cast(snapshot_id as varchar) as snapshot_id from {snapshots}\n"
                f"where snapshot_id not in (select parent_id from {snapshots} where parent_id is not null)"
            )
        token = f"{run.run_id}|snapshots"
        found: dict[str, str] = {}
        for row in self.athena.query("\nunion all\n".join(parts), token, SNAPSHOT_SECONDS):
            if found.setdefault(str(row["name"]), str(row["snapshot_id"])) != row["snapshot_id"]:
                raise Conflict(f"{row['name']} has two newest snapshots: somebody else has written it")
        return found

    def _announce(self, release: Release) -> None:
        event = RunReleased(
            release_id=release.release_id,
            run_id=release.run_id,
            previous=release.previous,
            tables=sorted(release.tables),
            released_at=release.released_at,
        )
        entry = {
            "EventBusName": self.bus,
            "Source": "hub",
            "DetailType": "RunReleased",
            "Detail": event.model_dump_json(),
        }
        answer = aws.client("events").put_events(Entries=[entry])
        if answer.get("FailedEntryCount"):
            raise Unavailable(f"the event bus refused {release.release_id}: {answer['Entries'][0].get('ErrorCode')}")
