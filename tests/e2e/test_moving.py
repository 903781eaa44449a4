"""A whole hub moves: what was exported and imported is the same, row for row, and lives on in the same way."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hub import aws
from hub.identity.replay import _answers
from infra.operate.moving import items
from infra.operate.moving.arriving import import_hub
from infra.operate.moving.leaving import export_hub
from infra.operate.moving.place import Folder
from infra.operate.moving.stores import KEYS, TABLES, Stores
from tests.sql.lake import Lake, entity_hub, staged
from tests.sql.test_matching import person
from tests.stores import create_bucket, create_table

HUB = Path(__file__).parents[2] / "deployments/demo"
SOURCES = {"crm": 80, "shop": 50}
OWN = ("access", "arrivals", "library", "campaigns")
# Of statements that are over: their names, how many bytes they read, until when they are shown.
OF_THE_ENGINE = ("execution", "answers", "bytes_scanned", "expires_at")
LINK_KEYS = {"current": "k1", "keys": {"k1": "22"}}


def stores_of(lake: Lake, keys: str = "11") -> Stores:
    """The stores of a hub; those that a lake has not are made."""
    parameters = {name: f"/hub/{lake.stage}/{name}" for name in KEYS}
    stores = Stores(
        stage=lake.stage,
        workgroup=lake.stage,
        buckets={"vault": lake.vault, "reporting": lake.reporting, "audit": f"{lake.stage}-audit"},
        tables={name: f"{lake.stage}-{name}" for name in TABLES},
        parameters=parameters,
    )
    create_bucket(aws.client("s3"), stores.buckets["audit"])
    for name in OWN:
        create_table(aws.client("dynamodb"), stores.tables[name])
    for name, value in zip(KEYS, (keys, json.dumps(LINK_KEYS)), strict=True):
        aws.client("ssm").put_parameter(Name=parameters[name], Value=value, Type="SecureString")
    return stores


def quiet(_: str) -> None:
    pass


def first_day(lake: Lake) -> None:
    """Two sources, people of both, orders and calls; and what nobody may lose."""
    lake.pull("crm", "customer", [person(number, f"c{number:02}") for number in range(40)])
    lake.pull("shop", "customer", [person(number, f"s{number:02}") for number in range(0, 40, 3)])
    order = {"ordered_at": "2026-01-01 10:00:00.123456", "changed_at": "2026-01-01 10:00:00", "total_amount": "19.90"}
    rows = [{"record_key": f"o{n}", "customer_record_key": f"s{n:02}", "order_number": f"SO-{n}"} for n in (0, 3, 6)]
    lake.pull("shop", "sales_order", [staged("sales_order", order | row) for row in rows])
    lake.erase("c39")
    lake.decide("c01", "c02", 1)
    lake.run()


def next_night(lake: Lake) -> None:
    lake.now += timedelta(days=1)
    _answers.clear()
    lake.pull("crm", "customer", [{**person(5, "c05"), "_deleted": True}, person(7, "c61"), person(11, "c10")])
    lake.run()


def more_items(stores: Stores) -> None:
    """Every kind of value that DynamoDB has, and sessions, which stay."""
    kinds = {
        "number": Decimal("12345678901234567890.1234567890123456"), "small": Decimal("-1E-30"), "bytes": b"\0\xff",
        "texts": {"b", "a"}, "numbers": {Decimal(2), Decimal("1.50")}, "blobs": {b"2", b"1"}, "nothing": None,
        "yes": True, "deep": {"L": [{"SS": "as"}, {"N": Decimal(1)}], "B": [b"x"]}, "empty": "", "रा": "व",
    }  # fmt: skip
    for name in ("consent", "campaigns", "library", "arrivals", "access", "profiles"):
        aws.table(stores.tables[name]).put_item(Item={"pk": f"{name}#1", "sk": "-", **kinds})
    aws.table(stores.tables["access"]).put_item(Item={"pk": "session#1", "sk": "-", "sealed": b"of this hub's key"})
    aws.client("s3").put_object(
        Bucket=stores.buckets["vault"], Key="landing/crm/ä b/../x", Body=b"raw", Metadata={"xxh3": "1f"}
    )
    aws.client("s3").put_object(Bucket=stores.buckets["audit"], Key="2026/01/01/a.json", Body=b"{}")


def everything(lake: Lake) -> Iterator[tuple[str, list]]:
    """Each table of the catalogue, in Athena's own texts; also what readers do not see."""
    release = lake.store.current_release()
    for name, snapshot in sorted(release.tables.items()):
        zone, short = name.split(".")
        source = f"{lake.stage}_{zone}.{release.names.get(name, short)} for version as of {int(snapshot)}"
        yield name, sorted((tuple(row.items()) for row in lake.query(f"select * from {source}")), key=str)
    glue = aws.client("glue")
    for table in glue.get_tables(DatabaseName=f"{lake.stage}_staging")["TableList"]:
        rows = lake.query(f"select * from {lake.stage}_staging.{table['Name']}")
        yield table["Name"], sorted((tuple(row.items()) for row in rows), key=str)


def shapes(lake: Lake) -> dict[str, tuple]:
    """Columns, types and partitions as the catalogue has them."""
    found = {}
    for zone in ("staging", "vault", "reporting"):
        for table in aws.client("glue").get_tables(DatabaseName=f"{lake.stage}_{zone}")["TableList"]:
            columns = [(column["Name"], column["Type"]) for column in table["StorageDescriptor"]["Columns"]]
            found[f"{zone}.{table['Name']}"] = columns, table.get("PartitionKeys")
    return found


def told(stores: Stores, *stages: str) -> dict[str, list]:
    """All items that are carried, without the names of stages; where a release says which snapshots, which tables."""
    found = {}
    for name, table in stores.tables.items():
        rows = [items.plain(item) for item in items.scanned(table)]
        for row in rows:
            if row["pk"]["S"] == "release" and "tables" in row:
                row["tables"] = sorted(row["tables"]["M"])
            for part in OF_THE_ENGINE if row["pk"]["S"].startswith("run#") else ():
                row.pop(part, None)
        found[name] = sorted(re.sub("|".join(stages), "<stage>", json.dumps(row, sort_keys=True)) for row in rows)
    return found


def in_earnest(make_lake) -> Lake:
    lake = make_lake(entity_hub(SOURCES))
    lake.match_in_earnest()
    return lake


@pytest.fixture
def steady(monkeypatch):
    """Runs of two hubs at one moment have one name, and nights go on from the day before."""
    monkeypatch.setattr("hub.models.planning.secrets.token_hex", lambda size: "ab" * size)
    monkeypatch.setattr("hub.identity.run.FEW_RECORDS", 0)


def test_a_whole_hub_moves_and_its_next_night_is_the_same(make_lake, steady, tmp_path):
    old = in_earnest(make_lake)
    first_day(old)
    here = stores_of(old)
    more_items(here)
    manifest = export_hub(here, HUB, Folder(tmp_path / "out"), quiet)

    new = in_earnest(make_lake)
    new.now = old.now
    there = stores_of(new)
    import_hub(there, Folder(tmp_path / "out"), quiet)

    assert dict(everything(new)) == dict(everything(old)), "row for row, as released"
    assert shapes(new) == shapes(old)
    assert told(there, old.stage, new.stage) == told(here, old.stage, new.stage), "item for item"
    counted = {table.name: table.rows for table in manifest.tables}
    assert counted == {name: len(rows) for name, rows in everything(old) if name in counted}
    assert counted["vault.customer"] == 40, "39 and the first row, which nobody sees"

    next_night(old)
    next_night(new)
    assert dict(everything(new)) == dict(everything(old)), "the next night gives the same ids and rows"
    assert told(there, old.stage, new.stage) == told(here, old.stage, new.stage), "by the same steps"
