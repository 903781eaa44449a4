import json
from datetime import UTC, datetime

import boto3
import pytest

from hub.models import loader
from hub.models.records import Release, Run, Step, Text
from hub.models.store import RunStore
from tests.functions.conftest import make_table
from tests.sql.lake import ROOT, home_of

MACHINE = {"Comment": "", "StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


def run(run_id: str, **more) -> Run:
    given = {
        "state": "running",
        "reason": "test",
        "pulls": {"crm.contacts": (1, 3), "shop.orders": (2, 2)},
        "started_at": "2026-01-01T00:00:00Z",
    }
    given |= {
        "waves": [["vault.erasure"], ["reporting.customer"]],
        "maintenance": [],
        "names": {},
        "fingerprints": {},
        "layouts": {},
    }
    return Run(run_id=run_id, sql_version="abc", base_release=None, **(given | more))


def release(run_id: str, previous: str | None) -> Release:
    tables = {"reporting.customer": "123", "vault.customer": "5"}
    return Release(
        release_id=run_id,
        run_id=run_id,
        tables=tables,
        released_at="2026-01-01T00:01:00Z",
        sql_version="abc",
        previous=previous,
    )


@pytest.fixture
def store(on_moto, tmp_path):
    arn = boto3.client("stepfunctions").create_state_machine(
        name="run", definition=json.dumps(MACHINE), roleArn="arn:aws:iam::123456789012:role/run"
    )["stateMachineArn"]
    for name, value in {
        "CONTROL_TABLE": "control",
        "RUN_MACHINE_ARN": arn,
        "HUB_HOME": str(home_of(tmp_path, [ROOT / "sql"])),
    }.items():
        on_moto.setenv(name, value)
    make_table("control")
    loader.read.cache_clear()
    return RunStore("control")


@pytest.fixture
def runs(store, gateway):
    return gateway("runs")


def add(store: RunStore, *ids: str) -> None:
    for run_id in ids:
        steps = [Step(run_id=run_id, name="vault.erasure", kind="write", statements=[Text(key="k")])]
        store.add_run(run(run_id), steps, 2_000_000_000)


def test_runs_from_the_newest_page_by_page(runs, store):
    add(store, "r20260101T000000aaaa", "r20260102T000000aaaa", "r20260103T000000aaaa")
    first = runs("GET", "/v1/runs", role="viewer", query="limit=2").body
    second = runs("GET", "/v1/runs", role="viewer", query=f"limit=2&after={first['next']}").body
    ids = [each["run_id"][:9] for each in first["items"] + second["items"]]
    assert (ids, second["next"]) == (["r20260103", "r20260102", "r20260101"], None)
    assert first["items"][0]["pulls"] == {"crm.contacts": {"after": 1, "to": 3}}, "only what it takes in"


def test_one_run_with_its_steps(runs, store):
    add(store, "r20260101T000000aaaa")
    shown = runs("GET", "/v1/runs/r20260101T000000aaaa", role="viewer").body
    assert [[step["name"] for step in wave] for wave in shown["waves"]] == [["vault.erasure"], []]
    assert runs("GET", "/v1/runs/nothing", role="viewer").status == 404


def test_how_a_run_matched(runs, store):
    add(store, "r20260101T000000aaaa")
    path = "/v1/runs/r20260101T000000aaaa/matching"
    assert runs("GET", path, role="viewer").status == 404, "it has not matched yet"
    store.note_statement("r20260101T000000aaaa", 1, "select 1", 2_000_000_000)
    store.note_statement("r20260101T000000aaaa", 2, "select 2", 2_000_000_000)
    dropped = [{"key": "city alone", "cap": 1, "values": 1, "records": 9, "pairs": 36, "largest": 9}]
    told = {"model": '{"person_prior": -3}', "settings": '{"threshold": 0.5}', "weights": ["given equal 9.1"]}
    told |= {"learned": {"run_id": "r20260101T000000aaaa", "records": 9}}
    told |= {"records": 9, "pairs": 4, "dropped": dropped, "conflicts": [["a", "b"]]}
    store.note_matching("r20260101T000000aaaa", told)
    shown = runs("GET", path, role="viewer").body
    assert shown["model"] == {"person_prior": -3}
    assert (shown["records"], shown["pairs"], shown["dropped"]) == (9, 4, dropped)
    assert (shown["statements"], shown["conflicts"]) == (["select 1", "select 2"], [["a", "b"]])


def test_asking_for_a_run_starts_the_machine(runs, store):
    assert runs("POST", "/v1/runs", role="operator").status == 202
    machine = boto3.client("stepfunctions").list_state_machines()["stateMachines"][0]["stateMachineArn"]
    assert len(boto3.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]) == 1


def test_tables_are_those_of_the_release(runs, store):
    assert runs("GET", "/v1/tables", role="viewer").body == {"release": None, "tables": []}
    add(store, "r20260101T000000aaaa")
    assert store.commit(release("r20260101T000000aaaa", None))
    shown = runs("GET", "/v1/tables", role="viewer").body
    assert [table["name"] for table in shown["tables"]] == ["reporting.customer"], "no table of the vault"
    assert {column["name"] for column in shown["tables"][0]["columns"]} >= {"customer_id", "age_band"}


def test_a_release_is_one_conditional_write(store):
    add(store, "r20260101T000000aaaa", "r20260102T000000aaaa", "r20260103T000000aaaa")
    assert store.commit(release("r20260101T000000aaaa", None))
    assert not store.commit(release("r20260102T000000aaaa", None)), "planned before there was a release"
    assert not store.commit(release("r20260101T000000aaaa", "r20260101T000000aaaa")), "its run is not running any more"
    assert store.fail_run("r20260103T000000aaaa", "check", datetime.now(UTC))
    assert not store.commit(release("r20260103T000000aaaa", "r20260101T000000aaaa")), "a failed run"
    assert store.current_release().release_id == "r20260101T000000aaaa"
    assert store.commit(release("r20260102T000000aaaa", "r20260101T000000aaaa"))
    assert store.run("r20260102T000000aaaa").state == "released"


def test_one_run_at_a_time(store):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert store.take_lease("r1", at)
    assert not store.take_lease("r2", at), "another run has it"
    assert store.take_lease("r1", at), "the same run goes on"
    assert store.take_lease("r2", at.replace(hour=1)), "it has expired"
    store.free_lease("r1")
    assert store.lease()[0] == "r2", "a run cannot free another's"


def test_two_workers_cannot_both_move_a_step_on(store):
    add(store, "r20260101T000000aaaa")
    step = store.step("r20260101T000000aaaa", "vault.erasure")
    assert store.move(step, execution="first").execution == "first"
    assert store.move(step, execution="second").execution == "first", "it learns what the other did"
