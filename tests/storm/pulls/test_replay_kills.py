"""The end of a worker in a replay, and of whoever decides about a held pull: nothing twice, nothing lost.

A few steps a day, chosen by the date; KILLS=all takes each.
"""

import os
import random
from datetime import date

import pytest

from hub import config
from hub.config.models import Gate
from hub.pulls import desk as desks
from hub.pulls.quarantine import Asked, Quarantine
from hub.pulls.store import LEASE_SECONDS, PullStore
from hub.pulls.sweep import QUIET_SECONDS, sweep_with
from hub.settings import SourcesSettings
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL, HUB, VAULT, Bench, in_memory
from tests.hub.sources import double
from tests.storm.pulls.nursery import Job
from tests.storm.pulls.test_kills import CONTACTS, NOW, TASK

STEPS = ["leased", "begun", "landed", "staged", "quarantined", "committed", "settled", "registered", "completed"]
OF_TODAY = random.Random(f"{date.today():%Y%m%d}").sample(STEPS, 2)
FIRST, SECOND = "crm.contacts.00000001", "crm.contacts.00000002"


@pytest.fixture(scope="module")
def crm(tmp_path_factory):
    """35 contacts, three of them broken."""
    rows = [manifests.contact(n, **({"age": 999} if n in (4, 12, 20) else {})) for n in range(35)]
    with double.serving(double.Api(rows)) as api:
        folder = tmp_path_factory.mktemp("deployment")
        (folder / "sources").mkdir()
        (folder / "hub.yaml").write_text(HUB)
        (folder / "sources/crm.yaml").write_text(manifests.crm(api.url))
        yield config.load(folder)


def asked(crm):
    """A bench whose first pull waits to be tried again: one row corrected, one as it stands, one not named."""
    bench = Bench(crm, now=NOW)
    pull = bench.pull(CONTACTS)
    store = bench.engine.store
    corrections = [{"batch": 1, "row": 5, "values": {"age": "44"}}, {"batch": 2, "row": 3, "values": {}}]
    number = Quarantine(VAULT).ask(pull, Asked.model_validate({"corrections": corrections}))
    assert store.wait_to_replay(CONTACTS, f"{number} somebody")
    return bench


def stored(bench):
    """What people see of both pulls: rows, ledgers, which lines are settled and by whom."""
    store = bench.engine.store
    rows = sorted(bench.staged(CONTACTS, [FIRST, SECOND]).to_pylist(), key=lambda row: row["contact_id"])
    ledgers = [store.get(each).model_dump(exclude={"started_at", "ended_at"}) for each in (FIRST, SECOND)]
    lines = [
        (each, line.place, line.settled)
        for each in (FIRST, SECOND)
        for line in Quarantine(VAULT).lines(store.get(each), store.batches(each))
    ]
    return rows, ledgers, lines, store.state(CONTACTS).get("replays")


def work_off(bench):
    """What the sweeper queues, until nothing waits any more."""
    for _ in range(6):
        bench.now += max(LEASE_SECONDS, QUIET_SECONDS) + 1
        tasks = []
        sweep_with(bench.deployment, bench.engine.store, tasks.append, bench.now)
        for task in tasks:
            bench.engine.carry_on(task, lambda: 300_000)
        if not tasks:
            return


@pytest.fixture(scope="module")
def fault_free(crm):
    with pytest.MonkeyPatch.context() as patch, in_memory(patch):
        patch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
        bench = asked(crm)
        pull = bench.pull(CONTACTS, replay=True)
        assert (pull.pull_id, pull.received, pull.staged, pull.quarantined) == (SECOND, 2, 1, 1)
        return stored(bench)


@pytest.mark.parametrize("step", STEPS if os.environ.get("KILLS") == "all" else OF_TODAY)
def test_a_killed_replay_ends_as_if_nothing_had_happened(fault_free, workers, crm, cloud, monkeypatch, step):
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
    bench = asked(crm)
    (worker,) = workers.work(Job(crm, TASK, NOW, at=(step, 1)))
    assert worker.how == "killed", f"the step was never reached: {worker.told}"
    work_off(bench)
    assert stored(bench) == fault_free


class Killed(BaseException):
    """The end of the process: nothing of it runs on."""


DECISIONS = [
    # what dies before or after it, decision, what the pull is then, how it ends once somebody asked again, why
    ("acquire", "after", "release", "held", "complete", "the lease is all that is left; it runs out"),
    ("decide", "before", "release", "held", "complete", "nothing is decided"),
    ("decide", "after", "release", "running", "complete", "decided, nobody was called: the sweeper finds it"),
    ("decide", "before", "abandon", "held", "abandoned", "nothing is decided"),
    ("decide", "after", "abandon", "abandoned", "abandoned", "decided"),
]


@pytest.mark.parametrize(("call", "when", "what", "then", "end", "why"), DECISIONS)
def test_whoever_decides_may_die(crm, cloud, monkeypatch, tmp_path, call, when, what, then, end, why):
    rules = crm.sources["crm"].data_sets["contacts"].model_copy(update={"gate": Gate(max_quarantined_percent=0)})
    monkeypatch.setitem(crm.sources["crm"].data_sets, "contacts", rules)
    bench = Bench(crm, now=NOW)
    assert bench.pull(CONTACTS).state == "held"
    queued = []
    monkeypatch.setattr(desks, "enqueue", lambda url, task: queued.append(task))
    monkeypatch.setattr(desks.config, "read", lambda home: crm)
    settings = SourcesSettings(
        stage="test", control_table=CONTROL, pull_queue_url="pulls", access_table="access", user_pool_client_id="x"
    )
    original = getattr(PullStore, call)

    def dying(self, *arguments, **options):
        if when == "after":
            original(self, *arguments, **options)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(PullStore, call, dying)
        with pytest.raises(Killed):
            getattr(desks.Desk(settings), what)(FIRST, "The owner knows of it", "u")
    store = bench.engine.store
    assert (store.get(FIRST).state, queued) == (then, []), why
    if store.get(FIRST).state == "held":
        store.break_lease(CONTACTS)  # it runs out by the real clock
        getattr(desks.Desk(settings), what)(FIRST, "The owner knows of it", "u")
    work_off(bench)
    ended = store.get(FIRST)
    assert ended.state == end, why
    assert [each.what for each in ended.decisions] == [{"release": "released", "abandon": "abandoned"}[what]]
    if end == "complete":
        assert (ended.received, ended.staged, ended.quarantined, len(bench.staged(CONTACTS))) == (35, 32, 3, 32)
    else:
        assert "running_pull" not in store.state(CONTACTS)
