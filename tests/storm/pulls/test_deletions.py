"""SIGKILL of a worker that compares: the next one ends the pull with the same tombstones and the same keys."""

import sqlite3
from contextlib import closing

import boto3
import pytest

from hub import config
from hub.pulls import PullTask, steps
from hub.pulls.store import LEASE_SECONDS
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import HUB, VAULT, Bench, in_memory
from tests.hub.pulls.test_deletions import ORDERS, TWELVE
from tests.storm.pulls import test_kills
from tests.storm.pulls.nursery import Job

TASK = PullTask(source="shop", data_set="orders")

# The steps that deletions add or stand between; test_kills dies at the others.
KILLS = [("keyed", 2), ("committed", 3), ("settled", 1), ("compared", 1), ("indexed", 1), ("registered", 1)]
REMOVED = "delete from orders where order_id in (3, 7, 11); update orders set total = 'x' where order_id = 4"


def test_each_step_is_killed_here_or_there():
    assert {step for step, _ in KILLS} | {step for step, _, _ in test_kills.KILLS} == set(steps.STEPS)


def ended(bench):
    """All that the second pull leaves: published rows, ledger, key sets."""
    rows = sorted(bench.staged(ORDERS).to_pylist(), key=lambda row: (row["_pull_seq"], row["_batch"], row["_row"]))
    pull = bench.engine.store.get("shop.orders.00000002")
    assert (pull.state, pull.staged, pull.quarantined, pull.deleted) == ("complete", 8, 1, 3)
    keys = boto3.client("s3").list_objects_v2(Bucket=VAULT, Prefix="keys/")["Contents"]
    state = bench.engine.store.state(ORDERS)
    return rows, pull.model_dump(exclude={"ended_at"}), [(k["Key"], k["ETag"]) for k in keys], state["key_index"]


@pytest.fixture(scope="module")
def fault_free(tmp_path_factory):
    """What the pull stores without a kill, in an AWS of its own."""
    folder = tmp_path_factory.mktemp("fault_free")
    (folder / "sources").mkdir()
    (folder / "hub.yaml").write_text(HUB)
    (folder / "sources/shop.yaml").write_text(manifests.shop(f"sqlite:///{folder}/shop.sqlite"))
    with pytest.MonkeyPatch.context() as patch, in_memory(patch):
        patch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
        bench = Bench(config.load(folder))
        for script in (TWELVE, REMOVED):
            with closing(sqlite3.connect(folder / "shop.sqlite")) as connection:
                connection.executescript(script)
            bench.pull(ORDERS)
            bench.now += 60
        return ended(bench)


@pytest.mark.parametrize(("step", "count"), KILLS, ids=lambda value: str(value))
def test_a_killed_comparison_is_made_again(fault_free, workers, orders, monkeypatch, step, count):
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
    made, change = orders
    bench = made()
    change(REMOVED)
    bench.now += 60
    (worker,) = workers.work(Job(bench.deployment, TASK, bench.now, at=(step, count)))
    assert worker.how == "killed", f"the step was never reached: {worker.told}"
    bench.now += LEASE_SECONDS + 1
    bench.pull(ORDERS)
    assert ended(bench) == fault_free
