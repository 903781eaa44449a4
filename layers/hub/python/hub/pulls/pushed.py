"""Which data sets wait for a pull because something was pushed or uploaded; asked each minute."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub import aws
from hub.config import DataSet, PushDataSet
from hub.config.names import pushed
from hub.pulls.models import PullTask, pull_id
from hub.pulls.store import PullStore

QUIET_SECONDS = 45  # one pull per minute, and a minute of the sweeper is not exact
MOST_ATTEMPTS = 5
PATIENCE_SECONDS = 1800  # before what failed for good is tried from the start


def due(
    store: PullStore, bucket: str, task: PullTask, rules: DataSet, state: Mapping[str, Any], now: float
) -> PullTask | None:
    """The pull that takes in what has arrived; None where nothing has, or another pull goes before."""
    if not isinstance(rules, PushDataSet) or rules.frequency.class_ != "real-time":
        return None
    if state.get("paused") or int(state.get("lease_until", 0)) >= now:
        return None
    if (running := state.get("running_pull")) is not None:
        pull = store.get(pull_id(task.source, task.data_set, running))
        # What is held waits for a person; a new pull would give it up.
        if pull.state != "failed" or pull.attempts < MOST_ATTEMPTS or pull.ended_at is None:
            return None
        if now - datetime.fromisoformat(pull.ended_at).timestamp() < PATIENCE_SECONDS:
            return None
    return task if arrived(bucket, task.source, task.data_set) else None


def wanted(task: PullTask, state: Mapping[str, Any], now: float) -> PullTask | None:
    """The pull that reads what was uploaded while another one was under way; None where one has begun since."""
    if state.get("running_pull") is not None or int(state.get("lease_until", 0)) >= now:
        return None
    if not state.get("wanted_at") or state["wanted_at"] <= state.get("begun_at", ""):
        return None
    return task.model_copy(update={"asked_by": state["wanted_by"]})


def arrived(bucket: str, source: str, data_set: str) -> bool:
    """Whether anything waits. What a complete pull took in is taken away, so this is one small request."""
    found = aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=pushed(source, data_set), MaxKeys=1)
    return bool(found.get("Contents"))
