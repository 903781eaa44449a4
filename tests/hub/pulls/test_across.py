"""Checks that look at other rows: unique in the pull, over batches and workers; references to another data set."""

import sqlite3
from collections import Counter
from contextlib import closing

import pyarrow as pa
import pytest

from hub.config import RestDataSet
from hub.pulls.ledger import Counts
from hub.pulls.memory import Memory, Taken
from hub.pulls.models import Pull
from hub.pulls.repeats import Staged
from hub.pulls.stage import Plan, settle_batch
from hub.sources import Piece
from tests.hub.pulls.conftest import VAULT
from tests.hub.pulls.manifests import SQL_SHOP

SHOP = (
    SQL_SHOP
    + """\
  customers:
    description: People.
    fetch: {table: customers, rows: 2%s}
    frequency: {class: on-demand}
    keys: {business: [customer_id]}
    hard_deletes: ignore
    columns:
      customer_id: {type: bigint, required: true}
      email:       {type: varchar, checks: [{email: null, on_failure: warn}, {unique: true%s}]}
  orders:
    description: Orders.
    fetch: {table: orders, rows: 100}
    frequency: {class: on-demand}
    keys: {business: [order_id]}
    columns:
      order_id:    {type: bigint, required: true}
      customer_id: {type: varchar, check: {reference: {data_set: customers, column: customer_id}%s}}
"""
)


def script(customers, orders=()):
    rows = [f"insert into customers values ({key}, '{email}', {at});" for at, (key, email) in enumerate(customers)]
    rows += [f"insert into orders values ({key}, {of});" for key, of in orders]
    return (
        "create table customers (customer_id integer, email text, at integer); "
        "create table orders (order_id integer, customer_id text);" + "".join(rows)
    )


@pytest.fixture
def hub(bench, deployment, shop, monkeypatch):
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)  # a batch per slice of two rows

    def made(customers, orders=(), more="", unique="", reference=""):
        path = shop(script(customers, orders))
        return path, bench(deployment(shop=SHOP % (f"sqlite:///{path}", more, unique, reference)))

    return made


UNIQUE = [
    ([(1, "a@x.in"), (2, "b@x.in"), (3, "c@x.in")], [], "each its own"),
    ([(1, "a@x.in"), (2, "A@X.IN")], [2], "the same address, other letters, in one batch"),
    ([(1, "a@x.in"), (2, "b@x.in"), (3, "a@x.in")], [3], "in a later batch"),
    ([(1, "a@x.in"), (2, ""), (3, ""), (4, "b@x.in")], [], "nothing is not the same as nothing"),
    ([(1, "a@x"), (2, "b@x.in"), (3, "a@x")], [], "no address: the other check tells"),
    ([(1, "a@x.in"), (2, "a@x.in"), (3, "a@x.in"), (4, "a@x.in"), (5, "b@x.in")], [2, 3, 4], "the first has it"),
]


@pytest.mark.parametrize(("customers", "refused", "why"), UNIQUE)
def test_unique(hub, customers, refused, why):
    _, bench = hub(customers)
    pull = bench.pull("shop.customers")
    assert (pull.quarantined, pull.received) == (len(refused), len(customers)), why
    kept = sorted(bench.staged("shop.customers")["customer_id"].to_pylist())
    assert kept == [key for key, _ in customers if key not in refused]
    assert pull.rules == ({"email: unique": len(refused)} if refused else {})


def test_unique_may_only_warn(hub):
    _, bench = hub([(1, "a@x.in"), (2, "a@x.in"), (3, "a@x.in")], unique=", on_failure: warn")
    pull = bench.pull("shop.customers")
    assert (pull.staged, pull.warned) == (3, {"email: unique": 2})


def test_another_worker_remembers_what_the_first_has_staged(hub, monkeypatch):
    _, bench = hub([(1, "a@x.in"), (2, "b@x.in"), (3, "a@x.in"), (4, "d@x.in")])

    def dies(step):
        if step == "committed":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("hub.pulls.steps.reached", dies)
        with pytest.raises(KeyboardInterrupt):
            bench.pull("shop.customers")
    bench.now += 1000
    pull = bench.pull("shop.customers", pull_id="shop.customers.00000001")
    assert (pull.staged, pull.rules) == (3, {"email: unique": 1})


def test_a_record_keeps_its_own_value():
    """A newer version of a record has the address of the older one; a refused row takes none from another."""
    taken = Taken(lambda batch: pa.table({"email": ["a", "b"], "_record_key": ["A", "B"]}))
    taken.add(1, pa.array(["a", "b"]))
    values, keys = pa.array(["a", "b", "c", "c", None, "d", "d"]), pa.array(["A", "X", "C", "C", "N", "D", "E"])
    standing = pa.array([True, True, True, True, True, False, True])
    assert taken.by_others(values, keys, standing).to_pylist() == [False, True, False, False, False, False, False]


KEYED = RestDataSet.model_validate(
    {
        "description": "d",
        "fetch": {"path": "/x"},
        "frequency": {"class": "on-demand"},
        "keys": {"business": ["key"]},
        "columns": {"key": {"type": "bigint", "required": True}, "name": {"type": "varchar"}},
    }
)
PLAN = Plan("s", "d", KEYED, b"k", "IN", frozenset())
PULL = Pull(
    pull_id="s.d.00000001", source="s", data_set="d", pull_seq=1, state="running", started_at="2026-01-01T00:00Z"
)
ORDERS = [(10, "1"), (11, "9"), (12, "null"), (13, "2")]


def test_a_reference(hub):
    _, bench = hub([(1, "a@x.in"), (2, "b@x.in")], ORDERS)
    failed = bench.pull("shop.orders")
    assert failed.state == "failed"
    assert "refers to customers.customer_id" in failed.error
    assert "pull shop.customers first" in failed.error
    bench.pull("shop.customers")
    pull = bench.pull("shop.orders")
    assert (pull.state, pull.staged, pull.rules) == ("complete", 3, {"customer_id: reference": 1})
    assert pull.error is None


def test_a_reference_that_only_warns_is_not_judged_before_the_first_pull(hub):
    _, bench = hub([(1, "a@x.in"), (2, "b@x.in")], ORDERS, reference=", on_failure: warn")
    assert bench.pull("shop.orders").warned == {}
    bench.pull("shop.customers")
    assert bench.pull("shop.orders").warned == {"customer_id: reference": 1}


def test_known_keys_grow_from_pull_to_pull(hub, monkeypatch):
    """Also where a pull brings only what changed, and where the objects are put together."""
    monkeypatch.setattr("hub.pulls.references.MOST_OBJECTS", 2)
    changed = ", changed_since: {column: customer_id}"
    path, bench = hub([(1, "a@x.in")], [(20 + n, n) for n in range(1, 8)], changed)
    for number in range(2, 8):
        bench.pull("shop.customers")
        assert len(bench.engine.store.state("shop.customers")["known"]["customer_id"]) <= 2
        with closing(sqlite3.connect(path)) as database:
            database.execute(f"insert into customers values ({number}, 'n{number}@x.in', {number})")
            database.commit()
        assert bench.pull("shop.orders").staged == number - 1


def test_a_data_set_that_was_pulled_before_anybody_referred_to_it(hub, monkeypatch):
    changed = ", changed_since: {column: customer_id}"
    _, bench = hub([(1, "a@x.in"), (2, "b@x.in")], ORDERS, changed)
    with monkeypatch.context() as patch:
        patch.setattr("hub.pulls.references.References.referred", lambda self, name: [])
        bench.pull("shop.customers")
    assert bench.pull("shop.orders").state == "failed"
    assert bench.pull("shop.customers").received <= 1
    assert bench.pull("shop.orders").staged == 3


def test_no_value_stands_among_the_known_keys(hub):
    import boto3

    _, bench = hub([(4242424242, "a@x.in")], [(1, 4242424242)])
    bench.pull("shop.customers")
    (key,) = bench.engine.store.state("shop.customers")["known"]["customer_id"]
    body = boto3.client("s3").get_object(Bucket=VAULT, Key=key)["Body"].read()
    assert b"4242424242" not in body
    assert (4242424242).to_bytes(8, "little") not in body


VERSIONS = [
    ([(1, "a"), (2, "b"), (3, "c")], {}, "each once"),
    (
        [(1, "a"), (1, "a"), (2, "b"), (1, "a")],
        {"in the same batch": 1, "in an earlier batch": 1},
        "repeats of both kinds",
    ),
    ([(1, "a"), (1, "b"), (2, "c"), (2, "d")], {"another version": 2}, "versions in one batch"),
    (
        [(1, "a"), (2, "b"), (1, "c"), (1, "a")],
        {"another version": 1, "in an earlier batch": 1},
        "version, then repeat",
    ),
]


@pytest.mark.parametrize(("given", "repeated", "why"), VERSIONS)
def test_repeats_by_kind(given, repeated, why):
    memory, staged = Memory(KEYED, None, [], {}), {}
    memory.staged = Staged(lambda batch: staged[batch])
    found, counts = Counter(), Counts()
    for batch, at in enumerate(range(0, len(given), 2), 1):
        rows = [{"key": str(key), "name": name, "_extra": None} for key, name in given[at : at + 2]]
        raw = pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in ("key", "name", "_extra")]))
        outcome = settle_batch(PLAN, PULL, batch, [Piece(raw, b"", "json", {}, {})], memory, at)
        staged[batch] = [outcome.staged[name].combine_chunks() for name in ("_record_hash", "_record_key")]
        memory.add(batch, outcome.staged)
        found += outcome.tally.repeated
        counts += outcome.counts
    assert dict(found) == repeated, why
    assert counts.duplicate == found["in the same batch"] + found["in an earlier batch"]
    assert not counts.missing


def test_versions_are_not_looked_for_without_end(monkeypatch):
    monkeypatch.setattr("hub.pulls.repeats.MOST", 3)
    memory = Memory(KEYED, None, [], {})
    digests = pa.array(["0" * 31 + digit for digit in "12"])
    memory.staged = Staged(lambda batch: (digests, digests))
    rows = pa.table({"_record_key": digests, "_record_hash": digests, KEYED.keys.business[0]: ["a", "z"]})
    memory.add(1, rows)
    memory.add(2, rows)  # keys that lie among those of the first batch
    memory.add(3, rows)
    assert memory.versions(rows) == {"not compared with earlier versions": 2}
