"""The token bucket: what gets through at which moment, what it costs, and that nobody gets more than his limit."""

import threading
from dataclasses import dataclass, field

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from hub import aws
from hub.access import Principal
from hub.access.limits import Limit, Limits
from hub.access.quotas import CALLERS, LEASE_LIFE, Quotas
from hub.errors import TooManyRequests
from tests.stores import create_table

SLOW = Limit(per_minute=60, burst=10)
FAST = Limit(per_minute=1200, burst=300)
START = 1_800_000_000.0


@pytest.fixture(autouse=True)
def on_moto(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        aws.reset()
        create_table(boto3.client("dynamodb"), "access")
        yield
    aws.reset()


@dataclass
class Processes:
    """Several processes and one clock."""

    now: float = START
    each: dict[int, Quotas] = field(default_factory=dict)

    def ask(self, times=1, process=0, limit=SLOW, caller="asha"):
        """How many of the requests get through."""
        quotas = self.each.setdefault(process, Quotas("access", lambda: self.now))
        passed = 0
        for _ in range(times):
            try:
                quotas.count(caller, limit)
            except TooManyRequests:
                continue
            passed += 1
        return passed


@pytest.fixture
def processes():
    return Processes()


@pytest.fixture
def writes(monkeypatch):
    """The updates that the table was asked for."""
    table, done = aws.table("access"), []
    update = table.update_item
    monkeypatch.setattr(table, "update_item", lambda **call: done.append(call) or update(**call))
    return done


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([(0, 10, 10)], "the burst, for who was quiet"),
        ([(0, 15, 10)], "and no more"),
        ([(0, 10, 10), (1, 1, 1)], "a token a second comes back"),
        ([(0, 15, 10), (1, 5, 1)], "also for who was refused meanwhile"),
        ([(0, 15, 10), (0.9, 5, 0)], "not sooner"),
        ([(0, 10, 10), (5, 9, 5)], "five in five seconds"),
        ([(0, 10, 10), (3600, 15, 10)], "an hour saves up no more than the burst"),
        ([(0, 10, 10), (-5, 9, 0)], "a clock that goes back gives nothing"),
        ([(0, 3, 3), (0, 3, 3), (0, 9, 4)], "what is left counts on"),
    ],
)
def test_one_process(processes, steps, why):
    for after, asked, expected in steps:
        processes.now += after
        assert processes.ask(asked) == expected, why


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([(0, 0, 10, 10), (0, 1, 5, 0)], "what one took the other has not"),
        ([(0, 0, 4, 4), (0, 1, 4, 4), (0, 0, 9, 2), (0, 1, 9, 0)], "they share one bucket"),
        ([(0, 0, 1, 1), (60, 1, 10, 10), (0, 0, 1, 0)], "one that saw the bucket full long ago looks again"),
        ([(0, 0, 10, 10), (30, 1, 10, 10), (0, 0, 10, 0)], "and one that saw it empty"),
    ],
)
def test_two_processes(processes, steps, why):
    for after, process, asked, expected in steps:
        processes.now += after
        assert processes.ask(asked, process) == expected, why


def test_callers_do_not_share(processes):
    assert processes.ask(20, caller="asha") == 10
    assert processes.ask(20, caller="client:crm") == 10


def test_who_calls_much_costs_a_write_in_twenty_requests(processes, writes):
    for _ in range(400):
        assert processes.ask(limit=FAST) == 1
        processes.now += 0.06
    assert len(writes) <= 400 / 20 + 5


def test_who_calls_seldom_takes_no_more_than_he_uses(processes, writes):
    for _ in range(5):
        assert processes.ask(limit=FAST) == 1
        processes.now += LEASE_LIFE
    assert len(writes) == 5
    assert all(call["ExpressionAttributeValues"][":after"] % 1000 == 50 for call in writes), "a token, worth 50 ms"


def test_what_was_taken_and_not_used_is_void(processes):
    assert processes.ask(16, limit=FAST) == 16
    assert processes.each[0]._leases["asha"].left == 15, "1, 2, 4, 8 and 16 were taken"
    processes.now += LEASE_LIFE
    assert processes.ask(300, process=1, limit=FAST) == 300
    assert processes.ask(20, limit=FAST) == 0


def test_who_hammers_costs_no_more_than_who_keeps_to_his_limit(processes, writes):
    processes.ask(300, limit=FAST)
    writes.clear()
    passed = 0
    for _ in range(1000):
        processes.now += 0.01
        passed += processes.ask(limit=FAST)
    assert passed <= 200
    assert len(writes) <= 25, "ten seconds of a hundred requests each: two writes a second"


def test_a_refusal_says_how_long_and_costs_nothing_until_then(processes, writes):
    processes.ask(10)
    with pytest.raises(TooManyRequests) as refused:
        processes.each[0].count("asha", SLOW)
    wait, before = refused.value.details["retry_after"], len(writes)
    assert wait == 1
    processes.now += wait - 0.01
    assert processes.ask(100) == 0
    assert len(writes) == before
    processes.now += 0.01
    assert processes.ask() == 1


def test_the_wait_is_long_enough_for_a_slow_limit(processes):
    slow = Limit(per_minute=1, burst=2)
    assert processes.ask(3, limit=slow) == 2
    with pytest.raises(TooManyRequests) as refused:
        processes.each[0].count("asha", slow)
    assert refused.value.details == {"retry_after": 60}
    processes.now += 60
    assert processes.ask(limit=slow, process=1) == 1


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "UpdateItem"),
        EndpointConnectionError(endpoint_url="https://dynamodb"),
    ],
)
def test_a_bucket_that_cannot_be_reached_stops_nobody(processes, monkeypatch, error):
    def broken(**call):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(aws.table("access"), "update_item", broken)
        assert processes.ask(50) == 50
    assert processes.ask(50) == 10, "and counts again when it can"


def test_a_bucket_is_forgotten_when_it_is_full(processes):
    processes.ask(10)
    (item,) = boto3.client("dynamodb").scan(TableName="access")["Items"]
    full_at, expires_at = int(item["full_at"]["N"]) / 1000, int(item["expires_at"]["N"])
    assert full_at <= expires_at <= full_at + 86_400
    assert item["pk"]["S"] == "quota#asha"


def test_a_process_remembers_so_many_callers(processes):
    processes.ask(caller="first")
    processes.each[0]._leases.update({f"caller-{n}": None for n in range(CALLERS - 1)})
    assert processes.ask(20, caller="one more") == 10
    assert len(processes.each[0]._leases) == 1
    assert processes.ask(20, caller="first") == 9, "the table knows what he had"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([0, 0.01, 0.3, 2, 9.99, 10, 25]), st.integers(0, 3), st.integers(1, 25)), max_size=25
    ),
    limit=st.builds(Limit, per_minute=st.sampled_from([1, 7, 60, 1200]), burst=st.sampled_from([1, 3, 30, 200])),
)
def test_no_window_gives_more_than_the_limit(steps, limit):
    processes, passed = Processes(), []
    caller = f"caller-{id(steps)}-{len(steps)}"
    aws.table("access").delete_item(Key={"pk": f"quota#{caller}", "sk": "-"})
    for after, process, asked in steps:
        processes.now += after
        passed += [processes.now] * processes.ask(asked, process, limit, caller)
    for first, begin in enumerate(passed):
        for last in range(first, len(passed)):
            most = limit.burst + limit.per_minute / 60 * (passed[last] - begin + LEASE_LIFE)
            assert last - first + 1 <= most + 1e-6


def test_many_threads_get_the_burst_and_no_more(monkeypatch):
    """Each with a process of its own. DynamoDB changes one item at a time; moto does not promise it."""
    table, one_at_a_time, passed = aws.table("access"), threading.Lock(), []
    update = table.update_item

    def atomic(**call):
        with one_at_a_time:
            return update(**call)

    monkeypatch.setattr(table, "update_item", atomic)
    processes = [Processes() for _ in range(8)]
    threads = [threading.Thread(target=lambda p=p: passed.append(p.ask(FAST.burst, limit=FAST))) for p in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 8
    assert sum(passed) == FAST.burst


LIMITS = Limits(
    default=SLOW,
    roles={"report_user": Limit(per_minute=10, burst=5), "analyst": FAST},
    clients={"crm": Limit(per_minute=5, burst=1)},
)


@pytest.mark.parametrize(
    ("caller", "roles", "per_minute", "why"),
    [
        ("u1", {"analyst"}, 1200, "his role's"),
        ("u1", {"viewer"}, 60, "a role of which nothing is said"),
        ("u1", set(), 60, "no role at all"),
        ("u1", {"own"}, 60, "a custom role"),
        ("u1", {"report_user"}, 10, "a role may have less than the default"),
        ("u1", {"report_user", "viewer"}, 60, "the largest of several"),
        ("u1", {"report_user", "analyst"}, 1200, "the largest of several"),
        ("client:crm", set(), 5, "the client's own"),
        ("client:shop", set(), 60, "a client of which nothing is said"),
        ("crm", set(), 60, "a user is no client"),
    ],
)
def test_whose_limit(caller, roles, per_minute, why):
    assert LIMITS.of(Principal(caller, caller, frozenset(roles), 0, 1)).per_minute == per_minute, why
