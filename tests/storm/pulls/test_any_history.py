"""Any history of a database, with workers that die: after each pull the hub holds what the database holds."""

import os
import random
from datetime import date

import pytest

from hub.pulls.store import LEASE_SECONDS
from tests.hub.pulls import manifests
from tests.hub.pulls.test_deletions import ORDERS, TABLE

SEEDS = [int(seed) for seed in os.environ.get("SEEDS", f"{date.today():%Y%m%d}").split(",")]
PULLS = 8
LOSE_ALL = "    gate: {max_deleted_percent: 100, max_quarantined_percent: 100}\n    keys:"


class Killed(BaseException):
    """The end of a worker: nothing of it runs on."""


@pytest.mark.parametrize("seed", SEEDS)
def test_the_hub_holds_what_the_source_holds(bench, deployment, shop, monkeypatch, seed):
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
    monkeypatch.setattr("hub.pulls.deletions.AT_ONCE", 3)
    chance = random.Random(seed)
    held: dict[int, int] = {}  # what the hub shall hold, by order
    known: set[int] = set()  # orders that the hub compares with: broken ones, too
    bench = bench(deployment(shop=manifests.shop(f"sqlite:///{shop(TABLE)}").replace("    keys:", LOSE_ALL)))
    for number in range(1, PULLS + 1):
        rows, unread = database(chance)
        shop("delete from orders;" + "".join(insert(order, total) for order, total in rows.items()) + unread)
        gone = known - rows.keys()
        known = known | rows.keys() if unread else set(rows)
        held = {order: total for order, total in held.items() if order in known}
        held |= {order: total for order, total in rows.items() if isinstance(total, int)}
        pull = pull_somehow(bench, chance, monkeypatch, number)
        told = (seed, number, pull.model_dump())
        assert (pull.state, pull.deleted, pull.deletes_withheld) == (
            "complete",
            0 if unread else len(gone),
            len(gone) if unread else 0,
        ), told
        assert replayed(bench) == held, told


def database(chance):
    """Order -> total, None where it is broken; and, now and then, a row whose key cannot be read."""
    orders = [order for order in range(12) if chance.random() < 0.6]
    rows = {order: None if chance.random() < 0.2 else chance.randrange(100) for order in orders}
    return rows, insert("'no number'", 1) if chance.random() < 0.3 else ""


def insert(order, total):
    given = "'much'" if total is None else total
    return f"insert into orders values ({order}, 1, {given}, '2024-01-01 00:00:00');"


def pull_somehow(bench, chance, monkeypatch, number):
    """The next pull, by as many workers as it takes."""
    while True:
        bench.now += LEASE_SECONDS + 1
        left = chance.randrange(45)

        def dying(step):
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed

        with monkeypatch.context() as patch:
            patch.setattr("hub.pulls.steps.reached", dying)
            try:
                bench.pull(ORDERS, **({} if number == int(bench.engine.store.state(ORDERS).get("next_seq", 1)) else
                                      {"pull_id": f"shop.orders.{number:08d}"}))  # fmt: skip
            except Killed:
                continue
        return bench.engine.store.get(f"shop.orders.{number:08d}")


def replayed(bench):
    """What the models make of all that was staged: of each record the last word."""
    rows = bench.staged(ORDERS).to_pylist()
    rows.sort(key=lambda row: (row["_pulled_at"], row["_pull_seq"], row["_batch"], row["_row"]))
    last = {row["_record_key"]: row for row in rows}
    return {row["order_id"]: int(row["total"]) for row in last.values() if not row["_deleted"]}
