"""The reports function on a real engine: a released lake of five tables, built once."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from hub import aws
from tests.laboratory import Laboratory, laboratory
from tests.stores import create_bucket, create_table

ROOT = Path(__file__).parents[3]
ROWS = {
    "customer": [
        "('c1', 'Pune', true, false, 'Asia/Kolkata', date '2020-01-01', 2, false, 'r1')",
        "('c2', 'O''Brien Town', true, true, 'Asia/Kolkata', date '2021-01-01', 1, false, 'r1')",
        "('gone', 'Pune', true, true, 'Asia/Kolkata', date '2021-01-01', 1, true, 'r1')",
    ],
    "customer_history": [
        "('k1', 'c1', 'crm', 'Pune', true, false, timestamp '2026-01-01 08:00:00.000000', "
        "timestamp '2026-01-02 00:00:00.000000', timestamp '2026-01-01 08:00:00.000000', "
        "timestamp '2026-02-01 00:00:00.000000', false, 'r1')",
        "('k1', 'c1', 'crm', 'Goa', true, true, timestamp '2026-02-01 00:00:00.000000', "
        "timestamp '2026-02-02 00:00:00.000000', timestamp '2026-02-01 00:00:00.000000', null, false, 'r1')",
        "('k2', 'c1', 'shop', 'Agra', false, true, timestamp '2025-12-01 00:00:00.000000', "
        "timestamp '2026-01-02 00:00:00.000000', timestamp '2025-12-01 00:00:00.000000', null, false, 'r1')",
        "('k3', null, 'shop', 'Pune', true, false, timestamp '2026-01-01 00:00:00.000000', "
        "timestamp '2026-01-02 00:00:00.000000', timestamp '2026-01-01 00:00:00.000000', "
        "timestamp '2026-01-20 12:00:00.000000', false, 'r1')",
    ],
    "sales_forecast": ["(date '2026-03-01', 'INR', decimal '50.0000', 'linear_trend', 8, 0.125e0, 0.5e0, false, 'r1')"],
    "customer_key": ["('k1', 'c1', 'shop', timestamp '2026-01-01 00:00:00.000000', false, 'r1')"],
    "sales_order": [
        "('o1', 'k1', '007', timestamp '2026-01-15 10:00:00.000000', 'paid', 'INR', decimal '100.5000', false, 'r1')",
        "('o2', 'k1', '7', timestamp '2026-02-15 10:00:00.000000', 'paid', 'INR', decimal '7.0000', false, 'r1')",
        "('o3', 'k1', '8', timestamp '2026-02-20 10:00:00.000000', 'cancelled', 'INR', decimal '9.9900', false, 'r1')",
    ],
}
WRITTEN = {
    "customer": "customer_id, area, reachable_email, reachable_sms, time_zone, customer_since, sources, "
    "_deleted, _run_id",
    "customer_history": "record_key, customer_id, source, area, reachable_email, reachable_sms, changed_at, known_at, "
    "valid_from, valid_to, _deleted, _run_id",
    "sales_forecast": "month, currency, amount, method, months, backtest_error, naive_error, _deleted, _run_id",
    "customer_key": "record_key, customer_id, source, changed_at, _deleted, _run_id",
    "sales_order": "record_key, customer_record_key, order_number, ordered_at, status, currency, total_amount, "
    "_deleted, _run_id",
}


@dataclass(frozen=True)
class Lake:
    lab: Laboratory
    home: Path

    def wait(self, result_id: str) -> None:
        """Until the query behind a result has ended."""
        item = (
            boto3.resource("dynamodb").Table("library").get_item(Key={"pk": f"result#{result_id}", "sk": "-"})["Item"]
        )
        self.lab.finished(str(item["query_id"]))

    def snapshot(self, table: str) -> str:
        sql = f'select snapshot_id from test_reporting."{table}$snapshots" order by committed_at desc limit 1'
        return str(self.lab.rows(sql)[0][0])

    def release(self) -> None:
        """What stands in the tables now becomes what readers see."""
        tables = {f"reporting.{name}": self.snapshot(name) for name in ROWS}
        item = {"release_id": "r1", "run_id": "r1", "tables": tables, "names": {}, "pulls": {}}
        item |= {"pk": "release", "sk": "current", "released_at": "2026-11-22T00:00:00Z", "sql_version": "1"}
        boto3.resource("dynamodb").Table("control").put_item(Item=item)


@pytest.fixture(scope="package")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with laboratory(tmp_path_factory.mktemp("lake")) as lab, pytest.MonkeyPatch.context() as patch:
        for name, value in lab.environment.items():
            patch.setenv(name, value)
        home = compiled(tmp_path_factory.mktemp("home"))
        output = {
            "ResultConfiguration": {"OutputLocation": "s3://results/reports/"},
            "EnforceWorkGroupConfiguration": True,
        }
        lab.client.create_work_group(Name="test-reports", Configuration=output)
        for bucket in ("results", "audit"):
            create_bucket(boto3.client("s3"), bucket)
        for table in ("access", "library", "control"):
            create_table(boto3.client("dynamodb"), table)
        fill(lab)
        lake = Lake(lab, home)
        lake.release()
        yield lake


def compiled(home: Path) -> Path:
    """The product's models and the demo's reports as they are shipped to functions."""
    for file in (ROOT / "sql/reporting").glob("*/table.yaml"):
        folder = home / "sql/reporting" / file.parent.name
        folder.mkdir(parents=True)
        (folder / "table.json").write_text(json.dumps(yaml.safe_load(file.read_text("utf-8"))))
        for sql in file.parent.glob("*.sql"):
            (folder / sql.name).write_text(sql.read_text("utf-8"))
    hub = {"name": "test", "currency": "INR", "country": "IN"}
    (home / "deployment.json").write_text(json.dumps({"name": "test", "hub": hub, "sources": {}}))
    (home / "reports").mkdir()
    for file in (ROOT / "deployments/demo/reports").glob("*.yaml"):
        (home / "reports" / f"{file.stem}.json").write_text(json.dumps(yaml.safe_load(file.read_text("utf-8"))))
    return home


def fill(lab: Laboratory) -> None:
    names = {"varchar": "string", "integer": "int"}
    lab.rows("create database test_reporting")
    for table, rows in ROWS.items():
        columns = yaml.safe_load((ROOT / f"sql/reporting/{table}/table.yaml").read_text("utf-8"))["columns"]
        typed = [f"{name} {names.get(column['type'], column['type'])}" for name, column in columns.items()]
        typed += ["_deleted boolean", "_run_id string"]
        lab.rows(
            f"create table test_reporting.{table} ({', '.join(typed)}) "
            f"location 's3://lake/reporting/{table}/' tblproperties ('table_type' = 'ICEBERG')"
        )
        lab.rows(f"insert into test_reporting.{table} ({WRITTEN[table]}) values {', '.join(rows)}")


@pytest.fixture
def lake(built: Lake, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    settings = built.lab.environment | {
        "STAGE": "test",
        "HUB_HOME": str(built.home),
        "CONTROL_TABLE": "control",
        "LIBRARY_TABLE": "library",
        "ACCESS_TABLE": "access",
        "AUDIT_BUCKET": "audit",
        "REPORTS_WORKGROUP": "test-reports",
        "USER_POOL_CLIENT_ID": "client",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    aws.reset()
    yield built
    aws.reset()


@pytest.fixture
def reports(lake: Lake, gateway: Any) -> Any:
    return gateway("reports")
