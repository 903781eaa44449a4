"""How old the data of a data set are against what its class promises."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Literal

from pydantic import BaseModel

from hub.config import Deployment
from hub.config.models import Frequency
from hub.pulls import targets
from hub.pulls.due import Timetable, timetable
from hub.pulls.models import Pull, pull_id
from hub.pulls.store import PullStore, iso
from hub.pulls.sweep import MOST_ATTEMPTS

# How long after the moment at which it was due a pull may end, by class.
SLACK = {
    "real-time": timedelta(minutes=10),
    "hourly": timedelta(minutes=30),
    "daily": timedelta(hours=3),
    "weekly": timedelta(hours=12),
    "monthly": timedelta(days=1),
    "on-demand": timedelta(0),
}
# The how-manieth moment that passes without fresh data breaks the promise, by importance.
MISSES = {"high": 1, "normal": 2, "low": 3}


class Freshness(BaseModel):
    """as_of: when the last complete pull began; None before the first. next_due, stale_at: None where it never is.

    state: `on_demand` has no promise, nor has what is pulled as it arrives; `paused` shows its age and alarms nobody;
    `new` waits for its first pull.
    """

    state: Literal["fresh", "stale", "paused", "new", "on_demand"]
    as_of: str | None
    age_seconds: int | None
    next_due: str | None
    stale_at: str | None


def judged(state: Mapping[str, Any], frequency: Frequency, times: Timetable, now: datetime) -> Freshness:
    """The freshness of a data set whose state in the control table this is."""
    as_of = _moment(state.get("as_of"))
    since = as_of or _moment(state.get("watched_since"))
    stale_at = stale_from(since, frequency, times) if since else None
    name: Literal["fresh", "stale", "paused", "new", "on_demand"] = "fresh" if as_of else "new"
    if state.get("paused"):
        name = "paused"
    elif stale_at and stale_at <= now:
        name = "stale"
    elif frequency.expression is None and frequency.stale_after is None:
        name = "on_demand"
    upcoming = next(times.following(now), None)
    return Freshness(
        state=name,
        as_of=iso(as_of) if as_of else None,
        age_seconds=int((now - as_of).total_seconds()) if as_of else None,
        next_due=iso(upcoming.at) if upcoming and name != "paused" else None,
        stale_at=iso(stale_at) if stale_at else None,
    )


def stale_from(since: datetime, frequency: Frequency, times: Timetable) -> datetime | None:
    """The moment from which data as of `since` are too old."""
    if frequency.stale_after is not None:
        return since + frequency.stale_after
    missed = next(islice(times.following(since), MISSES[frequency.importance] - 1, None), None)
    return missed.at + SLACK[frequency.class_] if missed else None


@dataclass
class Watched:
    """What somebody should look at: stale data sets by importance, held pulls, targets of quality that are missed."""

    stale: dict[str, list[str]]
    held: list[str]
    missed: list[str] = field(default_factory=list)


def watch(deployment: Deployment, control_table: str, now: float) -> Watched:
    """Look at every data set, and write down since when it is stale."""
    return watch_with(deployment, PullStore(control_table), datetime.fromtimestamp(now, UTC))


def watch_with(deployment: Deployment, store: PullStore, now: datetime) -> Watched:
    found = Watched({importance: [] for importance in MISSES}, [])
    for source in deployment.sources.values():
        for data_set, rules in source.data_sets.items():
            name = f"{source.name}.{data_set}"
            state = store.state(name)
            fresh = judged(state, rules.frequency, timetable(rules.frequency, deployment.hub), now)
            if fresh.state == "stale":
                found.stale[rules.frequency.importance].append(name)
            since = (fresh.stale_at if fresh.state == "stale" else None, state.get("watched_since") or iso(now))
            if since != (state.get("stale_since"), state.get("watched_since")):
                store.note_freshness(name, *since)
            pull = _unsettled(store, source.name, data_set, state)
            if pull and pull.state == "held":
                found.held.append(name)
            elif pull and fresh.state == "on_demand" and pull.state == "failed" and pull.attempts >= MOST_ATTEMPTS:
                found.stale[rules.frequency.importance].append(name)  # no schedule will miss it
    found.missed = targets.missed(deployment, store)
    return found


def _unsettled(store: PullStore, source: str, data_set: str, state: Mapping[str, Any]) -> Pull | None:
    running = state.get("running_pull")
    return None if running is None else store.get(pull_id(source, data_set, running))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
