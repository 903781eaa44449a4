"""Hubs that move, for the tests of it: their stores, and all that they hold in a form that can be compared."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from hub import aws
from infra.operate.moving import items
from infra.operate.moving.stores import KEYS, TABLES, Stores
from tests.sql.lake import Lake
from tests.stores import create_bucket, create_table

HUB = Path(__file__).parents[2] / "deployments/demo"
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
