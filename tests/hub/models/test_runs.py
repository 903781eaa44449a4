"""When a run is started, and when one that lost its execution is started again; Step Functions and DynamoDB by moto."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from hub import aws
from hub.config import compiled
from hub.models import runs
from hub.models.records import Release, Run, iso
from hub.models.store import CURRENT, RunStore
from tests.sql.lake import create_table, entity_hub

RUN = "r20260101T000000aaaa"
MACHINE = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
NOW = datetime.now(UTC)


@dataclass
class Hub:
    """What `resume_stuck` and `start_if_due` need to know, and the doubles behind it."""

    control_table: str
    run_machine_arn: str
    hub_home: Path

    @property
    def store(self) -> RunStore:
        return RunStore(self.control_table)

    def put(self, pk: str, sk: str, **item: Any) -> None:
        aws.table(self.control_table).put_item(Item={"pk": pk, "sk": sk, **item})

    def lease(self, seconds_ago: int) -> None:
        assert self.store.take_lease(RUN, NOW - timedelta(seconds=seconds_ago))

    def run(self, state: str, pulls: dict[str, int] | None = None, ended: timedelta | None = None) -> None:
        windows = {name: (0, to) for name, to in (pulls or {}).items()}
        given = {
            "run_id": RUN, "state": state, "reason": "test", "pulls": windows,
            "waves": [], "maintenance": [], "names": {}, "fingerprints": {}, "layouts": {}, "sql_version": "1",
            "base_release": None, "started_at": iso(NOW - timedelta(hours=3)),
        }  # fmt: skip
        self.store.add_run(Run(**given, ended_at=iso(NOW - ended) if ended else None), [], 2_000_000_000)

    def release(self, **pulls: int) -> None:
        given = Release(release_id=RUN, run_id=RUN, tables={}, released_at=iso(NOW), sql_version="1")
        self.put(**CURRENT, **given.model_dump() | {"pulls": {f"crm.{name}": seq for name, seq in pulls.items()}})

    def pulled(self, data_set: str, seq: int, minutes_ago: int = 0) -> None:
        """A data set's last complete pull."""
        ended = iso(NOW - timedelta(minutes=minutes_ago))
        self.put(f"data_set#crm.{data_set}", "state", last_complete_seq=seq)
        self.put(f"data_set#crm.{data_set}", f"pull#{seq:08d}", pull_seq=seq, state="complete", ended_at=ended)

    def pulling(self, data_set: str) -> None:
        self.put(f"data_set#crm.{data_set}", "state", lease_until=int(NOW.timestamp()) + 60)

    def execute(self) -> None:
        """An execution that is under way."""
        aws.client("stepfunctions").start_execution(stateMachineArn=self.run_machine_arn, input="{}")

    def executions(self) -> list[dict[str, Any]]:
        """The inputs of those that are under way."""
        client = aws.client("stepfunctions")
        found = client.list_executions(stateMachineArn=self.run_machine_arn, statusFilter="RUNNING")["executions"]
        return [json.loads(client.describe_execution(executionArn=e["executionArn"])["input"]) for e in found]

    def end_executions(self) -> None:
        client = aws.client("stepfunctions")
        for each in client.list_executions(stateMachineArn=self.run_machine_arn)["executions"]:
            client.stop_execution(executionArn=each["executionArn"])


@pytest.fixture
def hub(monkeypatch, tmp_path) -> Iterator[Hub]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    (tmp_path / "deployment.json").write_text(entity_hub().model_dump_json())
    compiled.read.cache_clear()
    with mock_aws():
        aws.reset()
        create_table(boto3.client("dynamodb"), "control")
        machine = boto3.client("stepfunctions").create_state_machine(
            name="run", definition=json.dumps(MACHINE), roleArn="arn:aws:iam::123456789012:role/run"
        )
        yield Hub("control", machine["stateMachineArn"], tmp_path)
    aws.reset()
    compiled.read.cache_clear()


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Let the clock of hub.models.runs stand."""

    class Standing(datetime):
        @classmethod
        def now(cls, tz=None):
            return moment

    monkeypatch.setattr(runs, "datetime", Standing)


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch):
    """The cases count from NOW, which is taken when the tests are collected."""
    at(monkeypatch, NOW)


RESUMED = [{"reason": "resumed", "run_id": RUN}]


@pytest.mark.parametrize(
    ("lease_renewed", "state", "restarted", "resumed", "why"),
    [
        (30, "running", False, True, "its execution was lost"),
        (300, "running", False, True, "the lease is over, but nobody else has begun a run"),
        (30, "released", False, True, "profiles and maintenance come after the release"),
        (5, "running", False, False, "its execution may be about to start"),
        (5, "running", True, True, "executions died with the machine, whatever the lease says"),
        (5, "failed", True, False, "a failed run is not gone on with"),
    ],
)
def test_a_run_without_an_execution_is_resumed(hub, lease_renewed, state, restarted, resumed, why):
    hub.run(state)
    hub.lease(lease_renewed)
    assert runs.resume_stuck(hub, restarted) == ([RUN] if resumed else []), why
    assert hub.executions() == (RESUMED if resumed else []), why


def test_nothing_is_resumed_without_a_lease(hub):
    hub.run("running")
    assert runs.resume_stuck(hub, restarted=True) == []
    assert hub.executions() == []


def test_a_run_with_an_execution_is_left_alone(hub):
    hub.run("running")
    hub.lease(300)
    hub.execute()
    assert runs.resume_stuck(hub, restarted=True) == []
    assert hub.executions() == [{}]


@pytest.mark.parametrize(
    ("state", "why"), [("failed", "it ended"), (None, "its plan died before it was written; nothing has begun")]
)
def test_a_lease_that_no_run_will_give_back_is_freed(hub, state, why):
    if state:
        hub.run(state)
    hub.lease(30)
    assert runs.resume_stuck(hub) == [], why
    assert hub.store.lease() is None, why


def test_two_sweeps_at_once_start_one_execution(hub, monkeypatch):
    hub.run("running")
    hub.lease(30)
    at(monkeypatch, NOW)
    monkeypatch.setattr(runs, "_executing", lambda _: False)  # the second has looked before the first started it
    assert [runs.resume_stuck(hub), runs.resume_stuck(hub)] == [[RUN], [RUN]]
    assert hub.executions() == RESUMED


def test_a_resumed_execution_that_died_before_it_took_the_lease_is_started_again(hub, monkeypatch):
    """Such as when `plan` cannot even be loaded: once it is mended, the run goes on."""
    hub.run("running")
    hub.lease(30)
    at(monkeypatch, NOW)
    assert runs.resume_stuck(hub) == [RUN]
    hub.end_executions()
    at(monkeypatch, NOW + timedelta(minutes=1))
    assert runs.resume_stuck(hub) == [RUN]
    assert hub.executions() == RESUMED


NEW = "customer"


def failed_before(hub: Hub, ended: timedelta, to: int = 2) -> None:
    hub.pulled(NEW, 2)
    hub.run("failed", {"crm.customer": to}, ended)


@pytest.mark.parametrize(
    ("given", "due", "why"),
    [
        (lambda hub: None, False, "nothing was ever pulled"),
        (lambda hub: hub.pulled(NEW, 1), True, "the first pull"),
        (lambda hub: (hub.pulled(NEW, 2), hub.release(customer=2)), False, "the release has it"),
        (lambda hub: (hub.pulled(NEW, 3), hub.release(customer=2)), True, "the release has only the one before"),
        (lambda hub: (hub.pulled(NEW, 1), hub.release(product=9)), True, "the release knows nothing of the data set"),
        (lambda hub: (hub.pulled(NEW, 1), hub.lease(5)), False, "a run is under way"),
        (lambda hub: (hub.pulled(NEW, 1), hub.lease(900)), False, "a stuck run is resumed, not overtaken"),
        (lambda hub: (hub.pulled(NEW, 1), hub.execute()), False, "a run is about to be planned"),
        (lambda hub: (hub.pulled(NEW, 1, 1), hub.pulling("product")), False, "another pull is about to complete"),
        (lambda hub: (hub.pulled(NEW, 1, 6), hub.pulling("product")), True, "others are not waited for without end"),
        (lambda hub: failed_before(hub, timedelta(minutes=10)), False, "the same pulls would fail alike"),
        (lambda hub: failed_before(hub, timedelta(hours=2)), True, "somebody may have mended the SQL meanwhile"),
        (lambda hub: failed_before(hub, timedelta(minutes=10), to=1), True, "the failed run had not this pull"),
    ],
)
def test_a_run_starts_when_there_is_something_new(hub, given, due, why):
    given(hub)
    before = hub.executions()
    assert runs.start_if_due(hub) is due, why
    assert hub.executions() == before + ([{"reason": "pulls"}] if due else []), why


def decided(hub: Hub, *minutes_ago: int) -> None:
    """Decisions after a release whose run began three hours ago."""
    hub.run("released")
    hub.release(customer=2)
    for minutes in minutes_ago:
        hub.store.note_decided(iso(NOW - timedelta(minutes=minutes)))


def and_run(hub: Hub, state: str, minutes_ago: int) -> None:
    then = iso(NOW - timedelta(minutes=minutes_ago))
    newer = hub.store.runs(1)[0].model_copy(
        update={"run_id": "r20990101T000000bbbb", "state": state, "started_at": then, "ended_at": then}
    )
    hub.store.add_run(newer, [], 2_000_000_000)


@pytest.mark.parametrize(
    ("given", "due", "why"),
    [
        (lambda hub: decided(hub), False, "nobody decided anything"),
        (lambda hub: decided(hub, 200), False, "the released run began after it"),
        (lambda hub: decided(hub, 4), False, "the steward may go on"),
        (lambda hub: decided(hub, 6), True, "the steward is quiet"),
        (lambda hub: decided(hub, 29, 1), False, "still at work"),
        (lambda hub: decided(hub, 31, 1), True, "a long day's first decision is not kept waiting"),
        (lambda hub: (decided(hub, 40), hub.store.asked_for(), hub.store.note_decided(iso(NOW))), False,
         "the first wait was over with the run that was asked for"),
        (lambda hub: (decided(hub, 6), hub.lease(5)), False, "a run is under way"),
        (lambda hub: (decided(hub, 30), and_run(hub, "failed", 20)), False, "the same would fail alike"),
        (lambda hub: (decided(hub, 90), and_run(hub, "failed", 70)), True, "an hour after a failure"),
        (lambda hub: hub.store.note_decided(iso(NOW - timedelta(hours=1))), False, "nothing was ever released"),
    ],
)  # fmt: skip
def test_a_run_starts_when_stewards_have_decided(hub, given, due, why):
    given(hub)
    before = hub.executions()
    assert runs.start_if_due(hub) is due, why
    assert hub.executions() == before + ([{"reason": "decisions"}] if due else []), why
    assert runs.start_if_due(hub) is False, "one run for them"


def test_one_pull_starts_one_run(hub):
    hub.pulled(NEW, 1)
    assert [runs.start_if_due(hub), runs.start_if_due(hub)] == [True, False]
    assert hub.executions() == [{"reason": "pulls"}]
