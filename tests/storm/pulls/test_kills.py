"""SIGKILL at every commit step: the next worker ends the pull, and all is stored as by a run without faults."""

import gzip

import boto3
import pytest

from hub import config
from hub.errors import LeaseLost
from hub.pulls import PullTask, sweep
from hub.pulls.store import LEASE_SECONDS
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL, HUB, VAULT, Bench, in_memory
from tests.hub.sources import double
from tests.storm.pulls.nursery import Job

CONTACTS, TASK = "crm.contacts", PullTask(source="crm", data_set="contacts")
NOW = 1_800_000_000.0

# Each step with the time that it is reached at which the worker dies; pages of 10 rows are batches of their own.
KILLS = [
    ("leased", 1, "nothing but the lease is there"),
    ("begun", 1, "a pull without a batch"),
    ("landed", 1, "the first batch is in landing alone"),
    ("landed", 3, "a batch in landing after two whole ones"),
    ("staged", 2, "rows in staging that no ledger knows"),
    ("quarantined", 2, "all objects of a batch without its row in the ledger"),
    ("committed", 1, "a batch that is whole"),
    ("committed", 4, "all batches, the pull not settled"),
    ("settled", 1, "judged, not published"),
    ("registered", 1, "published, the cursor not moved"),
    ("completed", 1, "complete, the event not sent"),
    ("announced", 1, "the event sent, the worker's answer lost"),
]


@pytest.fixture
def queue(cloud, monkeypatch):
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
    return boto3.client("sqs").create_queue(QueueName="pulls")["QueueUrl"]


@pytest.fixture(scope="module")
def crm(tmp_path_factory):
    """35 contacts on four pages; broken ones on the first and the second, one of the first again on the third."""
    rows = [manifests.contact(n) for n in range(35)]
    rows[4] = manifests.contact(4, age=999)
    rows[12] = manifests.contact(12, stage="nonsense")
    rows[25] = dict(rows[3])
    rows[26] = manifests.contact(26, stage="test")
    with double.serving(double.Api(rows)) as api:
        folder = tmp_path_factory.mktemp("deployment")
        (folder / "sources").mkdir()
        (folder / "hub.yaml").write_text(HUB)
        (folder / "sources/crm.yaml").write_text(manifests.crm(api.url))
        yield config.load(folder)


def stored(bench):
    """Everything that a reader could see: published rows, quarantine, landing, the ledger."""
    found = {"rows": sorted(bench.staged(CONTACTS).to_pylist(), key=lambda row: (row["_batch"], row["_row"]))}
    s3 = boto3.client("s3")
    for item in s3.list_objects_v2(Bucket=VAULT)["Contents"]:
        body = s3.get_object(Bucket=VAULT, Key=item["Key"])["Body"].read()
        if body := gzip.decompress(body) if item["Key"].endswith(".gz") else body:  # nothing is seen of an empty one
            found[item["Key"]] = body
    pull = bench.engine.store.get("crm.contacts.00000001").model_dump(exclude={"started_at", "ended_at"})
    state = bench.engine.store.state(CONTACTS)
    return found | {"pull": pull, "cursor": state["cursor"], "state": sorted(state.keys() - {"requeued_at"})}


@pytest.fixture(scope="module")
def fault_free(crm):
    """What a run without faults stores, in an AWS of its own."""
    with pytest.MonkeyPatch.context() as patch, in_memory(patch):
        patch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
        bench = Bench(crm, now=NOW)
        assert bench.pull(CONTACTS).state == "complete"
        return stored(bench)


def without_times(found):
    rows = [row | {"_pulled_at": None} for row in found["rows"]]
    return {key: value for key, value in found.items() if not key.startswith("staging/")} | {"rows": rows}


@pytest.mark.parametrize(("step", "count", "why"), KILLS, ids=[f"{step}-{count}" for step, count, _ in KILLS])
def test_a_killed_pull_ends_as_if_nothing_had_happened(fault_free, workers, crm, queue, step, count, why):
    (worker,) = workers.work(Job(crm, TASK, NOW, at=(step, count)))
    assert worker.how == "killed", f"the step was never reached: {worker.told}"
    # Later than the lease: rows carry the time at which their pull began, so a pull that had not begun differs in that.
    bench = Bench(crm, now=NOW + LEASE_SECONDS + 1)
    queued = sweep(crm, CONTROL, queue, bench.now)
    dead = {"leased": [], "announced": []}
    assert queued == dead.get(step, [CONTACTS]), "the sweeper finds it, where there is something to find"
    if step not in ("announced", "completed"):
        assert bench.pull(CONTACTS).state == "complete", why
    elif step == "completed":
        assert bench.pull(CONTACTS, pull_id="crm.contacts.00000001") is None, "only the event is sent"
    found = stored(bench)
    if step == "leased":
        found, fault_free = (without_times(each) for each in (found, fault_free))
    assert found == fault_free, why


def test_a_worker_that_was_thought_dead_writes_no_more(queue, crm):
    """Its lease ran out and another worker ended the pull: the fence refuses its commit."""
    bench = Bench(crm, now=NOW)
    slow = bench.engine
    original = slow.store.commit
    later = Bench(crm, now=NOW + LEASE_SECONDS + 1)

    def overtaken(*arguments):
        slow.store.commit = original
        assert later.pull(CONTACTS).state == "complete"
        return original(*arguments)

    slow.store.commit = overtaken
    with pytest.raises(Exception, match=r"another worker is at crm\.contacts"):
        bench.pull(CONTACTS)
    pull = slow.store.get("crm.contacts.00000001")
    assert (pull.state, pull.received, pull.batches) == ("complete", 35, 4)


def test_a_write_that_arrives_after_the_lease_is_not_seen(cloud, monkeypatch, tmp_path):
    """It hung; another worker, to whom the source gave other rows, had none to stage of that batch."""
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
    with double.serving(double.Api([manifests.contact(n) for n in range(20)])) as api:
        (tmp_path / "sources").mkdir()
        (tmp_path / "hub.yaml").write_text(HUB)
        (tmp_path / "sources/crm.yaml").write_text(manifests.crm(api.url))
        deployment, landed, ended = config.load(tmp_path), 0, []

        def reached(step):
            nonlocal landed
            landed += step == "landed"
            if step == "landed" and landed == 2:
                api.rows[10:] = [dict(row) for row in reversed(api.rows[:10])]
                ended.append(Bench(deployment, now=NOW + LEASE_SECONDS + 1).pull(CONTACTS))

        monkeypatch.setattr("hub.pulls.steps.reached", reached)
        bench = Bench(deployment, now=NOW)
        with pytest.raises(LeaseLost):
            bench.pull(CONTACTS)
    assert [(pull.state, pull.staged, pull.duplicate) for pull in ended] == [("complete", 10, 10)]
    assert len(bench.staged(CONTACTS)) == 10
