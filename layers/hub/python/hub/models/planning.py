"""Plan a run: read what is ready, write down what will be done. From here on the run does not depend on this code."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hub import aws, config
from hub.config import Deployment
from hub.errors import Conflict
from hub.models import companies, edits, graph, jobs, loader, matching, verified
from hub.models.names import STAGING, ZONES, physical
from hub.models.plan import Known, PlannedStep, as_decisions, as_rows, make
from hub.models.records import Release, Run, Step, Text, iso
from hub.models.steps import reached
from hub.models.store import STEP_DAYS, RunStore, verifications
from hub.settings import PlanSettings

READABLE, UNSETTLED = "complete", ("running", "held")
MAINTAIN_EVERY = timedelta(hours=20)

Answer = dict[str, Any]
NOTHING: Answer = {"run_id": "", "work": False, "waves": []}


@dataclass(frozen=True)
class Planner:
    settings: PlanSettings
    store: RunStore

    def plan(self, reason: str, run_id: str | None, now: datetime) -> Answer:
        """Begin a run, or go on with one that was left: {run_id, work, waves}; no work while another is under way."""
        lease = self.store.lease()
        if (
            run_id is None
            and lease
            and lease[1] < now.timestamp()
            and (left := self.store.find_run(lease[0]))
            and left.state != "failed"
        ):
            run_id = left.run_id
        if run_id is not None:
            return self._go_on(run_id, now)
        run_id = self._new_id(now)
        if not self.store.take_lease(run_id, now):
            return NOTHING
        reached("run_leased", run_id=run_id)
        try:
            return self._begin(run_id, reason, now)
        except BaseException:
            self.store.free_lease(run_id)
            raise

    def _go_on(self, run_id: str, now: datetime) -> Answer:
        run = self.store.run(run_id)
        if run.state == "failed":
            raise Conflict(f"run {run_id} has failed; start a new one")
        return answer(run) if self.store.take_lease(run_id, now) else NOTHING

    def _new_id(self, now: datetime) -> str:
        """Ids grow with time, whatever the clocks of two functions say: rows are put in order by them."""
        newest = self.store.runs(1)
        if newest and newest[0].run_id[:16] >= f"r{now:%Y%m%dT%H%M%S}":
            now = datetime.strptime(newest[0].run_id[1:16], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) + timedelta(seconds=1)
        return f"r{now:%Y%m%dT%H%M%S}{secrets.token_hex(2)}"

    def _begin(self, run_id: str, reason: str, now: datetime) -> Answer:
        release = self.store.current_release()
        known = self._known(run_id, release, now)
        made = make(known)
        steps = [self._write(run_id, step) for step in made.steps.values()]
        reached("run_written", run_id=run_id)
        last = release.pulls if release else {}
        run = Run(
            run_id=run_id,
            state="running",
            reason=reason,
            pulls={name: (last.get(name, 0), to) for name, to in known.ready.items()},
            waves=made.waves,
            maintenance=made.maintenance if self._maintenance_due(release, now) else [],
            names=made.names,
            fingerprints=made.fingerprints,
            layouts=made.layouts,
            columns=made.columns,
            erased=made.erased,
            decided=made.decided,
            sql_version=made.sql_version,
            base_release=release.release_id if release else None,
            started_at=iso(now),
        )
        self.store.add_run(run, steps, int((now + timedelta(days=STEP_DAYS)).timestamp()))
        reached("run_planned", run_id=run_id)
        return answer(run)

    def _known(self, run_id: str, release: Release | None, now: datetime) -> Known:
        deployment, settings = config.read(self.settings.hub_home), self.settings
        newest, erasures = self.store.runs(1), as_rows(self.store.erasures())
        return Known(
            deployment=deployment,
            tables=graph.asked(loader.read(settings.hub_home), deployment, release.tables if release else ()),
            stage=settings.stage,
            run_id=run_id,
            started_at=now,
            release=release,
            ready=ready(self.store, deployment, release),
            stored=stored_tables(settings.stage, ZONES),
            staged=stored_tables(settings.stage, (STAGING,)),
            locations={
                "vault": f"s3://{settings.vault_bucket}/vault",
                "reporting": f"s3://{settings.reporting_bucket}/reporting",
            },
            erasures=erasures,
            decisions=as_decisions(self.store.decisions()),
            matching=matching.read(settings.hub_home),
            dirty=bool(newest) and newest[0].state != "released",
            edits=edits.rows(self.store.edits(), erasures),
            proved=verified.rows(verifications(settings.consent_table), erasures),
            job_words=jobs.read(settings.hub_home),
            companies=companies.rows(self.store.company_decisions()),
        )

    def _write(self, run_id: str, step: PlannedStep) -> Step:
        """Put a step's statements to S3, where an operator can read what a run did."""
        texts = []
        for number, statement in enumerate(step.statements, 1):
            key = f"statements/{run_id}/{step.name}.{number:02d}.sql"
            aws.client("s3").put_object(Bucket=self.settings.vault_bucket, Key=key, Body=statement.sql.encode())
            texts.append(Text(key=key, batch_on=statement.batch_on, once=statement.once))
        return Step(run_id=run_id, name=step.name, kind=step.kind, statements=texts)

    def _maintenance_due(self, release: Release | None, now: datetime) -> bool:
        if release is None:
            return False
        done = (run for run in self.store.runs(50) if run.state == "released" and run.maintenance)
        return not any(now - datetime.fromisoformat(run.started_at) < MAINTAIN_EVERY for run in done)


def answer(run: Run) -> Answer:
    """What the state machine drives: the waves in order, the statements of a wave at once."""
    waves = [{"statements": [{"name": name} for name in wave]} for wave in run.waves]
    return {"run_id": run.run_id, "work": True, "waves": waves}


def ready(store: RunStore, deployment: Deployment, release: Release | None) -> dict[str, int]:
    """Data set -> the last pull that may be read: complete, with no unsettled one before it."""
    found = {}
    for source in deployment.sources.values():
        for data_set in source.data_sets:
            name = f"{source.name}.{data_set}"
            to = release.pulls.get(name, 0) if release else 0
            for pull in store.pulls_after(name, to):
                if pull["state"] in UNSETTLED:
                    break
                if pull["state"] == READABLE:
                    to = int(pull["pull_seq"])
            found[name] = to
    return found


def stored_tables(stage: str, zones: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """ "<database>.<table>" -> columns with Glue's types, of all tables in the zones."""
    found: dict[str, Mapping[str, str]] = {}
    pages = aws.client("glue").get_paginator("get_tables")
    for database in (physical(zone, stage) for zone in zones):
        for page in pages.paginate(DatabaseName=database):
            for table in page["TableList"]:
                columns = table["StorageDescriptor"]["Columns"]
                found[f"{database}.{table['Name']}"] = {
                    column["Name"]: column["Type"]
                    for column in columns
                    if column.get("Parameters", {}).get("iceberg.field.current") != "false"
                }
    return found
