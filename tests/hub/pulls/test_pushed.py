"""Pulls of what was pushed: whatever the order in which it appears, each event is staged once."""

import json
import random

import boto3
import pytest

from hub import aws
from hub.config.names import plans, pushed
from hub.pulls.store import LEASE_SECONDS, PullStore
from hub.pulls.sweep import sweep_with
from hub.sources import push
from tests.hub.pulls.conftest import CONTROL, VAULT

EVENTS = "visits.events"
FOLDER = pushed("visits", "events")
VISITS = """
name: visits
description: Visits.
owner: tests@example.org
trust: 30
connector: push
connection: {authentication: {kind: token, secret: /hub/visits/token}}
data_sets:
  events:
    description: Visits.
    fetch: {%s}
    frequency: {class: %s}
    keys: {%s}
    columns:
      event_id: {type: varchar, required: true}
      person:   {type: varchar}
      step:     {type: integer%s}
      at:       {type: timestamp, source_name: "@received_at"}
"""
KEYED, UNKEYED = "business: [event_id], order: step", ""


class Killed(BaseException):
    """The end of a worker: nothing of it runs on."""


def visits(fetch="", keys=KEYED, frequency="real-time", more=""):
    return VISITS % (fetch, frequency, keys, more)


@pytest.fixture
def world(bench, deployment, monkeypatch):
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
    monkeypatch.setattr(push, "PIECE_OBJECTS", 3)
    return bench(deployment(visits=visits()))


def event(number, **changes):
    return {"event_id": f"E{number}", "person": f"P{number % 3}", "step": number, **changes}


def name_of(number, count=1, form="json"):
    return f"{1_800_000_000_000_000_000 + number * 1_000_000_000:019d}-{number:016x}-{count}.{form}"


def arrive(number, *events, body=None, fields=None):
    text = body if body is not None else json.dumps(list(events or [event(number)])).encode()
    count = max(len(events), 1)
    about = {"fields": fields} if fields else {}
    boto3.client("s3").put_object(Bucket=VAULT, Key=FOLDER + name_of(number, count), Body=text, Metadata=about)


def waiting():
    found = boto3.client("s3").list_objects_v2(Bucket=VAULT, Prefix=FOLDER).get("Contents", [])
    return [item["Key"].removeprefix(FOLDER) for item in found]


def staged(world):
    rows = world.staged(EVENTS).to_pylist()
    return sorted(rows, key=lambda row: (row["_pull_seq"], row["_batch"], row["_row"]))


def cleared(pull):
    push.clear(VAULT, "visits", "events", pull.cursor_to)


def test_what_arrived_is_staged_once_in_the_order_of_arrival(world):
    for number in (4, 1, 3, 0, 2, 5, 7):
        arrive(number)
    pull = world.pull(EVENTS)
    assert (pull.state, pull.received, pull.declared_by_source, pull.balanced) == ("complete", 7, 7, True)
    assert [row["event_id"] for row in staged(world)] == ["E0", "E1", "E2", "E3", "E4", "E5", "E7"]
    assert staged(world)[0]["at"].isoformat() == "2027-01-15T08:00:00"
    assert len(waiting()) == 7, "kept until the pull is complete for certain"
    cleared(pull)
    assert waiting() == []
    again = world.pull(EVENTS)
    assert (again.state, again.received) == ("complete", 0)


@pytest.mark.parametrize("seed", range(2))
def test_no_order_of_appearance_loses_or_repeats_an_event(world, seed):
    """Late by any time, put again while it is read or after it was taken away, with workers that die in between."""
    chance = random.Random(seed)
    numbers = list(range(16))
    chance.shuffle(numbers)
    gone: list[int] = []
    while numbers or waiting():
        for number in numbers[: chance.randrange(6)]:
            arrive(number)
            numbers.remove(number)
            gone.append(number)
        for number in chance.sample(gone, min(len(gone), chance.randrange(3))):
            arrive(number)  # an answer was lost, the writer's client puts it again
        pull = somehow(world, chance)
        assert (pull.state, pull.balanced) == ("complete", True)
        if chance.random() < 0.6:
            cleared(pull)
    assert sorted(row["step"] for row in staged(world)) == list(range(16))


def somehow(world, chance):
    """The next pull, by as many workers as it takes."""
    seq = int(world.engine.store.state(EVENTS).get("next_seq", 1))
    while True:
        world.now += LEASE_SECONDS + 1
        left = chance.randrange(1, 30)

        def dying(step):
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("hub.pulls.steps.reached", dying)
            try:
                begun = int(world.engine.store.state(EVENTS).get("next_seq", 1)) > seq
                world.pull(EVENTS, **({"pull_id": f"{EVENTS}.{seq:08d}"} if begun else {}))
            except Killed:
                continue
        return world.engine.store.get(f"{EVENTS}.{seq:08d}")


def test_a_repeat_is_known_for_a_while_after_it_was_taken_in(world, monkeypatch):
    clock = [1_000_000.0]
    monkeypatch.setattr(push.time, "time", lambda: clock[0])
    arrive(1)
    cleared(world.pull(EVENTS))
    for minutes in (1, 10):
        clock[0] += minutes * 60
        arrive(1)
        arrive(100 + minutes)
        assert world.pull(EVENTS).received == 1, "what came again is known and thrown away"
    assert name_of(1) not in waiting()


def test_what_was_planned_is_read_by_whoever_goes_on(world):
    """Objects that appear after the first worker's death are the next pull's."""
    for number in range(7):
        arrive(number)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hub.pulls.steps.reached", dying_at("committed", 2))
        with pytest.raises(Killed):
            world.pull(EVENTS)
    arrive(-1)  # before all others by its name
    world.now += LEASE_SECONDS + 1
    pull = world.pull(EVENTS)
    assert (pull.received, pull.batches) == (7, 3)
    assert world.pull(EVENTS).received == 1


def dying_at(where, count):
    left = count

    def reached(step):
        nonlocal left
        left -= step == where
        if step == where and left == 0:
            raise Killed

    return reached


BODIES = [
    (b'{"event_id": "a"}', 1, 0, "one event"),
    (b'[{"event_id": "a"}, {"event_id": "b"}]', 2, 0, "a list"),
    (b'{"event_id": "a"}\n\n{"event_id": "b"}\r\n', 2, 0, "an object on each line"),
    (b'[{"event_id": "a"}, 7, null]', 1, 2, "what is no object costs itself"),
    (b'{\n "event_id": "a",\n "step": 3\n}', 1, 0, "a document of several lines"),
    (b'[{"event_id": "a", "step": "three"}]', 0, 1, "a value that is no number"),
    (b'{"event_id": "a", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}", 0, 1, "what cannot be read costs itself"),
]


@pytest.mark.parametrize(("body", "good", "bad", "why"), BODIES, ids=[why for *_, why in BODIES])
def test_bodies(world, body, good, bad, why):
    boto3.client("s3").put_object(Bucket=VAULT, Key=FOLDER + name_of(1, good + bad), Body=body)
    pull = world.pull(EVENTS)
    assert (pull.state, pull.staged, pull.quarantined, pull.declared_by_source) == ("complete", good, bad, good + bad)


def test_an_event_that_was_counted_and_is_not_there_holds_the_pull(world):
    boto3.client("s3").put_object(Bucket=VAULT, Key=FOLDER + name_of(1, 3), Body=b'[{"event_id": "a"}]')
    assert (world.pull(EVENTS).state, len(waiting())) == ("held", 1)


def test_records_within_an_event_take_what_stands_around_and_in_headers(bench, deployment):
    """As Meta sends changes, and as shops name the topic in a header."""
    fetch = 'records: "$.entry[*].changes", parent: {person: id}, headers: {step: X-Step}'
    world = bench(deployment(visits=visits(fetch)))
    body = {"entry": [{"id": "page-1", "changes": [{"event_id": "a"}, {"event_id": "b"}]}, {"id": "page-2"}]}
    arrive(1, body=json.dumps(body).encode(), fields="%7B%22step%22%3A%227%22%7D")
    arrive(2, body=b'{"entry": "none"}')
    pull = world.pull(EVENTS)
    assert (pull.staged, pull.quarantined, pull.declared_by_source) == (2, 1, None)
    assert [(row["event_id"], row["person"], row["step"]) for row in staged(world)] == [
        ("a", "page-1", 7),
        ("b", "page-1", 7),
    ]


def test_rows_without_a_key_are_known_by_object_and_place(bench, deployment):
    world = bench(deployment(visits=visits(keys=UNKEYED)))
    arrive(1, event(1), event(1))
    arrive(2, event(1))
    pull = world.pull(EVENTS)
    assert (pull.staged, len({row["_record_key"] for row in staged(world)})) == (3, 3)


def test_an_object_that_vanishes_ends_the_pull_and_not_the_others(world):
    arrive(1)
    arrive(2)
    with pytest.MonkeyPatch.context() as patch:
        listed = push.Push._listed
        patch.setattr(push.Push, "_listed", lambda self: [*listed(self), (name_of(3), 9)])
        pull = world.pull(EVENTS)
    assert (pull.state, "taken away" in pull.error) == ("failed", True)


# The sweeper


def swept(world):
    tasks = []
    sweep_with(world.deployment, PullStore(CONTROL), tasks.append, world.now, VAULT)
    return [(task.name, task.pull_id) for task in tasks]


def test_a_pull_is_asked_for_where_something_arrived_once_a_minute(world):
    assert swept(world) == []
    arrive(1)
    assert swept(world) == [(EVENTS, None)]
    world.now += 20
    assert swept(world) == [], "its message is on its way"
    cleared(world.pull(EVENTS))
    world.now += 60
    assert swept(world) == [], "all was taken in"
    arrive(2)
    assert swept(world) == [(EVENTS, None)]


def test_who_pauses_or_pulls_by_a_schedule_is_left_alone(world, bench, deployment):
    arrive(1)
    world.engine.store.pause(EVENTS, True)
    assert swept(world) == []
    world.engine.store.pause(EVENTS, False)
    hourly = bench(deployment(visits=visits(frequency='hourly, cron: "5 * * * ? *"')))
    assert swept(hourly) == []


def test_a_held_pull_waits_for_a_person_and_a_failed_one_for_its_time(world):
    arrive(1)
    boto3.client("s3").put_object(Bucket=VAULT, Key=FOLDER + name_of(2, 3), Body=b"[]")
    held = world.pull(EVENTS)
    assert held.state == "held"
    world.now += 10_000
    assert swept(world) == [], "another pull would give it up"
    store = world.engine.store
    lease = store.acquire(EVENTS, "test", int(world.now))
    ended = world.engine.moment().isoformat()
    store.end(lease, held, {"state": "failed", "attempts": 5, "ended_at": ended})
    assert swept(world) == []
    world.now += 1_900
    assert swept(world) == [(EVENTS, None)]


def test_the_plan_lies_where_the_collector_may_not_write(world):
    arrive(1)
    world.pull(EVENTS)
    keys = [item["Key"] for item in aws.client("s3").list_objects_v2(Bucket=VAULT)["Contents"]]
    assert sum(key.startswith(plans("visits", "events")) for key in keys) == 1
    assert not plans("visits", "events").startswith(FOLDER)
