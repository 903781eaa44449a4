"""Whether a message of the queue begins a new pull: each moment of a schedule is served once, whoever brings it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.config import DataSet, Deployment
from hub.pulls.due import timetable
from hub.pulls.models import Decision, Pull, PullTask


def begins(task: PullTask, state: Mapping[str, Any], last: Pull | None, deployment: Deployment) -> bool:
    """last: the pull that is neither complete nor abandoned and that nobody carries on any more."""
    rules = deployment.sources[task.source].data_sets[task.data_set]
    if task.pull_id or (last and task.replay):
        return False
    if last and waits(last, rules):
        return False
    if task.scheduled_at is None or task.asked_by:
        return True
    try:
        moment = datetime.fromisoformat(task.scheduled_at)
    except ValueError:  # a scheduler that does not put its time in, as the laptop's
        return True
    begun = state.get("fetch_begun_at")
    times = timetable(rules.frequency, deployment.hub)
    return not times.is_off(moment) and not (begun and moment <= datetime.fromisoformat(begun))


def waits(pull: Pull, rules: DataSet) -> bool:
    """Whether a person has to decide about a pull before the next one begins."""
    return pull.state == "held" and pull.held_by is not None and rules.gate.undecided == "wait"


def given_up(pull: Pull, at: str) -> list[dict[str, Any]]:
    """What the ledger says of a pull that the next one takes the place of."""
    decisions = [*pull.decisions]
    if pull.state == "held":
        why = "Nobody decided" if pull.held_by else "It does not balance"
        decisions.append(Decision(what="abandoned", by="hub", at=at, why=f"{why}; the next pull fetches again."))
    return [each.model_dump() for each in decisions]
