"""One SQL text, the same rows: the laptop on DuckDB and the laptop on Trino, from the same applications."""

import csv
import io
import shutil
from collections.abc import Iterator

import pytest

from infra.local.laptop import STAGE
from infra.local.trino.jdk import MissingTool, find_jdk, find_maven
from tests.e2e.harness import Running, new_laptop, wait_until

FIRST_RELEASE = 300  # seconds; Trino starts cold
OF_THE_RUN = {"_run_id"}  # columns that say which run wrote a row, not what it says


@pytest.fixture(scope="module")
def on_trino(tmp_path_factory: pytest.TempPathFactory, running: Running) -> Iterator[Running]:
    try:
        find_jdk(), find_maven()
    except MissingTool as reason:
        pytest.skip(str(reason))
    home = tmp_path_factory.mktemp("trino")
    other = Running(new_laptop(home, engine="trino"))
    shutil.copytree(running.laptop.shop.parent, home / "demo")
    # the same keys, or every token would differ
    (home / "state/aws").mkdir(parents=True)
    shutil.copy(running.laptop.state / "aws/ssm.json", home / "state/aws/ssm.json")
    (home / "state/stopped-in-order").touch()
    other.start()
    try:
        other.wait_for_line("is out", FIRST_RELEASE)
        yield other
    finally:
        other.stop()


def rows(laptop: Running, table: str) -> list[tuple[tuple[str, str | None], ...]]:
    """Every row of a released table, columns by name, in one order."""
    athena, s3 = laptop.client("athena"), laptop.client("s3")
    query = athena.start_query_execution(
        QueryString=f'SELECT * FROM "{STAGE}_reporting"."{table}"', WorkGroup=f"{STAGE}-reports"
    )["QueryExecutionId"]

    def done() -> dict | None:
        found = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
        return found if found["Status"]["State"] not in ("QUEUED", "RUNNING") else None

    execution = wait_until(done, 120, table)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    found = csv.DictReader(io.StringIO(text))
    return sorted(tuple(sorted((k, v) for k, v in row.items() if k not in OF_THE_RUN)) for row in found)


def reporting_tables(laptop: Running) -> set[str]:
    pages = laptop.client("glue").get_paginator("get_tables").paginate(DatabaseName=f"{STAGE}_reporting")
    return {table["Name"] for page in pages for table in page["TableList"]}


def test_both_engines_make_the_same_tables(running, on_trino):
    assert reporting_tables(running) == reporting_tables(on_trino) >= {"customer", "customer_key", "sales_order"}


@pytest.mark.parametrize("table", ["customer", "customer_key", "product", "sales_order", "order_line", "interaction"])
def test_both_engines_give_the_same_rows(running, on_trino, table):
    ours, theirs = rows(running, table), rows(on_trino, table)
    assert ours and ours == theirs
