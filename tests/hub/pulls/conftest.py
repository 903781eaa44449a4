import shutil
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from hub import aws, config
from hub.pulls import PullTask
from hub.pulls.engine import Engine
from hub.pulls.models import Decision
from tests.hub.pulls.settings import SETTINGS
from tests.stores import create_bucket, create_table

HUB = "name: test\ncurrency: INR\ncountry: IN\n"
ROOT = Path(__file__).parents[3]
VAULT, CONTROL, BUS = SETTINGS.vault_bucket, SETTINGS.control_table, SETTINGS.event_bus


def make_stores() -> None:
    """What the stacks would have made: table, bucket, staging database, bus, queue for its events, token key."""
    create_table(aws.client("dynamodb"), CONTROL, by_time=True)
    create_bucket(aws.client("s3"), VAULT)
    aws.client("glue").create_database(DatabaseInput={"Name": "test_staging"})
    aws.client("events").create_event_bus(Name=BUS)
    aws.client("ssm").put_parameter(Name="/hub/token-key", Value="k" * 64, Type="SecureString")
    aws.client("ssm").put_parameter(Name="/hub/crm/token", Value="crm-token", Type="SecureString")


@contextmanager
def in_memory(patch):
    """AWS in memory, with the stores of one stage."""
    patch.setenv("AWS_ACCESS_KEY_ID", "testing")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    patch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        make_stores()
        yield


@pytest.fixture(scope="module", autouse=True)
def own_clients():
    """Clients are dear to make: each module makes its own once, and leaves none behind."""
    aws.reset()
    yield
    aws.reset()


@pytest.fixture
def cloud(monkeypatch):
    with in_memory(monkeypatch):
        yield


@dataclass
class Bench:
    """An engine on a deployment, and what it left behind."""

    deployment: config.Deployment
    now: float = 1_800_000_000.0
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = Engine(self.deployment, SETTINGS, b"k" * 64, now=lambda: self.now)

    def pull(self, name: str, **task: Any) -> Any:
        source, data_set = name.split(".")
        return self.engine.carry_on(PullTask(source=source, data_set=data_set, **task), lambda: 300_000)

    def abandon(self, pull: Any) -> None:
        """As a person does with a held pull."""
        store, name = self.engine.store, f"{pull.source}.{pull.data_set}"
        decision = Decision(what="abandoned", by="u", at="2026-01-01T00:00:00.000Z", why="a wrong export")
        store.decide(store.acquire(name, "u", int(self.now)), pull, decision)

    def staged(self, name: str, pull_ids: list[str] | None = None) -> Any:
        """All rows that are published of a data set, by the catalogue."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        source, data_set = name.split(".")
        s3, tables = boto3.client("s3"), []
        partitions = boto3.client("glue").get_partitions(DatabaseName="test_staging", TableName=f"{source}_{data_set}")
        for partition in partitions["Partitions"]:
            if pull_ids and partition["Values"][1] not in pull_ids:
                continue
            prefix = partition["StorageDescriptor"]["Location"].removeprefix(f"s3://{VAULT}/")
            for item in s3.list_objects_v2(Bucket=VAULT, Prefix=prefix)["Contents"]:
                body = s3.get_object(Bucket=VAULT, Key=item["Key"])["Body"].read()
                tables.append(pq.read_table(pa.BufferReader(body)))
        return pa.concat_tables(tables)


@pytest.fixture
def bench(cloud):
    return Bench


@pytest.fixture
def deployment(tmp_path):
    """Writes a deployment folder with the given manifests (name -> YAML) and loads it."""

    def made(variables: dict[str, str] | None = None, **sources: str) -> config.Deployment:
        folder = tmp_path / "deployment"
        (folder / "sources").mkdir(parents=True, exist_ok=True)
        (folder / "hub.yaml").write_text(HUB)
        for name, text in sources.items():
            (folder / "sources" / f"{name}.yaml").write_text(text)
        return config.load(folder, variables)

    return made


@pytest.fixture
def data_copy(hub_data, tmp_path):
    """A copy of one data set's folder that a test may change."""

    def copied(name: str) -> Path:
        target = tmp_path / "data" / name
        shutil.copytree(hub_data / name, target)
        for path in [target, *target.iterdir()]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        return target.parent

    return copied


@pytest.fixture
def shop(tmp_path):
    """A SQLite database made by a script; its path."""

    def made(script: str) -> Path:
        path = tmp_path / "shop.sqlite"
        with sqlite3.connect(path) as connection:
            connection.executescript(script)
        connection.close()
        return path

    return made
