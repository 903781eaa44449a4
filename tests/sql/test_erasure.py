"""Who is erased is gone from all that the hub keeps of persons, and stays away; what she did stays, nameless."""

import io
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from hub import aws
from hub.customers.loading import Loader
from hub.customers.store import ProfileStore
from tests.sql.lake import Lake, entity_hub, staged

PERSONAL = ("vault.source_customer", "vault.contact_point", "vault.customer_match", "vault.customer")
PERSONAL += ("vault.edit", "vault.verified", "vault.claim", "vault.customer_version")
TABLES = {
    "vault.erasure", "vault.match_decision", "vault.customer_attributes", *PERSONAL, "vault.discrepancy",
    "vault.customer_redirect",
    "reporting.customer",
    "reporting.customer_key",
    "reporting.interaction",
}  # fmt: skip


def record(key: str, name: str, day: int = 1) -> dict:
    row = {"record_key": key, "source_key": key.upper(), "full_name": name, "email_standard": f"{name.lower()}@x.in"}
    return staged("customer", row | {"changed_at": f"2026-01-0{day} 00:00:00", "phone_standard": f"+91{ord(name[0])}"})


def call(key: str, customer: str) -> dict:
    row = {"record_key": key, "customer_record_key": customer, "kind": "call", "happened_at": "2026-01-01 10:00:00"}
    return staged("interaction", row | {"changed_at": "2026-01-01 10:00:00"})


def load(lake: Lake, run_id: str) -> bool:
    """Bring the profiles up to the release; whether the release that they showed could still be read."""
    lake.store.take_lease(run_id, lake.now)
    loader = Loader(lake.store, profiles(lake), lake.athena, lake.stage, lake.vault)
    progress = {}
    while not progress.get("done"):
        progress = loader.load(run_id, progress)
    lake.store.free_lease(run_id)
    lake.now += timedelta(days=1)
    return progress["base"] is not None


def profiles(lake: Lake) -> ProfileStore:
    return ProfileStore(f"{lake.stage}-profiles", b"key")


def kept(lake: Lake, name: str, keys: str) -> set[str]:
    """Where the hub's release or its profiles still have the person or one of her records."""
    found = {
        table
        for table in (*PERSONAL, "reporting.customer_key")
        if any({name, f"{name.lower()}@x.in", *keys} & set(row) for row in lake.rows(table))
    }
    items = [item for item in aws.table(f"{lake.stage}-profiles").scan()["Items"] if name in str(item)]
    return found | {f"profile {item['sk'].partition('#')[0]}" for item in items}


def erase(lake: Lake, keys: str) -> None:
    for key in keys:
        lake.erase(key)


def nameless(lake: Lake) -> list[tuple]:
    return lake.rows("reporting.interaction", ["record_key", "customer_record_key"])


def let_snapshots_be_old(lake: Lake) -> None:
    for table in PERSONAL:
        name = f"{lake.stage}_{table}"
        lake.query(f"ALTER TABLE {name} SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds' = '0')")
    lake.now += timedelta(days=7)


def names_in_files(lake: Lake) -> set[str]:
    """All names in the data files of the vault's tables, also of such as no snapshot has any more."""
    s3, names = aws.client("s3"), set()
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=lake.vault, Prefix="vault/")
    for item in (item for page in pages for item in page["Contents"] if item["Key"].endswith(".parquet")):
        body = s3.get_object(Bucket=lake.vault, Key=item["Key"])["Body"].read()
        table = pq.read_table(io.BytesIO(body))
        names |= set(table["full_name"].to_pylist()) if "full_name" in table.column_names else set()
    return names - {None}


@pytest.fixture
def lake(make_lake) -> Lake:
    """Mira, Xenia and Yamuna; the last two are known to two sources each, and Xenia and Mira have called."""
    lake = make_lake(entity_hub({"crm": 80, "shop": 50}), tables=TABLES)
    lake.pull("crm", "customer", [record("m", "Mira"), record("x", "Xenia"), record("y", "Yamuna")])
    lake.pull("shop", "customer", [record("w", "Xenia"), record("z", "Yamuna")])
    lake.pull("crm", "interaction", [call("i1", "x"), call("i2", "m")])
    for key in "xy":
        lake.edit(f"{key}#gender", {"kind": "value", "values": {"gender": "f"}})
        lake.verify(key, "gender", "f")
    load(lake, lake.run())
    return lake


def test_an_erased_person_is_gone_with_the_next_run_and_stays_away(lake):
    calls = nameless(lake)
    everywhere = {*PERSONAL, "reporting.customer_key", "profile profile", "profile record"}
    assert kept(lake, "Xenia", "xw") == kept(lake, "Yamuna", "yz") == everywhere

    erase(lake, "xw")
    assert load(lake, lake.run())
    assert kept(lake, "Xenia", "xw") == set()
    assert len(lake.rows("reporting.customer")) == 2
    assert nameless(lake) == calls, "what she did stays"
    assert profiles(lake).find([("name", "xenia")], 5)[0] == []

    erase(lake, "yz")
    failed = lake.plan()
    lake.execute(failed)
    lake.releaser.fail(failed, "stopped", lake.now)  # the next run puts back what this one has changed, but not her
    lake.pull("crm", "customer", [record("x", "Xenia", 2), record("y", "Yamuna", 2)])
    lake.pull("shop", "customer", [record("w", "Xenia", 3)])
    let_snapshots_be_old(lake)
    assert not load(lake, lake.run(maintain=True)), "the release of the profiles was to be vacuumed away"
    assert kept(lake, "Xenia", "xw") | kept(lake, "Yamuna", "yz") == set()
    lake.now += timedelta(days=7)
    lake.run(maintain=True)  # what OPTIMIZE has written anew without them was kept for the readers of that release
    assert names_in_files(lake) == {"Mira"}
    assert [item["names"] for item in profiles(lake).find([("name", "mira")], 5)[0]] == [["Mira"]]
