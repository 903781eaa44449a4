"""OPTIMIZE and VACUUM after a release: what is released stays readable, what only old releases showed goes."""

from datetime import timedelta

import pytest

from hub import aws
from hub.models.athena import Athena, Execution, QueryFailed
from hub.models.names import released
from tests.storm.runs.small import order, shown, small_models

TABLES = ("plain", "counted")


@pytest.fixture
def lake(make_lake, tmp_path):
    return make_lake(None, small_models(tmp_path / "models"))


def grow_old(lake) -> None:
    """The next VACUUM finds all snapshots older than what it keeps, as after a week on which nobody ran anything."""
    for name in TABLES:
        table = f"{lake.stage}_reporting.{name}"
        lake.query(f"ALTER TABLE {table} SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds' = '0')")
    lake.now += timedelta(days=7)


def data_files(lake, name: str = "plain") -> set[str]:
    pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=lake.reporting)
    keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
    return {key for key in keys if f"/{name}/" in key and key.endswith(".parquet")}


def named_files(lake, name: str = "plain") -> set[str]:
    """The data files of the table as it is now."""
    rows = lake.query(f'select file_path from "{lake.stage}_reporting"."{name}$files"')
    return {str(row["file_path"]).partition(f"{lake.reporting}/")[2] for row in rows}


def orders_of(lake, release_id: str) -> set[str]:
    table = released(lake.store.release(release_id), "reporting.plain", lake.stage)
    return {f"{row['record_key']}={row['status']}" for row in lake.query(f"select * from {table} where not _deleted")}


def test_maintenance_is_due_once_a_day(lake):
    due = []
    for hours in (0, 1, 1, 20, 1):
        lake.now += timedelta(hours=hours)
        lake.pull("crm", "sales_order", [order("a", "s", len(due) + 1)])
        due.append(bool(lake.store.run(lake.run()).maintenance))
    assert due == [False, True, False, True, False], "there is nothing to tidy up after the first run"


def test_the_release_stays_readable_and_what_only_old_ones_showed_goes(lake):
    made = []
    for number in range(1, 5):
        lake.pull("crm", "sales_order", [order("a", f"s{number}", number), order(f"o{number}", "new", number)])
        made.append(lake.run())
    grow_old(lake)
    lake.pull("crm", "sales_order", [order("a", "s5", 5)])
    before = data_files(lake)
    run_id = lake.run(maintain=True)
    assert {step.state for step in lake.store.steps(run_id)} == {"done"}
    expected = {"a=s5", "o1=new", "o2=new", "o3=new", "o4=new"}
    assert orders_of(lake, run_id) == expected
    assert shown(lake)[1] == [("5", " ".join(sorted(expected)))]
    assert before - data_files(lake), "files of old snapshots are deleted"
    for old in made:
        with pytest.raises(QueryFailed):
            orders_of(lake, old)

    grow_old(lake)  # the next maintenance takes what this one has left for the readers of its release
    assert orders_of(lake, lake.run(maintain=True)) == expected
    assert data_files(lake) == named_files(lake)


def test_a_table_that_no_run_wrote_for_long_stays_readable_too(lake):
    """Its released snapshot is old, and OPTIMIZE makes a newer one: VACUUM must not take the old for it."""
    lake.pull("crm", "sales_order", [order("a", "s1", 1), order("b", "s1", 1)])
    lake.run()
    grow_old(lake)
    run_id = lake.run(maintain=True)
    assert "reporting.plain" not in {name for wave in lake.store.run(run_id).waves for name in wave}
    assert orders_of(lake, run_id) == {"a=s1", "b=s1"}
    grow_old(lake)
    assert orders_of(lake, lake.run(maintain=True)) == {"a=s1", "b=s1"}
    assert data_files(lake) == named_files(lake)


def test_an_optimize_that_is_done_again_does_not_vacuum_again(lake, monkeypatch):
    """It may have made a newer snapshot before it failed; the released one is then not the newest any more."""
    lake.pull("crm", "sales_order", [order("a", "s1", 1), order("b", "s1", 1)])
    lake.run()
    grow_old(lake)
    wait, failed = Athena.wait, []

    def once_failing(self, execution: str, seconds: float) -> Execution:
        found = wait(self, execution, seconds)
        sql = aws.client("athena").get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Query"]
        if found.done and sql.startswith("OPTIMIZE") and sql not in failed:
            failed.append(sql)
            return Execution("FAILED", "GENERIC_INTERNAL_ERROR: the answer of the commit was lost")
        return found

    monkeypatch.setattr(Athena, "wait", once_failing)
    run_id = lake.run(maintain=True)
    assert len(failed) == len(lake.store.run(run_id).maintenance)
    assert orders_of(lake, run_id) == {"a=s1", "b=s1"}
