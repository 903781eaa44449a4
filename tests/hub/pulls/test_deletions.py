"""Rows that vanish from a source that is read whole: tombstones, what is no deletion, the gate, two workers."""

import sqlite3

import boto3
import pytest

from hub import aws
from hub.errors import LeaseLost
from hub.pulls import PullTask
from hub.pulls.ledger import deletion_gate
from hub.pulls.models import Decision
from hub.pulls.store import LEASE_SECONDS
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL, VAULT

ORDERS, CALLS = "shop.orders", "calls.calls"
TABLE = "pragma journal_mode = wal; create table orders (order_id, customer_id, total, updated_at);"
ROW = "insert into orders values ({0}, {0}, 10, '2024-01-01 00:00:00');"
TWELVE = TABLE + "".join(ROW.format(n) for n in range(12))


@pytest.fixture
def orders(bench, deployment, shop):
    """A shop of 12 orders that was pulled once: the engine, what changes the shop, what stages its rows by key."""
    path = shop(TWELVE)

    def made(more="", manifest=lambda text: text):
        found = with_manifest(manifest, more)
        assert found.pull(ORDERS).state == "complete"
        return found

    def with_manifest(manifest, more=""):
        return bench(deployment(shop=manifest(manifests.shop(f"sqlite:///{path}", more))))

    made.with_manifest = with_manifest

    def change(script):
        with sqlite3.connect(path) as connection:
            connection.executescript(script)
        connection.close()

    return made, change


def keys_of(bench, name=ORDERS, column="order_id"):
    """Each record key with the source's own key, by all that was ever staged."""
    return {row["_record_key"]: row[column] for row in bench.staged(name).to_pylist() if row[column] is not None}


def buried(bench, pull, name=ORDERS, column="order_id"):
    """The source's keys of the records that a pull's tombstones name."""
    known = keys_of(bench, name, column)
    stones = [row for row in bench.staged(name, [pull.pull_id]).to_pylist() if row["_deleted"]]
    return sorted(known[stone["_record_key"]] for stone in stones)


def test_rows_that_vanish_leave_tombstones(orders):
    made, change = orders
    bench = made()
    change("delete from orders where order_id in (3, 7, 11); update orders set total = 11 where order_id = 4")
    pull = bench.pull(ORDERS)
    assert (pull.state, pull.received, pull.staged, pull.deleted, pull.balanced) == ("complete", 9, 9, 3, True)
    assert buried(bench, pull) == [3, 7, 11]
    stones = [row for row in bench.staged(ORDERS, [pull.pull_id]).to_pylist() if row["_deleted"]]
    assert {stone["_batch"] for stone in stones} == {pull.batches + 1} and [s["_row"] for s in stones] == [1, 2, 3]
    assert all(stone["customer_id"] is None and stone["total"] is None for stone in stones), "nothing but the key"
    again = bench.pull(ORDERS)
    assert (again.staged, again.deleted) == (9, 0), "a record is buried once"


def test_a_row_that_comes_back_can_vanish_again(orders):
    made, change = orders
    bench = made()
    change("delete from orders where order_id = 5")
    assert buried(bench, bench.pull(ORDERS)) == [5]
    change(ROW.format(5))
    assert bench.pull(ORDERS).deleted == 0
    change("delete from orders where order_id = 5")
    assert buried(bench, bench.pull(ORDERS)) == [5]


def test_each_pull_is_later_than_the_one_before(orders):
    """Versions of a record are ordered by when their pull began, so a clock that stands still must not matter."""
    made, _ = orders
    bench = made()
    bench.now -= 3600
    pull = bench.pull(ORDERS)
    assert pull.started_at > bench.engine.store.get("shop.orders.00000001").started_at


def test_a_row_that_became_broken_has_not_vanished(orders):
    made, change = orders
    bench = made()
    change("update orders set total = 'a lot' where order_id = 3; delete from orders where order_id = 4")
    pull = bench.pull(ORDERS)
    assert (pull.staged, pull.quarantined, pull.deleted) == (10, 1, 1)
    assert buried(bench, pull) == [4]
    change("update orders set total = 12 where order_id = 3")
    assert (again := bench.pull(ORDERS)).staged == 11 and again.deleted == 0, "corrected, it is back"


CALLS_BEFORE = "call_id,minutes\n" + "".join(f"k{n},{n}\n" for n in range(30))


def put(text, name="calls.csv"):
    boto3.client("s3").put_object(Bucket=VAULT, Key=f"drop/calls/{name}", Body=text.encode())


@pytest.fixture
def calls(bench, deployment):
    def made(keyed=True):
        put(CALLS_BEFORE)
        found = bench(deployment(calls=manifests.calls(keyed)))
        assert found.pull(CALLS).state == "complete"
        return found

    return made


def test_while_a_key_cannot_be_read_nothing_is_deleted(calls):
    bench = calls()
    broken = CALLS_BEFORE.replace("k3,3\n", "k3;3\n").replace("k4,4\n", "")
    put(broken)
    pull = bench.pull(CALLS)
    assert (pull.state, pull.quarantined, pull.deleted, pull.deletes_withheld) == ("complete", 1, 0, 2)
    assert pull.reason.startswith("2 records are gone from the source but stay here")
    put(broken.replace("k5,5\n", ""))
    assert bench.pull(CALLS).deletes_withheld == 3, "those of before are not forgotten"
    put(broken.replace("k5,5\n", "").replace("k3;3\n", "k3,3\n"))
    pull = bench.pull(CALLS)
    assert (pull.deleted, pull.deletes_withheld) == (2, 0)
    assert buried(bench, pull, CALLS, "call_id") == ["k4", "k5"]


def test_a_replaced_object_buries_what_no_other_object_has(calls):
    bench = calls()
    put("call_id,minutes\nk90,1\nk91,1\n", "more.csv")
    assert (bench.pull(CALLS).staged, bench.pull(CALLS).received) == (2, 0), "an object more deletes nothing"
    put(CALLS_BEFORE.replace("k8,8\n", "").replace("k9,9\n", ""))
    put("call_id,minutes\nk9,9\nk90,1\n", "later.csv")
    pull = bench.pull(CALLS)
    assert buried(bench, pull, CALLS, "call_id") == ["k8"], "k9 moved to another object"
    put("call_id,minutes\nk90,1\n", "later.csv")
    put("call_id,minutes\nk91,1\nk90,2\n", "more.csv")
    assert buried(bench, bench.pull(CALLS), CALLS, "call_id") == ["k9"]
    boto3.client("s3").delete_object(Bucket=VAULT, Key="drop/calls/more.csv")
    pull = bench.pull(CALLS)
    assert (pull.received, pull.deleted) == (0, 0), "an object that was taken away deletes nothing"


def test_rows_without_a_key_are_compared_by_their_places(calls):
    bench = calls(keyed=False)
    put(CALLS_BEFORE.replace("k8,8\n", "").replace("k9,9\n", ""))
    pull = bench.pull(CALLS)
    assert (pull.staged, pull.deleted) == (28, 2), "28 places are rewritten, the last two are gone"
    put(CALLS_BEFORE.replace("k8,8\n", "").replace("k9,9\n", "").replace("k20,20", ",20").replace("k21,", "k21;"))
    pull = bench.pull(CALLS)
    assert (pull.staged, pull.quarantined, pull.deleted, pull.deletes_withheld) == (26, 2, 2, 0), "nor a broken row's"


def test_a_tombstone_of_an_object_is_ordered_behind_its_last_version(bench, deployment):
    """Files may be dropped late, so `changed_at` orders their rows: a tombstone keeps it, and so stays the last."""
    manifest = manifests.calls().replace("integer}", "integer}\n      at: {type: timestamp}").rstrip() + (
        "\n    entity:\n      interaction: {source_key: call_id, kind: \"'call'\", changed_at: at}\n"
    )
    bench = bench(deployment(calls=manifest))
    put("call_id,minutes,at\nk1,1,2024-05-01T10:00:00Z\nk2,2,2024-05-01T10:00:00Z\n")
    bench.pull(CALLS)
    put("call_id,minutes,at\nk2,2,2024-05-01T10:00:00Z\n")
    pull = bench.pull(CALLS)
    (stone,) = [row for row in bench.staged(CALLS, [pull.pull_id]).to_pylist() if row["_deleted"]]
    assert stone["at"].isoformat() == "2024-05-01T10:00:00" and stone["call_id"] is None


def test_a_row_that_a_filter_leaves_out_is_gone(orders):
    filters = "\n    filters: [{rule: tests, where: {total: {between: [0, 0]}}}]\n    keys:"
    made, change = orders
    bench = made(manifest=lambda text: text.replace("\n    keys:", filters))
    change("update orders set total = 0 where order_id = 6")
    pull = bench.pull(ORDERS)
    assert (pull.filtered, pull.deleted) == (1, 1)
    assert buried(bench, pull) == [6]


def test_an_erased_record_needs_no_tombstone(orders):
    made, change = orders
    bench = made()
    victim = next(key for key, order in keys_of(bench).items() if order == 2)
    aws.table(CONTROL).put_item(Item={"pk": "erasure", "sk": f"record#{victim}"})
    change("delete from orders where order_id = 2")
    assert bench.pull(ORDERS).deleted == 0


def test_an_object_that_was_replaced_while_it_was_read(calls, monkeypatch):
    """Rows of the state that is no more were staged; what only they had is gone."""
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
    monkeypatch.setattr("hub.sources.formats.text.BLOCK", 60)
    bench = calls()
    put(CALLS_BEFORE + "k30,30\nk31,31\n")
    left = iter([300_000, 300_000, 10_000])
    begun = bench.engine.carry_on(PullTask(source="calls", data_set="calls"), lambda: next(left))
    assert begun.state == "running" and 10 < begun.received < 30
    put(CALLS_BEFORE.replace("k3,3\n", "").replace("k29,29\n", "") + "k31,31\n")
    pull = bench.pull(CALLS, pull_id=begun.pull_id)
    assert (pull.pull_id, pull.state, pull.received) == (begun.pull_id, "complete", begun.received + 29)
    assert buried(bench, pull, CALLS, "call_id") == ["k29", "k3"]


def test_the_manifest_may_map_another_entity(orders):
    made, change = orders
    bench = made()
    line = "      sales_order: {source_key: order_id, customer_source_key: customer_id, total_amount: total}\n"
    more = line + "      interaction: {source_key: order_id, kind: \"'order'\"}\n"
    bench.engine = made.with_manifest(lambda text: text.replace(line, more)).engine
    assert bench.pull(ORDERS).deleted == 0
    change("delete from orders where order_id = 1")
    pull = bench.pull(ORDERS)
    (stone,) = [row for row in bench.staged(ORDERS, [pull.pull_id]).to_pylist() if row["_deleted"]]
    assert None not in (stone["_record_key"], stone["_record_key_interaction"])


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (lambda text: text.replace("    keys:", "    hard_deletes: ignore\n    keys:"), "the manifest says so"),
        (lambda text: text.replace("rows: 4", "rows: 4, changed_since: {column: updated_at}"), "a cursor"),
    ],
)
def test_where_a_missing_row_says_nothing(orders, manifest, why):
    made, change = orders
    bench = made(manifest=manifest)
    change("delete from orders where order_id > 2")
    pull = bench.pull(ORDERS)
    assert (pull.state, pull.deleted) == ("complete", 0), why
    assert not boto3.client("s3").list_objects_v2(Bucket=VAULT, Prefix="keys/").get("Contents"), why


GATE = [
    (30, 0, 20, True, "nothing is gone"),
    (30, 6, 20, True, "exactly what may go"),
    (30, 7, 20, False, "one more"),
    (30, 30, 99, False, "all"),
    (30, 30, 100, True, "all, as the manifest allows"),
    (5, 4, 20, True, "of a few rows a share says nothing"),
    (5, 5, 20, False, "an empty answer, however few there were"),
    (0, 0, 20, True, "nothing was there"),
    (30, 1, 0, False, "none may go"),
]


@pytest.mark.parametrize(("had", "gone", "percent", "balanced", "why"), GATE)
def test_the_gate(had, gone, percent, balanced, why):
    assert deletion_gate(had, gone, percent).balanced is balanced, why


def test_an_empty_answer_is_held(orders):
    made, change = orders
    bench = made()
    change("delete from orders")
    pull = bench.pull(ORDERS)
    assert (pull.state, pull.deleted) == ("held", 12)
    assert pull.reason == (
        "12 of the 12 records that were there before are gone, 20 % may go at once; "
        "if that is right, release it, or raise gate.max_deleted_percent in the manifest"
    )
    change("".join(ROW.format(n) for n in range(11)))
    assert bench.pull(ORDERS) is None, "nobody has decided"
    bench.abandon(pull)
    again = bench.pull(ORDERS)
    assert (again.state, again.staged, again.deleted) == ("complete", 11, 1), "compared with the last complete pull"
    published = boto3.client("glue").get_partitions(DatabaseName="test_staging", TableName="shop_orders")["Partitions"]
    assert pull.pull_id not in {partition["Values"][1] for partition in published}


def test_a_person_may_allow_it(orders):
    made, change = orders
    bench = made()
    change("delete from orders")
    held, store = bench.pull(ORDERS), bench.engine.store
    change("insert into orders values (99, 1, 10, '2024-01-01 00:00:00');")
    decision = Decision(what="released", by="u", at="2026-01-01T00:00:00.000Z", why="a real purge")
    assert (held.state, held.held_by) == ("held", "deleted")
    store.decide(store.acquire(ORDERS, "u", int(bench.now)), held, decision)
    pull = bench.pull(ORDERS, scheduled_at="2099-01-01T00:00:00Z")
    assert (pull.pull_id, pull.state, pull.staged, pull.deleted) == (held.pull_id, "complete", 0, 12), "what was held"
    assert buried(bench, pull) == list(range(12))


def test_the_manifest_may_allow_it(orders):
    made, change = orders
    bench = made(manifest=lambda text: text.replace("    keys:", "    gate: {max_deleted_percent: 100}\n    keys:"))
    change("delete from orders")
    pull = bench.pull(ORDERS)
    assert (pull.state, pull.staged, pull.deleted, len(buried(bench, pull))) == ("complete", 0, 12, 12)


def test_keys_of_former_pulls_do_not_pile_up(orders, monkeypatch):
    made, change = orders
    bench = made()
    for n in range(2):
        change(f"delete from orders where order_id = {n}")
        bench.pull(ORDERS)
    found = boto3.client("s3").list_objects_v2(Bucket=VAULT, Prefix="keys/")["Contents"]
    assert {item["Key"].split("/")[3] for item in found} == {"shop.orders.00000002", "shop.orders.00000003"}


def test_many_records_are_compared_in_parts(orders, monkeypatch):
    monkeypatch.setattr("hub.pulls.deletions.AT_ONCE", 4)
    made, change = orders
    bench = made()
    change("delete from orders where order_id in (2, 3, 7, 9, 11)")
    pull = bench.pull(ORDERS)
    assert (pull.deleted, buried(bench, pull)) == (5, [2, 3, 7, 9, 11])
    stones = [row["_row"] for row in bench.staged(ORDERS, [pull.pull_id]).to_pylist() if row["_deleted"]]
    assert sorted(stones) == [1, 2, 3, 4, 5], "numbered over all parts"


def test_a_worker_that_was_thought_dead_does_no_harm(orders, monkeypatch):
    """Another worker ended the pull, and the next one, while it compared: it can publish nothing and takes nothing."""
    made, change = orders
    bench = made()
    change("delete from orders where order_id in (3, 7, 11)")
    original, overtaken = bench.engine.store.complete, []
    asleep = []

    def slow(*arguments):
        if not asleep:
            asleep.append(True)
            change("delete from orders where order_id = 8")
            for _ in range(2):  # ends the pull of the sleeper, then makes one of its own
                bench.now += LEASE_SECONDS + 1
                overtaken.append(bench.pull(ORDERS))
        return original(*arguments)

    monkeypatch.setattr(bench.engine.store, "complete", slow)
    with pytest.raises(LeaseLost):
        bench.pull(ORDERS)
    assert [(pull.pull_seq, pull.state, pull.deleted) for pull in overtaken] == [(2, "complete", 3), (3, "complete", 1)]
    change("delete from orders where order_id = 9")
    assert (bench.pull(ORDERS).deleted, bench.pull(ORDERS).deleted) == (1, 0)
