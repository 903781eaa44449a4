"""Refused rows tried again: where they stand in the order of versions, what stays open, what overrules them."""

import gzip
import json
from itertools import pairwise

import boto3
import pytest

from hub.pulls import steps
from hub.pulls.quarantine import Asked, Quarantine
from hub.pulls.store import LEASE_SECONDS
from hub.pulls.sweep import sweep_with
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL, VAULT
from tests.hub.sources import double

CONTACTS, CALLS = "crm.contacts", "calls.calls"
WHOLE = "      changed_since: {parameter: updated_since, column: updated_at, overlap: 1 hour}\n"
KEYLESS = "    keys: {business: [contact_id], change: updated_at}\n"


@pytest.fixture
def crm(bench, deployment):
    """made(rows) -> the API and an engine that has pulled it once; `without`: lines of the manifest to leave out."""
    with double.serving(double.Api([])) as api:

        def made(rows, *without):
            api.rows[:] = rows
            text = manifests.crm(api.url)
            for line in without:
                assert line in text
                text = text.replace(line, "")
            found = bench(deployment(crm=text))
            assert found.pull(CONTACTS).state == "complete"
            return api, found

        yield made


def ask(bench, pull_id, *corrections):
    """Let a replay wait: corrections are (row, values) or (batch, row, values); none for every open line."""
    pull = bench.engine.store.get(pull_id)
    told = [dict(zip(("batch", "row", "values"), (1, *each)[-3:], strict=True)) for each in corrections] or None
    number = Quarantine(VAULT).ask(pull, Asked.model_validate({"corrections": told}))
    assert bench.engine.store.wait_to_replay(f"{pull.source}.{pull.data_set}", f"{number} somebody")


def replayed(bench, pull_id, *corrections):
    ask(bench, pull_id, *corrections)
    name = pull_id.rpartition(".")[0]
    return bench.pull(name, replay=True)


def lines(bench, pull_id):
    store = bench.engine.store
    return list(Quarantine(VAULT).lines(store.get(pull_id), store.batches(pull_id)))


def newest(bench, name, key, whole=False):
    """The version of each record that the models keep: by as-of, changed_at, pull, batch, row."""
    found = {}
    for row in bench.staged(name).to_pylist():
        changed = row.get("updated_at") or row["_pulled_at"]
        order = (row["_pulled_at"] if whole else changed, changed, row["_pull_seq"], row["_batch"], row["_row"])
        if row["_record_key"] not in found or order > found[row["_record_key"]][0]:
            found[row["_record_key"]] = (order, row)
    return {row[key]: row for _, row in found.values() if row[key] is not None}


def test_a_replayed_row_is_staged_as_if_it_had_passed_at_once(crm):
    broken = manifests.contact(4, age=999, colour="red")
    _, bench = crm([*(manifests.contact(n) for n in range(4)), broken, *(manifests.contact(n) for n in range(5, 35))])
    pull = replayed(bench, "crm.contacts.00000001", (5, {"age": "44"}))
    assert (pull.state, pull.received, pull.staged, pull.declared_by_source, pull.balanced) == (
        "complete",
        1,
        1,
        1,
        True,
    )
    assert (pull.replay_of, pull.asked_by) == ("crm.contacts.00000001", "somebody")
    (row,) = bench.staged(CONTACTS, [pull.pull_id]).to_pylist()
    first = bench.engine.store.get("crm.contacts.00000001")
    assert (row["_pull_seq"], row["_batch"], row["_row"]) == (1, 1, 5), "the place that it had at first"
    assert f"{row['_pulled_at'].isoformat(timespec='milliseconds')}Z" == first.started_at
    assert (row["contact_id"], row["age"], json.loads(row["_extra"])) == ("C0004", 44, {"colour": "red"})
    state = bench.engine.store.state(CONTACTS)
    assert (state["last_complete_seq"], state["last_fetch_seq"], state.get("replays")) == (2, 1, [])
    assert "running_pull" not in state
    assert state["as_of"] == first.started_at, "a replay makes the data no fresher"
    assert bench.pull(CONTACTS).cursor_from == first.cursor_to, "a replay moves no cursor"


def test_a_row_that_fails_again_is_open_in_one_place_only(crm):
    _, bench = crm([manifests.contact(n, **({"age": 999} if n == 4 else {})) for n in range(35)])
    second = replayed(bench, "crm.contacts.00000001", (5, {"age": "-1", "stage": "?"}))
    assert (second.received, second.quarantined, second.state) == (1, 1, "complete")
    (was,), (now,) = lines(bench, "crm.contacts.00000001"), lines(bench, second.pull_id)
    assert (was.settled.by, was.settled.fate, was.record["age"]) == (second.pull_id, "quarantined", 999)
    assert (now.settled, now.record["age"], [each["rule"] for each in now.failures]) == (
        None,
        "-1",
        ["between", "one_of"],
    )
    third = replayed(bench, second.pull_id, (1, {"age": "44", "stage": "lead"}))
    (row,) = bench.staged(CONTACTS, [third.pull_id]).to_pylist()
    assert (row["age"], row["_pull_seq"], row["_row"]) == (44, 1, 5), "its place is that of the first pull"


def test_two_people_who_ask_for_one_row_stage_it_once(crm):
    _, bench = crm([manifests.contact(n, **({"age": 999} if n == 4 else {})) for n in range(35)])
    ask(bench, "crm.contacts.00000001", (5, {"age": "44"}))
    ask(bench, "crm.contacts.00000001", (5, {"age": "45"}))
    later = bench.pull(CONTACTS, replay=True)
    assert (later.pull_seq, later.state, later.received, later.staged) == (3, "complete", 0, 0)
    assert [row["age"] for row in bench.staged(CONTACTS).to_pylist() if row["contact_id"] == "C0004"] == [44]


@pytest.mark.parametrize(
    ("changed", "age", "why"),
    [
        ("2024-05-02T00:00:00Z", 60, "a newer version stays"),
        ("2024-05-01T00:00:04Z", 60, "told to have changed at the same time, the later pull is right"),
        ("2024-04-01T00:00:00Z", 44, "by its own word the later pull has an older version"),
    ],
)
def test_a_replay_overwrites_nothing_newer(crm, changed, age, why):
    api, bench = crm([manifests.contact(n, **({"age": 999} if n == 4 else {})) for n in range(35)])
    api.rows[4] = manifests.contact(4, age=60, updated_at=changed)
    api.answer = lambda query: {"items": api.rows, "next_cursor": None, "total": len(api.rows)}
    assert bench.pull(CONTACTS).state == "complete"
    assert replayed(bench, "crm.contacts.00000001", (5, {"age": "44"})).staged == 1
    assert newest(bench, CONTACTS, "contact_id")["C0004"]["age"] == age, why


def test_where_everything_is_read_a_newer_fetch_overrules(crm):
    rows = [manifests.contact(n, **({"age": 999} if n == 4 else {})) for n in range(35)]
    _, bench = crm(rows, WHOLE)
    ask(bench, "crm.contacts.00000001", (5, {"age": "44"}))
    bench.engine.store._table.update_item(  # the fetch came first, as when the replay waits behind a pull under way
        Key={"pk": "data_set#crm.contacts", "sk": "state"}, UpdateExpression="SET kept = replays REMOVE replays"
    )
    assert bench.pull(CONTACTS).state == "complete"
    bench.engine.store._table.update_item(
        Key={"pk": "data_set#crm.contacts", "sk": "state"}, UpdateExpression="SET replays = kept"
    )
    pull = bench.pull(CONTACTS, replay=True)
    assert (pull.received, pull.staged, pull.filtered, pull.rules) == (1, 0, 1, {"filtered: superseded": 1})
    assert replayed(bench, "crm.contacts.00000002", (5, {"age": "45"})).staged == 1, "there it is corrected"


@pytest.mark.parametrize(
    ("correction", "key", "why"),
    [({"age": "44"}, "C0004", "the key was read"), ({"age": "44", "contact_id": "C9999"}, "C9999", "a new key")],
)
def test_a_replayed_record_that_vanishes_is_deleted(crm, correction, key, why):
    rows = [manifests.contact(n, **({"age": 999} if n == 4 else {})) for n in range(35)]
    api, bench = crm(rows, WHOLE)
    assert replayed(bench, "crm.contacts.00000001", (5, correction)).staged == 1
    token = newest(bench, CONTACTS, "contact_id", whole=True)[key]["_record_key"]
    del api.rows[4]
    pull = bench.pull(CONTACTS)
    gone = {row["_record_key"] for row in bench.staged(CONTACTS, [pull.pull_id]).to_pylist() if row["_deleted"]}
    assert token in gone, why


def test_a_replay_goes_before_the_fetch_that_found_it_waiting(crm):
    _, bench = crm([manifests.contact(n, **({"age": 999} if n == 4 else {})) for n in range(35)], WHOLE)
    ask(bench, "crm.contacts.00000001", (5, {"age": "44"}))
    last = bench.pull(CONTACTS, scheduled_at="2099-01-01T00:00:00Z")
    assert (last.pull_seq, last.replay_of) == (3, None)
    assert bench.engine.store.get("crm.contacts.00000002").staged == 1


def test_rows_without_a_key_keep_theirs(bench, deployment, cloud):
    bench = bench(deployment(calls=manifests.calls(keyed=False)))
    s3 = boto3.client("s3")
    good = "".join(f"c{n},{n}\n" for n in range(18))
    s3.put_object(Bucket=VAULT, Key="drop/calls/a.csv", Body=f"call_id,minutes\n{good}x1,soon\nx2,later\n".encode())
    assert bench.pull(CALLS).quarantined == 2
    assert replayed(bench, "calls.calls.00000001", (19, {"minutes": "7"})).staged == 1
    keys = {row["call_id"]: row["_record_key"] for row in bench.staged(CALLS).to_pylist()}
    s3.put_object(Bucket=VAULT, Key="drop/calls/a.csv", Body=f"call_id,minutes\n{good}x1,8\nx2,later\n".encode())
    again = bench.pull(CALLS)
    now = {row["call_id"]: row["_record_key"] for row in bench.staged(CALLS, [again.pull_id]).to_pylist()}
    assert now["x1"] == keys["x1"], "the same place in the same object is the same record"
    late = replayed(bench, "calls.calls.00000001", (20, {"minutes": "9"}))
    assert (late.staged, late.rules) == (0, {"filtered: superseded": 1}), "the object was read again since"
    s3.put_object(Bucket=VAULT, Key="drop/calls/b.csv", Body=b"call_id,minutes\nb1,1\n")
    assert bench.pull(CALLS).state == "complete"
    assert replayed(bench, again.pull_id, (20, {"minutes": "9"})).staged == 1, "another object overrules nothing"


def test_a_line_that_could_not_be_taken_apart_can_be_written_anew(bench, deployment, cloud):
    bench = bench(
        deployment(calls=manifests.calls().replace("*.csv", "*.jsonl").replace("format: csv", "format: jsonl"))
    )
    good = "".join(json.dumps({"call_id": f"c{n}", "minutes": n}) + "\n" for n in range(18))
    boto3.client("s3").put_object(Bucket=VAULT, Key="drop/calls/a.jsonl", Body=f"{good}{{broken\n".encode())
    (line,) = lines(bench, bench.pull(CALLS).pull_id)
    same = replayed(bench, "calls.calls.00000001")
    (again,) = lines(bench, same.pull_id)
    assert (same.quarantined, again.text, again.failures) == (1, line.text, line.failures), "as it stands it stays"
    pull = replayed(bench, same.pull_id, (again.row, {"call_id": "c99", "minutes": "3"}))
    assert bench.staged(CALLS, [pull.pull_id]).column("call_id").to_pylist() == ["c99"]


def test_two_lines_that_become_the_same_row_are_one(crm):
    rows = [manifests.contact(n) for n in range(35)]
    rows[4], rows[5] = manifests.contact(4, age=999), manifests.contact(4, age=998)
    _, bench = crm(rows)
    pull = replayed(bench, "crm.contacts.00000001", (5, {"age": "44"}), (6, {"age": "44"}))
    assert (pull.received, pull.staged, pull.duplicate, pull.balanced) == (2, 1, 1, True)
    assert {line.settled.fate for line in lines(bench, "crm.contacts.00000001")} == {"passed"}


def test_a_paused_data_set_is_replayed_and_a_held_pull_is_waited_for(crm):
    api, bench = crm([manifests.contact(n, **({"age": 999} if n == 4 else {})) for n in range(35)])
    api.rows[:] = [manifests.contact(n, age=999, updated_at="2025-01-01T00:00:00Z") for n in range(35)]
    assert bench.pull(CONTACTS).state == "held"
    ask(bench, "crm.contacts.00000001", (5, {"age": "44"}))
    assert bench.pull(CONTACTS, replay=True) is None
    assert bench.engine.store.get("crm.contacts.00000002").state == "held", "a person has it before him"
    queued = []
    sweep_with(bench.deployment, bench.engine.store, queued.append, bench.now + LEASE_SECONDS)
    assert queued == []
    bench.engine.store._table.update_item(
        Key={"pk": "data_set#crm.contacts", "sk": "state"}, UpdateExpression="REMOVE running_pull"
    )
    bench.engine.store.pause(CONTACTS, True)
    sweep_with(bench.deployment, bench.engine.store, queued.append, bench.now + LEASE_SECONDS)
    (task,) = queued
    assert bench.engine.carry_on(task, lambda: 300_000).staged == 1


class Died(BaseException):
    pass


@pytest.mark.parametrize(
    "step", ["leased", "begun", "staged", "quarantined", "keyed", "committed", "settled", "registered", "completed"]
)
def test_a_replay_that_dies_at_any_step_is_made_once(crm, monkeypatch, step):
    broken = {4: {"age": 999}, 7: {"age": 998}}
    _, bench = crm([manifests.contact(n, **broken.get(n, {})) for n in range(35)], WHOLE)
    ask(bench, "crm.contacts.00000001", (5, {"age": "44"}), (8, {}))

    def dying(here):
        if here == step:
            raise Died

    with monkeypatch.context() as patch:
        patch.setattr(steps, "reached", dying)
        with pytest.raises(Died):
            bench.pull(CONTACTS, replay=True)
    bench.now += LEASE_SECONDS + 1
    bench.pull(CONTACTS, replay=True)
    pull = bench.engine.store.get("crm.contacts.00000002")
    assert (pull.state, pull.received, pull.staged, pull.quarantined, pull.balanced) == ("complete", 2, 1, 1, True)
    assert [row["age"] for row in bench.staged(CONTACTS, [pull.pull_id]).to_pylist()] == [44]
    fates = [line.settled.fate for line in lines(bench, "crm.contacts.00000001")]
    assert (fates, len(lines(bench, pull.pull_id))) == (["passed", "quarantined"], 1)
    assert bench.engine.store.state(CONTACTS)["next_seq"] == 3, "no second replay"


def test_many_lines_go_by_pieces_and_none_twice(crm, monkeypatch):
    monkeypatch.setattr("hub.pulls.replay.AT_ONCE", 2)
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
    _, bench = crm([manifests.contact(n, **({"age": 999} if n < 5 else {})) for n in range(35)])
    pull = replayed(bench, "crm.contacts.00000001", *((n + 1, {"age": str(n)}) for n in range(5)))
    assert (pull.batches, pull.received, pull.staged) == (3, 5, 5)
    rows = bench.staged(CONTACTS, [pull.pull_id]).to_pylist()
    assert sorted(row["age"] for row in rows) == list(range(5))
    places = [(line.batch, line.row) for line in lines(bench, "crm.contacts.00000001")]
    assert all(one < other for one, other in pairwise(places))


def test_no_value_of_a_person_is_in_the_ledger(crm):
    _, bench = crm([manifests.contact(n, **({"age": 999} if n == 4 else {})) for n in range(35)])
    replayed(bench, "crm.contacts.00000001", (5, {"full_name": "Asha Canary", "age": "44"}))
    items = boto3.client("dynamodb").scan(TableName=CONTROL)["Items"]
    assert "Canary" not in json.dumps(items)
    s3 = boto3.client("s3")
    kept = [
        item["Key"]
        for item in s3.list_objects_v2(Bucket=VAULT)["Contents"]
        if item["Key"].endswith(".gz")
        and b"Canary" in gzip.decompress(s3.get_object(Bucket=VAULT, Key=item["Key"])["Body"].read())
    ]
    assert kept
    assert all(key.startswith("quarantine/") for key in kept), "where the store map has it"
