"""Finds pulls that nobody carries on and queues them: expired leases, time run short, failures that may be over."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from hub import aws
from hub.config import Deployment
from hub.pulls import pushed
from hub.pulls.models import PullTask, pull_id
from hub.pulls.store import PullStore

QUIET_SECONDS = 150  # a message needs its time in the queue
MOST_ATTEMPTS = 5
PATIENCE_SECONDS = 120


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
            task = _waiting(store, source.name, data_set, state, now)
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


def _waiting(store: PullStore, source: str, data_set: str, state: Mapping[str, Any], now: float) -> PullTask | None:
    """The task that would carry this data set on, None where nothing waits."""
    if int(state.get("lease_until", 0)) >= now:
        return None
    if state.get("replays") and state.get("running_pull") is None:
        return PullTask(source=source, data_set=data_set, replay=True)
    if state.get("paused"):
        return None
    if state.get("unannounced"):
        return PullTask(source=source, data_set=data_set, pull_id=state["unannounced"])
    if state.get("running_pull") is None:
        return None
    pull = store.get(pull_id(source, data_set, state["running_pull"]))
    task = PullTask(source=source, data_set=data_set, pull_id=pull.pull_id)
    if pull.state == "running":
        return task
    if pull.state == "failed" and pull.attempts < MOST_ATTEMPTS and pull.ended_at:
        waited = now - datetime.fromisoformat(pull.ended_at).timestamp()
        return task if waited >= PATIENCE_SECONDS * 2 ** (pull.attempts - 1) else None
    return None
