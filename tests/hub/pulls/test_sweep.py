"""What the sweeper queues, and what it leaves alone."""

import boto3
import pytest

from hub.errors import LeaseLost
from hub.pulls.store import LEASE_SECONDS, Lease, PullStore
from hub.pulls.sweep import PATIENCE_SECONDS, QUIET_SECONDS, sweep, sweep_with
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL
from tests.hub.sources import double

CONTACTS = "crm.contacts"


@pytest.fixture
def crm(bench, deployment, monkeypatch):
    monkeypatch.setattr("hub.sources.http.time.sleep", lambda seconds: None)
    with double.serving(double.Api([manifests.contact(n) for n in range(3)])) as api:
        yield api, bench(deployment(crm=manifests.crm(api.url)))


def swept(bench):
    tasks = []
    sweep_with(bench.deployment, PullStore(CONTROL), tasks.append, bench.now)
    return [(task.name, task.pull_id) for task in tasks]


def test_nothing_waits_before_the_first_pull_and_after_a_complete_one(crm):
    _, bench = crm
    assert swept(bench) == []
    bench.pull(CONTACTS)
    assert swept(bench) == []


def begun(bench):
    """A worker that died right after it had begun."""
    lease = bench.engine.store.acquire(CONTACTS, "dead", int(bench.now))
    return bench.engine.store.begin(lease, 1, None, None, bench.engine.moment())


def test_an_expired_lease_is_queued_once_until_the_message_had_its_time(crm):
    _, bench = crm
    pull = begun(bench)
    assert swept(bench) == [], "the worker may still live"
    bench.now += LEASE_SECONDS + 1
    assert swept(bench) == [(CONTACTS, pull.pull_id)]
    bench.now += 60
    assert swept(bench) == [], "its message is on its way"
    bench.now += QUIET_SECONDS
    assert swept(bench) == [(CONTACTS, pull.pull_id)]
    assert bench.pull(CONTACTS, pull_id=pull.pull_id).state == "complete"


def test_after_a_restart_nobody_waits_for_the_dead(crm):
    _, bench = crm
    pull = begun(bench)
    queue = boto3.client("sqs").create_queue(QueueName="pulls")["QueueUrl"]
    assert sweep(bench.deployment, CONTROL, queue, bench.now) == []
    assert sweep(bench.deployment, CONTROL, queue, bench.now, restarted=True) == [CONTACTS]
    with pytest.raises(LeaseLost):
        bench.engine.store.renew(Lease(CONTACTS, 1), int(bench.now) + 60)
    assert bench.pull(CONTACTS, pull_id=pull.pull_id).state == "complete"


def test_a_paused_data_set_is_left_alone(crm):
    _, bench = crm
    begun(bench)
    bench.engine.store.pause(CONTACTS, True)
    bench.now += LEASE_SECONDS + 1
    assert swept(bench) == []


def test_a_failure_is_tried_again_after_longer_and_longer_waits(crm):
    api, bench = crm
    api.always = double.html
    for attempt in range(1, 5):
        pull = bench.pull(CONTACTS)
        assert pull.attempts == attempt
        bench.now += PATIENCE_SECONDS * 2 ** (attempt - 1) - 1
        assert swept(bench) == []
        bench.now += 2
        assert swept(bench) == [(CONTACTS, pull.pull_id)]
    assert bench.pull(CONTACTS).attempts == 5
    bench.now += 100_000
    assert swept(bench) == [], "given up; the schedule begins a new pull"


def test_an_event_that_was_not_sent_is_sent(crm, monkeypatch):
    _, bench = crm

    def dies(self, pull, data_set):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("hub.pulls.engine.Engine.announce", dies)
        with pytest.raises(KeyboardInterrupt):
            bench.pull(CONTACTS)
    ((name, pull_id),) = swept(bench)
    assert (name, pull_id) == (CONTACTS, "crm.contacts.00000001")
    assert bench.pull(CONTACTS, pull_id=pull_id) is None, "no new pull for that"
    assert "unannounced" not in bench.engine.store.state(CONTACTS)
