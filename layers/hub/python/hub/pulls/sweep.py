"""Finds pulls that nobody carries on or has begun: expired leases, failures that may be over, missed schedules."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hub import aws
from hub.config import DataSet, Deployment
from hub.pulls import pushed
from hub.pulls.due import Timetable, timetable
from hub.pulls.models import Pull, PullTask, pull_id
from hub.pulls.store import PullStore, iso
from hub.pulls.turns import waits

QUIET_SECONDS = 150  # a message needs its time in the queue
MOST_ATTEMPTS = 5
PATIENCE_SECONDS = 120
LATE = timedelta(minutes=5)  # what a schedule's own message may need


def sweep(
    deployment: Deployment,
    control_table: str,
    queue_url: str,
    now: float,
    restarted: bool = False,
    vault_bucket: str | None = None,
) -> list[str]:
    """Queue what waits; the names of the data sets that were queued.

    vault_bucket: where to look for what was pushed.
    restarted: all workers died with the machine that they ran on; do not wait for their leases to end.
    """
    store = PullStore(control_table)
    if restarted:
        for source in deployment.sources.values():
            for data_set in source.data_sets:
                store.break_lease(f"{source.name}.{data_set}")
    return sweep_with(deployment, store, lambda task: enqueue(queue_url, task), now, vault_bucket)


def sweep_with(
    deployment: Deployment,
    store: PullStore,
    put: Callable[[PullTask], None],
    now: float,
    vault_bucket: str | None = None,
) -> list[str]:
    queued, arrivals = [], pushed.Arrivals(vault_bucket) if vault_bucket else None
    for source in deployment.sources.values():
        for data_set, rules in source.data_sets.items():
            name = f"{source.name}.{data_set}"
            state, quiet = store.state(name), QUIET_SECONDS
            times = timetable(rules.frequency, deployment.hub)
            task = _waiting(store, source.name, data_set, state, now, rules, times)
            asked = PullTask(source=source.name, data_set=data_set)
            task = task or pushed.wanted(asked, state, now)
            if task is None and arrivals:
                task, quiet = pushed.due(store, arrivals, asked, rules, state, now), pushed.QUIET_SECONDS
            if task and store.claim_requeue(name, int(now), quiet):
                put(task)
                queued.append(name)
    return queued


def enqueue(queue_url: str, task: PullTask) -> None:
    aws.client("sqs").send_message(QueueUrl=queue_url, MessageBody=task.model_dump_json(exclude_none=True))


def _waiting(
    store: PullStore, source: str, data_set: str, state: Mapping[str, Any], now: float, rules: DataSet, times: Timetable
) -> PullTask | None:
    """The task that would carry this data set on, None where nothing waits."""
    if int(state.get("lease_until", 0)) >= now:
        return None
    if state.get("replays") and state.get("running_pull") is None:
        return PullTask(source=source, data_set=data_set, replay=True)
    if state.get("paused"):
        return None
    if state.get("unannounced"):
        return PullTask(source=source, data_set=data_set, pull_id=state["unannounced"])
    pull = None
    if state.get("running_pull") is not None:
        pull = store.get(pull_id(source, data_set, state["running_pull"]))
        if pull.state == "running" or (pull.state == "failed" and pull.attempts < MOST_ATTEMPTS):
            return PullTask(source=source, data_set=data_set, pull_id=pull.pull_id) if _may_go_on(pull, now) else None
        if waits(pull, rules):
            return None
    if missed := missed_moment(state, times, now):
        return PullTask(source=source, data_set=data_set, scheduled_at=missed)
    return None


def _may_go_on(pull: Pull, now: float) -> bool:
    if pull.state == "running" or not pull.ended_at:
        return pull.state == "running"
    waited = now - datetime.fromisoformat(pull.ended_at).timestamp()
    patience: int = PATIENCE_SECONDS * 2 ** (pull.attempts - 1)
    return waited >= patience


def missed_moment(state: Mapping[str, Any], times: Timetable, now: float) -> str | None:
    """The last moment of the schedule that no pull has served, if its own message will not come any more.

    However many were missed while the data set was paused, held or long at work, or the scheduler was not there: one.
    """
    since = state.get("fetch_begun_at") or state.get("watched_since")
    if since is None:
        return None
    moment = datetime.fromtimestamp(now, UTC)
    due = times.latest(datetime.fromisoformat(since), moment)
    if due and due.own and due.at > moment - LATE:
        due = times.latest(datetime.fromisoformat(since), moment - LATE)
    return iso(due.at) if due else None
