"""SIGKILL of a worker that takes in what was pushed: the next one takes that and no more; what came later waits."""

import pytest

from hub.config.names import pushed
from hub.pulls import PullTask
from hub.pulls.store import LEASE_SECONDS
from hub.sources import push
from tests.hub.pulls.conftest import VAULT
from tests.hub.pulls.test_pushed import EVENTS, arrive, cleared, staged, visits
from tests.storm.pulls.nursery import Job

NOW = 1_800_000_000.0
KILLS = [
    ("begun", 1, 8, "nothing is planned: the next worker takes what came meanwhile, too"),
    ("landed", 1, 8, "a plan that no batch names"),
    ("committed", 1, 7, "the plan is the pull's"),
    ("registered", 1, 7, "published, the cursor not moved"),
    ("completed", 1, 7, "complete, nothing taken away yet"),
]


@pytest.mark.parametrize(("step", "count", "taken", "why"), KILLS, ids=[f"{step}-{count}" for step, count, *_ in KILLS])
def test_each_event_is_taken_in_once(bench, deployment, workers, step, count, taken, why):
    made = deployment(visits=visits())
    for number in range(7):
        arrive(number)
    (worker,) = workers.work(Job(made, PullTask(source="visits", data_set="events"), NOW, at=(step, count)))
    assert worker.how == "killed", f"the step was never reached: {worker.told}"
    arrive(-1)  # late, and before all others by its name
    world = bench(made, now=NOW + LEASE_SECONDS + 1)
    first = f"{EVENTS}.00000001"
    if step != "completed":
        world.pull(EVENTS, pull_id=first)
    pull = world.engine.store.get(first)
    assert (pull.state, pull.received, pull.balanced) == ("complete", taken, True), why
    rest = world.pull(EVENTS)
    assert rest.received == 8 - taken
    assert sorted(row["step"] for row in staged(world)) == list(range(-1, 7)), why
    cleared(rest if taken == 7 else pull)
    assert world.pull(EVENTS).received == 0
    assert push.client("s3").list_objects_v2(Bucket=VAULT, Prefix=pushed("visits", "events")).get("Contents", []) == []
