"""Which data sets wait for a pull because something was pushed or uploaded; asked each minute."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from hub import aws
from hub.config import DataSet, PushDataSet
from hub.config.names import PUSHED, pushed
from hub.pulls.models import PullTask, pull_id
from hub.pulls.store import PullStore

QUIET_SECONDS = 45  # one pull per minute, and a minute of the sweeper is not exact
MOST_ATTEMPTS = 5
PATIENCE_SECONDS = 1800  # before what failed for good is tried from the start


class Arrivals:
    """What waits in a bucket, looked at once a minute: nothing more is asked while nothing at all is there."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def of(self, source: str, data_set: str) -> bool:
        """Whether anything waits. What a complete pull took in is taken away, so this is one small request."""
        return self._any and self._lists(pushed(source, data_set))

    @cached_property
    def _any(self) -> bool:
        return self._lists(f"{PUSHED}/")

    def _lists(self, prefix: str) -> bool:
        return bool(aws.client("s3").list_objects_v2(Bucket=self._bucket, Prefix=prefix, MaxKeys=1).get("Contents"))


def due(
    store: PullStore, arrivals: Arrivals, task: PullTask, rules: DataSet, state: Mapping[str, Any], now: float
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
    return task if arrivals.of(task.source, task.data_set) else None


def wanted(task: PullTask, state: Mapping[str, Any], now: float) -> PullTask | None:
    """The pull that reads what was uploaded while another one was under way; None where one has begun since."""
    if state.get("running_pull") is not None or int(state.get("lease_until", 0)) >= now:
        return None
    if not state.get("wanted_at") or state["wanted_at"] <= state.get("begun_at", ""):
        return None
    return task.model_copy(update={"asked_by": state["wanted_by"]})
