"""Ids over random histories: what models/vault/customer_match and customer_redirect promise, night after night."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from hub.models.text import replace_tables
from infra.matching.engine import spoken

SQL = Path(__file__).parents[3] / "sql/vault"
FIRST = datetime(2026, 1, 1)


def model(name: str, text: str = "model.sql") -> str:
    found = replace_tables((SQL / name / text).read_text(), lambda table: table.replace(".", "_"))
    return spoken(
        found.replace("sha256(to_utf8(founders.founding_record_key))", "sha256(founders.founding_record_key)")
    )


TABLES = {
    "vault_source_customer": "record_key varchar, first_seen_at timestamp",
    "identity_cluster": "record_key varchar, cluster_key varchar, household_key varchar, held boolean",
    "vault_customer_match": "record_key varchar, customer_id varchar, founding_record_key varchar, "
    "founded_at timestamp, held boolean, previous_customer_id varchar",
    "vault_customer_redirect": "old_customer_id varchar, customer_id varchar, kind varchar, run_id varchar, "
    "happened_at timestamp",
    "control_run": "run_id varchar, started_at timestamp",
}


@dataclass
class Store:
    """The tables of a hub between two nights; `night` makes them anew from the records and who is one with whom."""

    connection: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)
    nights: int = 0

    def __post_init__(self) -> None:
        for name, columns in TABLES.items():
            self.connection.execute(f"create table {name} ({columns})").fetchall()

    def night(self, seen: dict[str, int], label: dict[str, str], held: frozenset[str] = frozenset()) -> dict[str, str]:
        """Who every record is after the night. seen: record -> night in which it was first seen."""
        self.nights += 1
        moment = FIRST + timedelta(days=self.nights)
        self._put("control_run", [(f"r{self.nights:03}", moment)])
        self._put("vault_source_customer", [(key, FIRST + timedelta(days=at)) for key, at in seen.items()])
        self._put("identity_cluster", [(key, label[key], label[key], label[key] in held) for key in seen])
        for name in ("customer_match", "customer_redirect"):
            rows = self.rows(model(name))
            self._put(f"vault_{name}", rows)
        return {key: customer for key, customer, *_ in self.rows("from vault_customer_match")}

    def rows(self, sql: str) -> list[tuple]:
        return self.connection.execute(sql).fetchall()

    def redirects(self) -> dict[str, str]:
        rows = self.rows("select old_customer_id, customer_id from vault_customer_redirect where kind = 'merge'")
        assert len(rows) == len(dict(rows)), "an id leads to two customers"
        return dict(rows)

    def _put(self, table: str, rows: list[tuple]) -> None:
        self.connection.execute(f"delete from {table}").fetchall()
        if rows:
            self.connection.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)


def parts(customers: dict[str, str]) -> dict[str, frozenset[str]]:
    found = defaultdict(set)
    for key, customer in customers.items():
        found[customer].add(key)
    return {customer: frozenset(keys) for customer, keys in found.items()}


def changed(by: random.Random, seen: dict[str, int], label: dict[str, int], night: int) -> None:
    """A night's news: records come, go and come back, persons are merged and fall apart."""
    for _ in range(by.randrange(1, 6)):
        key, kind = f"k{by.randrange(14):02}", by.random()
        if kind < 0.35:
            seen.setdefault(key, night)
            label[key] = label.get(key, by.randrange(6))
        elif kind < 0.5 and len(seen) > 1:
            seen.pop(key, None)
        elif kind < 0.75 and seen:
            label[key] = by.randrange(6)
        else:
            old, new = by.randrange(6), by.randrange(6)
            for each in label:
                label[each] = new if label[each] == old else label[each]


@pytest.mark.parametrize("seed", [*range(49), 1023])  # 1023: a founding record goes and comes back in one night
def test_the_promises_hold_over_random_histories(seed):
    by, store = random.Random(seed), Store()
    seen: dict[str, int] = {}
    label: dict[str, int] = {}
    before: dict[str, str] = {}
    ever: set[str] = set()
    founders: dict[str, str] = {}
    for night in range(1, 9):
        changed(by, seen, label, night)
        named = {key: min(each for each in seen if label[each] == label[key]) for key in seen}
        now = store.night(seen, named)
        old, new = parts(before), parts(now)
        assert len(new) == len(set(named.values())), "an id is one person's"
        for customer, keys in new.items():
            if keys in old.values():
                assert old.get(customer) == keys, "unchanged members keep the id"
            heirs = {before[key] for key in keys if key in before}
            assert customer not in old or customer in heirs, "an id goes to nobody who had no record of it"
        founders |= {row[1]: row[2] for row in store.rows("from vault_customer_match")}
        founder = {row[1]: row[2] for row in store.rows("from vault_customer_match")}
        for customer in old.keys() & new.keys():
            alive = founder[customer] in seen
            assert not alive or founder[customer] in new[customer], "the founding record's part keeps the id"
        assert store.night(seen, named) == now, "a full run again gives the same ids"
        ever |= set(now.values())
        redirects = store.redirects()
        assert not set(redirects) & set(new), "an id that is somebody's answers for itself"
        for lost in old.keys() - new.keys():
            heirs = {now[key] for key in old[lost] if key in now}
            assert not heirs or redirects.get(lost) in heirs | {now.get(founders[lost])}, "who was merged leads on"
        for kept in set(redirects) & ever:
            assert redirects[kept] not in redirects, "no redirect leads to a redirect"
            home = now.get(founders.get(kept, ""))
            assert home in (None, redirects[kept]), "it leads to who has the founding record"
        before = now


CASES = [
    ([{"a": 1, "b": 2}], [{"a": "a", "b": "b"}, {"a": "a", "b": "a"}], {"b": "a"}, "a merge keeps the oldest id"),
    (
        [{"b": 1, "a": 2}],
        [{"a": "a", "b": "b"}, {"a": "a", "b": "a"}],
        {"a": "b"},
        "the oldest is by when it was seen, not by its key",
    ),
    (
        [{"a": 1, "b": 2, "c": 2}],
        [{"a": "a", "b": "a", "c": "a"}, {"a": "a", "b": "b", "c": "b"}],
        {"a": "a"},
        "a split leaves the id with the founding record, however small its part",
    ),
]


@pytest.mark.parametrize(("seen", "nights", "leads", "why"), CASES)
def test_whose_id_stays(seen, nights, leads, why):
    store = Store()
    first = store.night(seen[0], nights[0])
    last = store.night(seen[0], nights[1])
    own = {key: Store().night({key: 1}, {key: key})[key] for key in seen[0]}
    for key, founder in leads.items():
        assert last[key] == own[founder], why
    assert first.keys() == last.keys()


def test_without_its_founding_record_an_id_goes_to_the_larger_part():
    store, seen = Store(), {"a": 1, "b": 2, "c": 2, "d": 2}
    whole = store.night(seen, dict.fromkeys(seen, "a"))
    seen.pop("a")
    assert set(store.night(seen, dict.fromkeys(seen, "b")).values()) == {whole["a"]}
    parted = store.night(seen, {"b": "b", "c": "c", "d": "c"})
    assert (parted["c"], parted["d"]) == (whole["a"], whole["a"])
    assert parted["b"] != whole["a"]


def test_whom_nobody_believes_stays_as_he_was_and_new_ones_stay_alone():
    store, seen = Store(), {"a": 1, "b": 1, "c": 1}
    before = store.night(seen, {"a": "a", "b": "a", "c": "c"})
    seen |= {"d": 2, "e": 2}
    now = store.night(seen, dict.fromkeys(seen, "a"), frozenset("a"))
    assert {key: now[key] for key in before} == before
    assert len({now["d"], now["e"], *before.values()}) == 4, "nobody is merged with them"
    assert not store.redirects()
    assert len(set(store.night(seen, dict.fromkeys(seen, "a")).values())) == 1, "decided: they are one"


def test_a_redirect_is_led_on():
    store, seen = Store(), {"a": 1, "b": 2, "c": 3}
    own = store.night(seen, {key: key for key in seen})
    store.night(seen, {"a": "a", "b": "b", "c": "b"})
    assert store.redirects() == {own["c"]: own["b"]}
    store.night(seen, dict.fromkeys(seen, "a"))
    assert store.redirects() == {own["c"]: own["a"], own["b"]: own["a"]}
    store.night(seen, {"a": "a", "b": "b", "c": "b"})
    assert store.redirects() == {own["c"]: own["b"]}, "b is somebody again, and c is with him"
