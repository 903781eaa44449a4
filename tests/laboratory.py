"""An Athena API to test against: a fresh MiniStack for S3 and Glue, and the engine that ENGINE names."""

import json
import os
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from infra.local.athena.__main__ import open_engine
from infra.local.athena.catalogue import Catalogue
from infra.local.athena.server import Server
from infra.local.athena.service import Service
from infra.local.trino.jdk import MissingTool, find_jdk, find_maven
from tests.ports import free_port

ROOT = Path(__file__).parents[1]
EMULATOR = ROOT / ".local/emulator/bin/ministack"
ENGINE = os.environ.get("ENGINE", "duckdb")
BUCKET = "lake"
PATIENCE = 180  # seconds for a statement, on a busy machine
FINISHED = ("SUCCEEDED", "FAILED", "CANCELLED")


@dataclass(frozen=True)
class Answer:
    """A finished execution: its state, what GetQueryExecution says, and its rows as text under the column names."""

    execution: dict[str, Any]
    columns: list[dict[str, Any]]
    rows: list[list[str | None]]
    updated: int | None

    @property
    def state(self) -> str:
        return self.execution["Status"]["State"]

    @property
    def reason(self) -> str:
        return self.execution["Status"].get("StateChangeReason", "")


@dataclass
class Laboratory:
    """One Athena API with its S3 and Glue. `environment` makes any AWS client use it; nothing else does."""

    environment: dict[str, str]
    service: Service
    catalogue: Catalogue

    @cached_property
    def session(self) -> boto3.Session:
        """Clients of one session share what botocore has read of the services."""
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")
        key, secret, region = (self.environment[name] for name in names)
        return boto3.Session(key, secret, region_name=region)

    def enter(self, patch: pytest.MonkeyPatch) -> None:
        """From here on, every AWS client that is made uses it."""
        for name, value in self.environment.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", self.session)  # else the first one that was made stays
        prompt = SimpleNamespace(monotonic=time.monotonic, sleep=self.service.pause)
        patch.setattr("hub.models.athena.time", prompt)  # the hub asks again when there is something to tell

    @cached_property
    def client(self) -> Any:
        return self.session.client("athena", endpoint_url=self.environment["AWS_ENDPOINT_URL_ATHENA"])

    def run(self, sql: str, database: str = "default", **request: Any) -> Answer:
        """Start a statement and wait for its end, whatever it is."""
        return self.answer(self.start(sql, database, **request))

    def start(self, sql: str, database: str = "default", **request: Any) -> str:
        """Start a statement; its execution's id."""
        output = {"OutputLocation": f"s3://{BUCKET}/results/"}
        started = self.client.start_query_execution(
            **{"QueryString": sql, "QueryExecutionContext": {"Database": database}, "ResultConfiguration": output}
            | request
        )
        return str(started["QueryExecutionId"])

    def answer(self, identifier: str) -> Answer:
        """The end of an execution, and its first page of rows."""
        client = self.client
        execution = self.finished(identifier)
        if execution["Status"]["State"] != "SUCCEEDED":
            return Answer(execution, [], [], None)
        found = client.get_query_results(QueryExecutionId=identifier)
        rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in found["ResultSet"]["Rows"]]
        columns = found["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        headless = execution["StatementType"] != "DML" or not columns
        return Answer(execution, columns, rows if headless else rows[1:], found.get("UpdateCount"))

    def rows(self, sql: str, database: str = "default", **request: Any) -> list[list[str | None]]:
        """The rows of a statement that must succeed."""
        answer = self.run(sql, database, **request)
        assert answer.state == "SUCCEEDED", f"{sql}\n{answer.reason}"
        return answer.rows

    def finished(self, identifier: str) -> dict[str, Any]:
        """The execution once it has ended; waits on the service's own signal."""
        assert self.service.wait(identifier, PATIENCE), f"{identifier} is still running after {PATIENCE} s"
        return self.client.get_query_execution(QueryExecutionId=identifier)["QueryExecution"]


@contextmanager
def laboratory(folder: Path, engine: str = ENGINE) -> Iterator[Laboratory]:
    """Start it all, with state in `folder`; skips the test where a part is not on this machine."""
    if not EMULATOR.exists():
        pytest.skip("the laptop's AWS is not installed: make ready")
    if engine == "trino":
        try:
            find_jdk(), find_maven()
        except MissingTool as reason:
            pytest.skip(str(reason))
    with ExitStack() as stack:
        environment = stack.enter_context(_emulator(folder))
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            catalogue = Catalogue(folder / "cache")
            catalogue.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
            catalogue.glue.create_database(DatabaseInput={"Name": "default"})
            service = Service(open_engine(engine, catalogue, stack), catalogue)
        stack.callback(service.close)
        server = Server(service, 0)
        stack.callback(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.callback(server.shutdown)
        yield Laboratory(environment | {"AWS_ENDPOINT_URL_ATHENA": server.address}, service, catalogue)


@contextmanager
def _emulator(folder: Path) -> Iterator[dict[str, str]]:
    """A MiniStack that keeps nothing; the environment that AWS clients need to reach it."""
    port = free_port()
    settings = {"BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "GATEWAY_PORT": str(port)}
    settings["TMPDIR"] = str(folder)
    settings["AWS_SECRET_ACCESS_KEY"] = "local"  # it checks the signatures of links with its own key
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen([EMULATOR], env=inherited | settings, cwd=folder, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/_ministack/health", process)
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "123456789012",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                json.load(reply)
            return
        except (urllib.error.URLError, ConnectionError):
            threading.Event().wait(0.05)
    raise AssertionError(f"{url} does not answer")
