"""A campaign by several channels: one message for each person, by the one that he prefers, whatever fails meanwhile."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from hub import aws
from hub.campaigns.audience import address_key
from hub.campaigns.chunks import FOLDER
from hub.campaigns.consents import Consents
from hub.campaigns.queue import SendTask, put

KEY = b"t" * 32
TEXT = "Tea for {{given_name|you}}. Reply STOP to opt out"
LINKED = "Tea: {{unsubscribe_url}}"


def ways(*channels):
    said = {"email": ("t1", "hub@example.org"), "sms": ("t2", "pool-00000001")}
    listed = [{"channel": each, "template_id": said[each][0], "sender": said[each][1]} for each in channels]
    return {"ways": listed}


def number(n):
    return f"+9198000000{n:02}"


@pytest.fixture
def begin(world, audiences):
    """Begin a campaign by [sms, email] for people, who all agreed to texts but whom `no_texts` names."""

    def begun(people, no_texts=(), kind="send", text=TEXT, meanwhile=lambda: None):
        audiences.template("t2", text, "sms")
        for person in people:
            if person.customer_id not in no_texts:
                Consents("consent").state(person.customer_id, "sms", "granted", "said so at the counter", "u1")
        meanwhile()
        run_id = world.begin(people, kind, **ways("sms", "email"))
        world.freeze(run_id)
        return run_id

    return begun


def one(audiences, n, **more):
    return audiences.person(f"c{n:03}", f"person{n}@example.com", **{"phone": number(n)} | more)


def everybody(audiences):
    likes = ["sms", "e-mail", None, "telephone"]
    return [one(audiences, n, preferred=likes[n % 4]) for n in range(60)]


def test_each_gets_one_message_by_the_preferred_permitted_channel(world, audiences, begin):
    """Sixty people: every fourth likes texts, every fourth mail; ten of those who like texts never agreed to any."""
    people = everybody(audiences)
    never = [each.customer_id for each in people if each.preferred == "sms"][:10]
    run_id = begin(people, no_texts=never)
    world.finish()
    by_mail = {each.customer_id for each in people if each.preferred == "e-mail"} | set(never)
    entries = {entry["customer_id"]: entry for entry in world.entries(run_id).values()}
    assert {who: entry["channel"] for who, entry in entries.items()} == {
        each.customer_id: "email" if each.customer_id in by_mail else "sms" for each in people
    }
    assert Counter((entry["channel"], entry["why"]) for entry in entries.values()) == {
        ("sms", "stated"): 5,
        ("email", "stated"): 15,
        ("email", "order"): 10,
        ("sms", "order"): 30,
    }
    assert set(world.ses.by_address) == {each.address for each in people if each.customer_id in by_mail}
    assert set(world.sms.by_address) == {each.phone for each in people if each.customer_id not in by_mail}
    assert world.totals(run_id) == {"sent": 60}
    mix = {
        channel: {why: int(n) for why, n in whys.items()} for channel, whys in world.store.run(run_id)["mix"].items()
    }
    assert mix == {"sms": {"stated": 5, "order": 30}, "email": {"stated": 15, "order": 10}}
    world.balances(run_id)
    world.no_message_twice()
    world.ledger_is_true(run_id)


def test_a_dry_run_tells_the_mix_and_sends_nothing(world, audiences, begin):
    run_id = begin(everybody(audiences), kind="dry_run")
    assert world.store.run(run_id)["mix"] == {"sms": {"stated": 15, "order": 30}, "email": {"stated": 15}}
    assert world.send() == 0
    assert (world.ses.accepted, world.sms.accepted) == ([], [])


@pytest.mark.parametrize(
    ("ending", "state", "reason", "why"),
    [
        (99, "uncertain", "no_answer_from_provider", "the answer never came"),
        (98, "uncertain", "no_answer_from_provider", "the provider fell after it took it"),
        (97, "refused", "opted_out", "he answered STOP once"),
        (94, "refused", "INVALID_PARAMETER", "the number is none"),
    ],
)
def test_what_a_text_comes_to(world, audiences, begin, ending, state, reason, why):
    """Nobody gets it by mail instead: what became of the text is not known, or he does not want it."""
    run_id = begin([*(one(audiences, n) for n in range(12)), one(audiences, ending)])
    world.send()
    for _ in range(3):
        put(world.queue_url, [SendTask(run_id, 1), SendTask(run_id, 1)])
        world.send()
    world.finish()
    (entry,) = [entry for entry in world.entries(run_id).values() if entry["customer_id"] == f"c{ending:03}"]
    assert (entry["state"], entry["reason"], entry["channel"]) == (state, reason, "sms"), why
    assert world.totals(run_id) == {"sent": 12, state: 1}
    assert world.ses.accepted == []
    world.balances(run_id)
    world.no_message_twice()
    world.ledger_is_true(run_id)


def test_a_hostile_provider_that_loses_every_third_answer(world, audiences, begin):
    """Workers die and chunks come twice meanwhile; whoever may have a text gets nothing more."""
    people = [replace(each, preferred=None) for each in everybody(audiences)]
    taken, calls = world.sms.take, []

    def lossy(body):
        calls.append(body["DestinationPhoneNumber"])
        status, answer = taken(body)
        return (0, {}) if len(calls) % 3 == 0 else (status, answer)

    world.sms.take = lossy
    run_id = begin(people)
    for _ in range(3):
        put(world.queue_url, [SendTask(run_id, n) for n in (1, 2, 2)])
        world.send(milliseconds=40_000)
        world.sweep(later=1000)
    world.finish()
    totals = world.totals(run_id)
    assert totals == {"sent": 40, "uncertain": 20}
    assert max(Counter(calls).values()) == 1
    assert world.ses.accepted == []
    world.balances(run_id)
    world.no_message_twice()
    world.ledger_is_true(run_id)


def test_whoever_changes_his_mind_while_it_is_sent_gets_it_once(world, audiences, begin):
    """The channel was chosen at the freeze. A second attempt at it, with other wishes, changes nothing."""
    people = everybody(audiences)
    run_id = begin(people)
    taken = world.sms.take

    def take_and_turn(body):
        world.audience = [replace(each, preferred="e-mail") for each in people]
        world.freeze(run_id)
        return taken(body)

    world.sms.take = take_and_turn
    world.finish()
    assert (len(world.ses.accepted), len(world.sms.accepted)) == (15, 45)
    world.audience = people
    world.balances(run_id)
    world.no_message_twice()


@pytest.mark.parametrize(
    ("said", "left_out", "why"),
    [
        (lambda consents: consents.state("c001", "sms", "withdrawn", "link", "hub"), "no_consent", "he unsubscribed"),
        (
            lambda consents: consents.state(
                "c001", "phone", "withdrawn", "desk", "u", address_key(KEY, "phone", number(1))
            ),
            "no_consent",
            "he does not want to be reached at this number",
        ),
        (
            lambda consents: consents.suppress("sms", address_key(KEY, "phone", number(1)), "unsubscribed", "c001"),
            "suppressed",
            "the number is on the list",
        ),
        (
            lambda consents: consents.suppress("phone", address_key(KEY, "phone", number(1)), "undeliverable"),
            "suppressed",
            "the number is dead",
        ),
        (lambda consents: consents.state("c001", "email", "withdrawn", "link", "hub"), None, "that is another channel"),
    ],
)
@pytest.mark.parametrize("late", [False, True], ids=["before the freeze", "after it"])
def test_a_no_holds_at_once(world, audiences, begin, said, left_out, why, late):
    """Before the freeze another channel is chosen; after it nobody is: he was promised no message at all."""
    people = [one(audiences, n) for n in (1, 2)]
    say = partial(said, Consents("consent"))
    run_id = begin(people, meanwhile=say if not late else lambda: None)
    if late:
        say()
    world.finish()
    texted = {number(2)} if left_out else {number(1), number(2)}
    assert set(world.sms.by_address) == texted, why
    assert set(world.ses.by_address) == ({"person1@example.com"} if left_out and not late else set()), why
    assert world.totals(run_id) == ({"sent": 1, f"excluded.{left_out}": 1} if left_out and late else {"sent": 2})
    world.balances(run_id)


def test_a_yes_to_be_called_is_none_to_texts(world, audiences, begin):
    person = one(audiences, 1, consent=None)
    Consents("consent").state("c001", "phone", "granted", "desk", "u", address_key(KEY, "phone", number(1)))
    run_id = begin([person], no_texts=["c001"])
    world.finish()
    assert world.totals(run_id) == {"excluded.no_consent": 1}
    assert world.sms.accepted == []


@pytest.mark.parametrize(
    ("days", "by_id", "channel", "why"),
    [
        (10, "c001", "email", "he clicked lately"),
        (10, "cold", "email", "under the id that he had then"),
        (181, "c001", "sms", "too long ago"),
        (10, "celse", "sms", "somebody else"),
    ],
)
def test_what_he_did_with_our_own_mail_tells_what_he_likes(world, audiences, begin, days, by_id, channel, why):
    at = f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%dT%H:%M:%S.000Z}"
    Consents("consent").respond(by_id, "email", "clicked", "m1", at)
    run_id = begin([one(audiences, 1, earlier=("cold",))])
    world.finish()
    (entry,) = world.entries(run_id).values()
    assert entry["channel"] == channel, why
    assert entry["why"] == ("inferred" if channel == "email" else "order")


def test_the_link_in_a_text_names_its_number_by_a_key(world, audiences, begin):
    begin([one(audiences, 1)], text=LINKED)
    world.send()
    (body,) = world.sms.accepted
    link = body["MessageBody"].partition(" ")[2]
    assert link.startswith("https://hub.example/v1/links/unsubscribe?token=")
    assert number(1) not in link and body["OriginationIdentity"] == "pool-00000001"


def test_a_busy_provider_of_texts_holds_up_no_mail(world, audiences, begin):
    run_id = begin([one(audiences, 96), one(audiences, 1, preferred="email")])
    world.send()
    assert world.totals(run_id) == {"sent": 1}
    states = {entry["channel"]: entry["state"] for entry in world.entries(run_id).values()}
    assert states == {"sms": "waiting", "email": "sent"}


def test_an_account_without_money_pauses_the_campaign(world, audiences, begin):
    run_id = begin([one(audiences, 95)])
    world.send()
    run = world.store.run(run_id)
    assert (run["state"], "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT" in run["error"]) == ("paused", True)


def test_no_number_is_in_the_ledger_and_none_in_the_logs(world, audiences, begin, caplog, capsys):
    run_id = begin([one(audiences, n) for n in (1, 94, 97, 98, 99)])
    world.finish()
    told = json.dumps(list(world.store.chunks(run_id)), default=str) + caplog.text + "".join(capsys.readouterr())
    assert "98000000" not in told


def test_a_run_that_was_frozen_by_the_release_before_is_sent(world, audiences):
    """Its message is of one channel, and its people have none written beside them."""
    run_id = world.begin(audiences.people(3))
    world.freeze(run_id)
    s3, prefix = aws.client("s3"), f"{FOLDER}/{run_id}/"
    for found in s3.list_objects_v2(Bucket="vault", Prefix=prefix)["Contents"]:
        kept = json.loads(s3.get_object(Bucket="vault", Key=found["Key"])["Body"].read())
        if found["Key"].endswith("message.json"):
            kept = {"channel": "email", **kept["channels"]["email"]}
            del kept["accessible"]
        elif "chunk-" in found["Key"]:
            kept = [{k: v for k, v in person.items() if k not in ("channel", "why")} for person in kept]
        s3.put_object(Bucket="vault", Key=found["Key"], Body=json.dumps(kept).encode())
    world.finish()
    assert world.totals(run_id) == {"sent": 3}
