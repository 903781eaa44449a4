"""SIGKILL at each named step of freezing and sending, in a process of its own: no message twice, nobody lost."""

import random
import signal
import subprocess
import sys
import textwrap

import pytest

from hub.campaigns.consents import Consents
from hub.campaigns.steps import STEPS

WORKER = textwrap.dedent(
    """
    import os, signal, sys
    from dataclasses import replace
    from hub import aws
    from hub.campaigns import freeze, sending
    from hub.campaigns.audience import Candidate
    from hub.campaigns.queue import SendTask
    from hub.settings import FreezeSettings, SendSettings

    run_id, deadly, times, count, both = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    seen = 0

    def step(name, *ids):
        global seen
        seen += name == deadly
        if seen == times:
            os.kill(os.getpid(), signal.SIGKILL)

    freeze.step = sending.step = step
    freezer = freeze.Freezer(FreezeSettings.read())
    audience = [Candidate(f"c{n:05d}", True, f"person{n}@example.com", True) for n in range(count)]
    if both:  # each worker finds people with other wishes
        likes = [("sms", "email", None)[(n + os.getpid()) % 3] for n in range(count)]
        phones = [f"+9198000000{n:02}" for n in range(count)]
        audience = [replace(each, phone=phones[n], preferred=likes[n]) for n, each in enumerate(audience)]
    freezer._candidates = lambda campaign, release: audience
    freezer.carry_on(run_id)
    sqs, url = aws.client("sqs"), os.environ["SEND_QUEUE_URL"]
    sender = sending.Sender(SendSettings.read(), lambda: 1_000_000_000.0)
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1).get("Messages"):
        sender.carry_on(SendTask.read(found[0]["Body"]), lambda: 900_000)
        sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])
    """
)
SENDING = ("claimed", "checked", "intended", "called", "settled")
ROWS = [(step, 1) for step in STEPS] + [("intended", 4), ("called", 7), ("settled", 2)]


def work(world, over_http, run_id, deadly="", times=1, both=""):
    arguments = [sys.executable, "-c", WORKER, run_id, deadly, str(times), str(len(world.audience)), both]
    return subprocess.run(arguments, env=over_http | {"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True)


def check(world, run_id, uncertain_at_most):
    world.finish()
    world.balances(run_id)
    world.no_message_twice()
    world.ledger_is_true(run_id)
    assert world.totals(run_id).get("uncertain", 0) <= uncertain_at_most
    assert world.store.run(run_id)["state"] == "finished"


@pytest.mark.parametrize(("step", "times"), ROWS)
def test_a_kill_at_a_step_doubles_nothing_and_loses_nothing(world, over_http, audiences, step, times):
    run_id = world.begin(audiences.people(70))
    ended = work(world, over_http, run_id, step, times)
    assert ended.returncode == -signal.SIGKILL, f"the step {step} was not reached {times} times: {ended.stderr[-2000:]}"
    world.freeze(run_id)  # the repeat of an asynchronous invocation that failed
    check(world, run_id, uncertain_at_most=10 if step in ("intended", "called") else 0)


def test_kills_upon_kills(world, over_http, audiences):
    """Workers that die again and again at random steps: the campaign still ends, and balances."""
    chance = random.Random(7)
    run_id = world.begin(audiences.people(220))
    kills = 0
    for _ in range(6):
        ended = work(world, over_http, run_id, chance.choice(SENDING), chance.randint(1, 2))
        kills += ended.returncode == -signal.SIGKILL
        world.sweep(later=1000)
    assert kills >= 3
    world.freeze(run_id)
    check(world, run_id, uncertain_at_most=10 * kills)


@pytest.mark.parametrize("seed", [1, 2])
def test_kills_where_each_has_two_channels_and_wishes_change(world, over_http, audiences, seed):
    """Nobody gets it by mail and by text, whatever he prefers by the time that another worker looks."""
    chance, people = random.Random(seed), audiences.people(90)
    audiences.template("t2", "Tea! Reply STOP to opt out", "sms")
    for each in people:
        Consents("consent").state(each.customer_id, "sms", "granted", "said so", "u1")
    senders = {"email": ("t1", "hub@example.org"), "sms": ("t2", "pool-00000001")}
    ways = [{"channel": way, "template_id": said, "sender": by} for way, (said, by) in senders.items()]
    run_id = world.begin(people, ways=ways)
    kills = 0
    for step in ("frozen", *chance.choices(SENDING, k=6)):
        kills += work(world, over_http, run_id, step, 1, "both").returncode == -signal.SIGKILL
        world.sweep(later=1000)
    assert kills >= 3
    world.freeze(run_id)
    check(world, run_id, uncertain_at_most=10 * kills)
    people_of = {token: entry["customer_id"] for token, entry in world.entries(run_id).items()}
    reached = [people_of[token] for token in world.took()]
    assert len(set(reached)) == len(reached), "one message, whatever the channel"
    assert world.ses.accepted and world.sms.accepted
