"""Start runs: on demand, when pulls are complete, and again when an execution was lost."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from hub import aws, config
from hub.config import Deployment
from hub.models.records import Run
from hub.models.store import LEASE_SECONDS, RunStore

WAIT_FOR_OTHERS = timedelta(minutes=5)
AFTER_FAILURE = timedelta(hours=1)
QUIET = timedelta(minutes=5)
"""Nobody has decided anything for so long: stewards go through a queue, and a run takes all of it in at once."""
LONGEST_WAIT = timedelta(minutes=30)
JUST_STARTED = 20


class RunStarter(Protocol):
    """What starting a run needs to know."""

    @property
    def control_table(self) -> str: ...
    @property
    def run_machine_arn(self) -> str: ...
    @property
    def hub_home(self) -> Path: ...


def start(settings: RunStarter, reason: str) -> None:
    """Ask for a run. It does nothing where another run is under way."""
    aws.client("stepfunctions").start_execution(
        stateMachineArn=settings.run_machine_arn, input=json.dumps({"reason": reason})
    )


def resume_stuck(settings: RunStarter, restarted: bool = False) -> list[str]:
    """Start the state machine again for a run that has the lease but no execution; the ids of such runs.

    restarted: executions died at once with the machine that they ran on; do not wait for a lease that was just renewed.
    """
    store, now = RunStore(settings.control_table), datetime.now(UTC)
    lease = store.lease()
    if lease is None or _executing(settings):
        return []
    run_id, until = lease
    renewed = until - LEASE_SECONDS
    if not restarted and now.timestamp() - renewed < JUST_STARTED:
        return []
    run = store.find_run(run_id)
    if run is None or run.state == "failed":
        store.free_lease(run_id)
        return []
    aws.client("stepfunctions").start_execution(
        stateMachineArn=settings.run_machine_arn,
        name=f"{run_id}-{now:%Y%m%dT%H%M}",  # once a minute: an execution may die before it renews the lease
        input=json.dumps({"reason": "resumed", "run_id": run_id}),
    )
    return [run_id]


def start_if_due(settings: RunStarter) -> bool:
    """Start a run when pulls or decisions are complete that no release has, and none is under way that would follow."""
    store, now = RunStore(settings.control_table), datetime.now(UTC)
    if store.lease() is not None or _executing(settings):
        return False
    reason = (
        "pulls" if due(store, config.read(settings.hub_home), now) else "decisions" if decided(store, now) else None
    )
    if reason is None:
        return False
    start(settings, reason)
    if store.decided():
        store.asked_for()
    return True


def due(store: RunStore, deployment: Deployment, now: datetime) -> bool:
    """Whether there is something new that a run would release."""
    release = store.current_release()
    states = {
        name: store.data_set_state(name)
        for name in (
            f"{source.name}.{data_set}" for source in deployment.sources.values() for data_set in source.data_sets
        )
    }
    complete = {name: int(state.get("last_complete_seq") or 0) for name, state in states.items()}
    new = {name: seq for name, seq in complete.items() if seq > (release.pulls.get(name, 0) if release else 0)}
    if not new:
        return False
    newest = next(iter(store.runs(1)), None)
    if newest and newest.state == "failed" and _same(newest, new):
        return now - datetime.fromisoformat(newest.ended_at or newest.started_at) > AFTER_FAILURE
    if not any(int(state.get("lease_until") or 0) > now.timestamp() for state in states.values()):
        return True
    first = (pull for name in new for pull in store.pulls_after(name, new[name] - 1) if pull.get("ended_at"))
    return any(now - datetime.fromisoformat(pull["ended_at"]) > WAIT_FOR_OTHERS for pull in first)


def decided(store: RunStore, now: datetime) -> bool:
    """Whether stewards have decided something since the released run began, and are quiet or went on for long."""
    told, release = store.decided(), store.current_release()
    if told is None or release is None:
        return False
    since, last = (datetime.fromisoformat(each) for each in told)
    run, newest = store.find_run(release.run_id), next(iter(store.runs(1)), None)
    if last < datetime.fromisoformat(run.started_at if run else release.released_at):
        return False
    if newest and newest.state == "failed" and datetime.fromisoformat(newest.started_at) > last:
        return now - datetime.fromisoformat(newest.ended_at or newest.started_at) > AFTER_FAILURE
    return now - last > QUIET or now - since > LONGEST_WAIT


def _same(run: Run, complete: dict[str, int]) -> bool:
    """Whether the run has taken in all of these pulls, so that a repeat would fail alike."""
    return all(run.pulls.get(name, (0, 0))[1] >= seq for name, seq in complete.items())


def _executing(settings: RunStarter) -> bool:
    found = aws.client("stepfunctions").list_executions(
        stateMachineArn=settings.run_machine_arn, statusFilter="RUNNING", maxResults=1
    )
    return bool(found["executions"])
