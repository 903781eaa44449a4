"""The histories of tables: which there are, what they begin with, what makes no version, and what ends them."""

import os
import random
from datetime import date, timedelta

import pytest

from hub.config import ENTITIES, Deployment
from hub.config.entities import HISTORIC
from hub.models import graph, histories, loader
from tests.sql.lake import ROOT, Lake, entity_hub, staged
from tests.sql.test_models import needed

TABLES = histories.with_twins(loader.load(ROOT / "sql"))
TWINS = {name: table for name, table in TABLES.items() if table.history_of}
ORDERS = "reporting.sales_order_history"
SHOWN = ["record_key", "status", "valid_from", "valid_to"]
SEEDS = [int(seed) for seed in os.environ.get("SEEDS", f"{date.today():%Y%m%d}").split(",")]
READ_WHOLE = {"fetch": {"path": "/orders", "records": "$"}}


def hub(history: bool, whole: bool = False) -> Deployment:
    """A hub whose CRM gives orders: what changed by files, or all that there are at each pull."""
    made = entity_hub(history=history).model_dump(exclude_unset=True)
    crm = made["sources"]["crm"]
    crm["data_sets"] = {"sales_order": crm["data_sets"]["sales_order"]}
    if whole:
        crm |= {"connector": "rest", "connection": {"base_url": "https://crm.example"}}
        crm["data_sets"]["sales_order"] |= READ_WHOLE
    return Deployment.model_validate(made)


def order(key: str, status: str, hour: int, **more) -> dict:
    return staged("sales_order", {"record_key": key, "status": status, "changed_at": moment(hour)} | more)


def moment(hour: int) -> str:
    return f"2026-01-01 {hour:02d}:00:00"


def shown(lake: Lake) -> list[str]:
    """Versions as "key status from-to" by their hours."""
    return sorted(
        f"{key} {status} {int(since[11:13])}-{int(until[11:13]) if until else ''}"
        for key, status, since, until in lake.rows(ORDERS, SHOWN)
    )


@pytest.fixture
def lake(make_lake):
    return make_lake(hub(history=True), tables=needed(ORDERS))


def become(lake: Lake, deployment: Deployment) -> None:
    lake.deployment = deployment
    lake.sync()
    lake.now += timedelta(hours=1)


def test_each_entity_that_may_be_kept_has_a_history_and_no_other():
    assert {name.removesuffix("_history") for table in TWINS.values() for name in graph.histories(table)} == HISTORIC
    assert {name for table in TWINS.values() for name in graph.histories(table)}.isdisjoint(
        {f"{name}_history" for name in set(ENTITIES) - HISTORIC}
    )


def test_who_is_erased_is_found_in_each_history_that_names_persons():
    naming = {name for name, table in TWINS.items() if any(each.personal != "none" for each in table.columns.values())}
    assert naming == {f"vault.source_{of}_history" for of in ("customer", "employee", "supplier")}
    assert all("record_key" in TABLES[name].personal_keys for name in naming)


def test_only_what_a_data_set_asks_for_is_built():
    there = set(TABLES)
    everything = set(graph.asked(TABLES, entity_hub(history=True)))
    assert everything == there
    assert there - set(graph.asked(TABLES, entity_hub())) == {*TWINS, "reporting.customer_history"}
    assert {*TWINS} & set(graph.asked(TABLES, hub(history=True))) == {ORDERS}
    kept = graph.asked(TABLES, entity_hub(), released=["vault.source_customer_history"])
    assert {*TWINS, "reporting.customer_history"} & set(kept) == {
        "vault.source_customer_history", "reporting.customer_history",
    }, "what was released stays, or an erasure would not reach it"  # fmt: skip


def test_a_history_of_its_own_text_and_one_beside_it(make_lake):
    names = ["reporting.order_line_history", "vault.source_supplier_history"]
    lake = make_lake(entity_hub(history=True), tables={each for name in names for each in needed(name)})
    for entity in ("order_line", "supplier"):
        rows = [{"record_key": "k", "source_key": "1", "changed_at": moment(hour)} for hour in (5, 2)]
        lake.pull("crm", entity, [staged(entity, row) for row in rows])
    lake.run()
    for name in names:
        found = sorted((since, until) for since, until in lake.rows(name, ["valid_from", "valid_to"]))
        assert found == [(moment(2), moment(5)), (moment(5), None)], name


def test_what_is_read_whole_has_a_version_only_where_it_changed(make_lake):
    lake = make_lake(hub(history=True, whole=True), tables=needed(ORDERS))
    pulls = [["a new"], ["a new", "b new"], ["a new", "b new"], ["a paid", "b new"], ["a new"], ["a new", "b new"]]
    had: set[str] = set()
    for number, rows in enumerate(pulls):
        keys = {row.split()[0] for row in rows}
        given = [order(*row.split(), 0) for row in rows] + [order(key, "", 0, _deleted=True) for key in had - keys]
        lake.pull("crm", "sales_order", given)
        had = keys
        if number in (0, 2, 3):
            lake.run()
        lake.now += timedelta(hours=1)
    lake.run()
    expected = ["a new 0-3", "a new 4-", "a paid 3-4", "b new 1-4", "b new 5-"]
    assert shown(lake) == expected
    become(lake, hub(history=False, whole=True))
    lake.run()
    become(lake, hub(history=True, whole=True))
    lake.run()
    assert shown(lake) == expected, "pulls that are read once more add nothing"


def test_a_history_that_is_asked_for_later_begins_with_what_there_is(make_lake, monkeypatch):
    lake = make_lake(hub(history=False), tables=needed(ORDERS))
    lake.pull(
        "crm", "sales_order", [order("a", "old", 1), order("gone", "old", 1), order("gone", "", 2, _deleted=True)]
    )
    lake.run()
    assert ORDERS not in lake.store.current_release().tables
    become(lake, hub(history=True))
    lake.pull("crm", "sales_order", [order("b", "new", 3)])
    # Staging has forgotten the first pull.
    monkeypatch.setattr("hub.models.plan.Known.released_pull", lambda self, name: 1)
    monkeypatch.setattr("hub.models.plan._goes_on", lambda known, table, _: not table.history_of)
    windows = {"crm.sales_order": (1, 2)}
    monkeypatch.setattr("hub.models.plan._windows", lambda known, table, _: windows)
    lake.run()
    assert shown(lake) == ["a old 1-", "b new 3-"]
    known = dict(lake.rows(ORDERS, ["record_key", "known_at"]))
    assert known == {"a": moment(1), "b": moment(1)}, "since this run"


def test_a_history_that_is_asked_for_no_more_ends(lake):
    lake.pull("crm", "sales_order", [order("a", "new", 1), order("a", "paid", 2)])
    lake.run()
    lake.now += timedelta(hours=5)
    become(lake, hub(history=False))
    lake.run()
    assert shown(lake) == ["a new 1-2", "a paid 2-6"], "nothing says that it still is so"
    become(lake, hub(history=False))
    lake.pull("crm", "sales_order", [order("a", "sent", 7)])
    lake.run()
    assert shown(lake) == ["a new 1-2", "a paid 2-6"], "and it has ended once"
    become(lake, hub(history=True))
    lake.run()
    assert shown(lake) == ["a new 1-2", "a paid 2-7", "a sent 7-"], "asked for again, it goes on"


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_arrival_gives_the_same_history(make_lake, seed):
    chance = random.Random(seed)
    versions = [
        order(f"o{chance.randrange(3)}", f"s{hour}", hour, _deleted=chance.random() < 0.2) for hour in range(1, 20)
    ]
    straight = entity_hub({"crm": 50, "shop": 50}, history=True)
    lake = make_lake(straight, tables=needed(ORDERS))
    lake.pull("crm", "sales_order", versions)
    muddled = [dict(row) for row in (*versions, *chance.sample(versions, 6))]
    chance.shuffle(muddled)
    while muddled:
        size = chance.randrange(1, 9)
        lake.pull(
            "shop", "sales_order", [row | {"_record_key": f"m{row['_record_key'][1:]}"} for row in muddled[:size]]
        )
        muddled = muddled[size:]
        if not muddled or (len(muddled) < 12 and chance.random() < 0.3):
            lake.run()
            lake.now += timedelta(hours=1)
    found = {"o": [], "m": []}
    for version in shown(lake):
        found[version[0]].append(version[1:])
    assert found["o"] == found["m"] == expected(versions), seed


def expected(versions: list[dict]) -> list[str]:
    """What Python says of the versions, each with an hour of its own."""
    found, keys = [], {row["_record_key"] for row in versions}
    for key in keys:
        mine = [row for row in versions if row["_record_key"] == key]
        for row, after in zip(mine, [*mine[1:], None], strict=True):
            if not row["_deleted"]:
                until = after["changed_at"].hour if after else ""
                found.append(f"{key[1:]} {row['status']} {row['changed_at'].hour}-{until}")
    return sorted(found)


@pytest.mark.parametrize(
    ("hour", "state", "why"),
    [
        (0, [], "before the first version"),
        (1, ["a new"], "a version holds in the moment in which it begins"),
        (2, ["a new", "b new"], "two records"),
        (3, ["a paid", "b new"], "and not any more in the moment in which the next begins"),
        (4, ["a paid"], "gone"),
        (5, ["a paid", "b back"], "came back"),
        (9, ["a paid", "b back"], "what holds now"),
    ],
)
def test_an_as_of_moment_gives_the_state_of_then(asked, hour, state, why):
    assert asked(hour) == state, why


@pytest.fixture(scope="module")
def asked(make_shared_lake):
    """The orders that hold at an hour of the day, as docs/reference/manifest.md asks for them."""
    lake = make_shared_lake(hub(history=True), tables=needed(ORDERS))
    given = [order("a", "new", 1), order("a", "paid", 3), order("b", "new", 2), order("b", "", 4, _deleted=True)]
    lake.pull("crm", "sales_order", [*given, order("b", "back", 5)])
    lake.run()

    def answer(hour: int) -> list[str]:
        sql = (
            f"select record_key, status from {lake.stage}_{ORDERS} where not _deleted and "
            f"valid_from <= timestamp '{moment(hour)}' and (valid_to is null or valid_to > timestamp '{moment(hour)}')"
        )
        return sorted(f"{row['record_key']} {row['status']}" for row in lake.query(sql))

    return answer
