"""From a frozen audience to receipts: each person ends in one place, nobody is written to twice."""

import base64
import json
from dataclasses import replace

import pytest

from hub import aws
from hub.campaigns.audience import Candidate, address_key
from hub.campaigns.consents import Consents
from hub.campaigns.events import MailEvents
from hub.campaigns.queue import SendTask, put
from hub.settings import MailEventsSettings


def mixed(audiences):
    person = audiences.person
    return [
        *audiences.people(60),
        person("cw1", "withdrew@example.com"),
        person("cn1", "never@example.com", consent=None),
        person("cn2", None),
        person("cs1", "suppressed@example.com"),
        person("cd1", "PERSON1@example.com"),
        person("co1", "someone@elsewhere.net"),
        person("cr1", "reject.me@example.com"),
    ]


def test_everybody_ends_in_one_place(world, audiences):
    Consents("consent").state("cw1", "email", "withdrawn", "said so", "u1")
    Consents("consent").suppress("email", address_key(b"t" * 32, "email", "suppressed@example.com"), "bounced")
    run_id = world.begin(mixed(audiences))
    world.freeze(run_id)
    world.finish()
    assert world.totals(run_id) == {
        "sent": 60,
        "refused": 1,
        "excluded.no_consent": 2,
        "excluded.no_address": 1,
        "excluded.suppressed": 1,
        "excluded.duplicate_address": 1,
        "excluded.not_on_allow_list": 1,
    }
    assert world.store.run(run_id)["state"] == "finished"
    world.balances(run_id)
    world.no_message_twice()
    world.ledger_is_true(run_id)


def test_a_dry_run_counts_and_sends_nothing(world, audiences):
    run_id = world.begin(mixed(audiences), kind="dry_run")
    world.freeze(run_id)
    run = world.store.run(run_id)
    assert run["state"] == "finished"
    assert (int(run["audience"]), int(run["included"])) == (67, 63)
    assert world.send() == 0
    assert world.ses.accepted == []
    assert aws.client("s3").list_objects_v2(Bucket="vault")["KeyCount"] == 0, "no address is written for a dry run"


def test_what_is_sent(world, audiences):
    run_id = world.begin(audiences.people(1))
    world.freeze(run_id)
    world.send()
    (body,) = world.ses.accepted
    content = body["Content"]["Simple"]
    headers = {header["Name"]: header["Value"] for header in content["Headers"]}
    link = headers["List-Unsubscribe"].strip("<>")
    assert content["Subject"]["Data"] == "Hello Asha"
    assert link in content["Body"]["Text"]["Data"]
    assert link.startswith("https://hub.example/v1/links/unsubscribe?token=")
    claims = json.loads(base64.urlsafe_b64decode(link.partition("token=")[2].split(".")[1] + "=="))
    assert claims["c"] == "c00000"
    assert "person0" not in json.dumps(claims)
    assert {tag["Name"] for tag in body["EmailTags"]} == {"send_id", "run_id", "chunk"}


@pytest.mark.parametrize(
    ("accessible", "expected", "why"),
    [
        ("t2", {"person1": "TEA IN LARGE PRINT", "person0": "Tea!"}, "the template for who reads with difficulty"),
        (None, {"person1": "Tea!", "person0": "Tea!"}, "there is none for them"),
    ],
)
def test_who_reads_with_difficulty_gets_the_accessible_template(world, audiences, accessible, expected, why):
    audiences.template("t2", "TEA IN LARGE PRINT")
    usual, other = audiences.people(2)
    run_id = world.begin([usual, replace(other, accessible=True)], accessible_template_id=accessible)
    world.freeze(run_id)
    world.finish()
    texts = {}
    for body in world.ses.accepted:
        who = body["Destination"]["ToAddresses"][0].partition("@")[0]
        texts[who] = body["Content"]["Simple"]["Body"]["Text"]["Data"]
    assert {who: text.split("\n")[0].strip() for who, text in texts.items()} == expected, why
    kept = [item["entries"] for item in world.store.chunks(run_id, ConsistentRead=True)]
    assert "accessible" not in str(kept), "receipts do not tell who has a need"


def test_no_address_is_in_the_ledger(world, audiences):
    run_id = world.begin(mixed(audiences))
    world.freeze(run_id)
    world.finish()
    assert "@" not in json.dumps(list(world.store.chunks(run_id)), default=str)


def test_an_empty_audience_is_finished_at_once(world):
    run_id = world.begin([])
    world.freeze(run_id)
    assert world.store.run(run_id)["state"] == "finished"
    world.balances(run_id)


def test_a_repeated_or_late_message_does_nothing(world, audiences):
    run_id = world.begin(audiences.people(120))
    world.freeze(run_id)
    for _ in range(2):
        put(world.queue_url, [SendTask(run_id, n) for n in (1, 2, 3, 3)])
    world.finish()
    put(world.queue_url, [SendTask(run_id, 1), SendTask("sunknown", 1)])
    world.send()
    assert world.totals(run_id) == {"sent": 120}
    world.no_message_twice()


@pytest.mark.parametrize(
    ("kind", "uncertain", "why"),
    [("lost", 1, "the answer never came"), ("fell", 1, "the server fell after it took it")],
)
def test_what_the_provider_left_open_is_never_sent_again(world, audiences, kind, uncertain, why):
    run_id = world.begin([*audiences.people(15), audiences.person("cx", f"{kind}.x@example.com")])
    world.freeze(run_id)
    world.send()
    assert world.store.run(run_id)["state"] == "sending", "time for an event to tell"
    world.finish()
    assert world.totals(run_id) == {"sent": 15, "uncertain": uncertain}, why
    world.balances(run_id)
    world.no_message_twice()


def event(body, kind, **detail):
    tags = {tag["Name"]: [tag["Value"]] for tag in body["EmailTags"]}
    return {"eventType": kind, "mail": {"timestamp": "2026-01-31T10:00:00.000Z", "tags": tags}, **detail}


@pytest.mark.parametrize("settled_first", [False, True])
@pytest.mark.parametrize("kind", ["Send", "Delivery"])
def test_an_event_of_the_provider_settles_it(world, audiences, kind, settled_first):
    run_id = world.begin([audiences.person("cx", "lost.x@example.com")])
    world.freeze(run_id)
    world.send()
    events = MailEvents(MailEventsSettings.read())
    if settled_first:
        world.sweep(later=1000)
        assert world.totals(run_id) == {"uncertain": 1}
    for _ in range(3):
        events.take(event(world.ses.accepted[0], kind))
    world.finish()
    assert world.totals(run_id) == {"sent": 1}
    world.balances(run_id)


@pytest.mark.parametrize(
    ("kind", "detail", "suppressed", "why"),
    [
        (
            "Bounce",
            {"bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "Person0@example.com"}]}},
            "bounced",
            "the mailbox does not exist",
        ),
        (
            "Bounce",
            {"bounce": {"bounceType": "Transient", "bouncedRecipients": [{"emailAddress": "person0@example.com"}]}},
            None,
            "the mailbox is full today",
        ),
        (
            "Complaint",
            {"complaint": {"complainedRecipients": [{"emailAddress": "person0@example.com"}]}},
            "complained",
            "the person said it is spam",
        ),
        ("Delivery", {"delivery": {}}, None, "all is well"),
    ],
)
def test_bounces_and_complaints_suppress_the_address(world, audiences, kind, detail, suppressed, why):
    run_id = world.begin(audiences.people(1))
    world.freeze(run_id)
    world.finish()
    MailEvents(MailEventsSettings.read()).take(event(world.ses.accepted[0], kind, **detail))
    contact = Consents("consent").contact("c00000")
    assert [each.reason for each in contact.suppressions] == ([suppressed] if suppressed else []), why
    again = world.begin(audiences.people(1))
    world.freeze(again)
    world.finish()
    assert world.totals(again) == ({"excluded.suppressed": 1} if suppressed else {"sent": 1}), why


BOUNCE = {"bounce": {"bounceType": "Permanent", "timestamp": "2026-01-04T08:00:00Z", "bouncedRecipients": []}}


def test_a_click_and_a_bounce_are_on_the_customer_s_contact_once(world, audiences):
    run_id = world.begin(audiences.people(2))
    world.freeze(run_id)
    world.finish()
    events, (first, second) = MailEvents(MailEventsSettings.read()), sorted(world.ses.accepted, key=str)[:2]
    late, early = ({"click": {"timestamp": f"2026-01-0{day}T08:00:00Z", "link": "x"}} for day in (3, 2))
    for message, kind, detail in [
        (first, "Delivery", {"delivery": {"timestamp": "2026-01-01T08:00:00Z"}}),
        (first, "Click", late),
        (first, "Click", early),  # an earlier one comes late: another link of the same message
        (first, "Click", late),  # and once more
        (second, "Bounce", BOUNCE),
    ]:
        events.take(event(message, kind, **detail))
    told = {
        (customer_id, each.kind): (each.channel, each.messages, each.last_at)
        for customer_id in ("c00000", "c00001")
        for each in Consents("consent").contact(customer_id).responses
    }
    assert sorted(told.values()) == [
        ("email", 1, "2026-01-01T08:00:00Z"),
        ("email", 1, "2026-01-03T08:00:00Z"),
        ("email", 1, "2026-01-04T08:00:00Z"),
    ]
    assert sorted(kind for _, kind in told) == ["bounced", "clicked", "delivered"]
    assert len({customer_id for customer_id, kind in told if kind != "bounced"}) == 1, "each of his own"


@pytest.mark.parametrize(
    ("strange", "why"),
    [
        ({}, "no event"),
        ({"eventType": "Open", "mail": {}}, "a kind that is not asked for"),
        ({"eventType": "Send", "mail": {"tags": {}}}, "no message of ours"),
        (
            {"eventType": "Send", "mail": {"tags": {"send_id": ["0" * 26], "run_id": ["s1"], "chunk": ["1"]}}},
            "of no run",
        ),
        (
            {"eventType": "Send", "mail": {"tags": {"send_id": ["x y"], "run_id": ["s1"], "chunk": ["1"]}}},
            "forged tags",
        ),
    ],
)
def test_strange_events_change_nothing(world, strange, why):
    MailEvents(MailEventsSettings.read()).take(strange)
    assert list(aws.table("campaigns").scan()["Items"]) == [], why


def test_whoever_withdraws_after_the_freeze_gets_nothing(world, audiences):
    run_id = world.begin(audiences.people(60))
    world.freeze(run_id)
    consents = Consents("consent")
    consents.state("c00003", "email", "withdrawn", "link", "hub")
    consents.suppress("email", address_key(b"t" * 32, "email", "person4@example.com"), "unsubscribed", "c00004")
    world.finish()
    assert world.totals(run_id) == {"sent": 58, "excluded.no_consent": 1, "excluded.suppressed": 1}
    assert not {"person3@example.com", "person4@example.com"} & set(world.ses.by_address)
    world.balances(run_id)


@pytest.mark.parametrize(
    ("said", "wins", "why"),
    [
        ([("cold", "withdrawn", 1)], "withdrawn", "a no under an earlier id is still this person's"),
        ([("cold", "withdrawn", 1), ("cnow", "granted", 2)], "granted", "the last word counts"),
        ([("cold", "withdrawn", 2), ("cnow", "granted", 1)], "withdrawn", "by whatever id it was said"),
        ([("cold", "granted", 1), ("cnow", "withdrawn", 1)], "withdrawn", "of two at once the no"),
        ([("celse", "withdrawn", 1)], None, "others speak for themselves"),
    ],
)
def test_what_was_said_before_a_merge_holds(world, said, wins, why):
    for customer_id, state, day in said:
        item = {"pk": customer_id, "sk": "consent#email", "state": state, "at": f"2026-01-0{day}T00:00:00Z"}
        aws.table("consent").put_item(Item=item)
    asked = [Candidate("cnow", True, "now@example.com", True, earlier=("cold", "colder"))]
    assert Consents("consent").stated("email", asked).get("cnow") == wins, why


def test_a_no_under_an_earlier_id_holds_after_the_freeze_too(world, audiences):
    run_id = world.begin([Candidate("cnow", True, "now@example.com", True, earlier=("cold",)), *audiences.people(1)])
    world.freeze(run_id)
    Consents("consent").state("cold", "email", "withdrawn", "link", "hub")
    world.finish()
    assert world.totals(run_id) == {"sent": 1, "excluded.no_consent": 1}


def test_consent_lifts_no_graver_reason_than_unsubscribing(world):
    consents = Consents("consent")
    consents.suppress("email", "k1", "unsubscribed", "c1")
    consents.suppress("email", "k1", "asked by telephone")
    consents.suppress("email", "k1", "unsubscribed", "c1")
    assert aws.table("consent").get_item(Key={"pk": "suppressed#email#k1", "sk": "-"})["Item"]["reason"] == (
        "asked by telephone"
    ), "unsubscribing does not soften it"
    consents.state("c1", "email", "granted", "at the counter", "u1")
    assert consents.suppressed("email", ["k1"]) == {"k1"}


def test_nonsense_instead_of_ids_is_counted(world, audiences):
    """What the segment gave that is nobody's id, be it empty, is somebody unknown."""
    run_id = world.begin([Candidate("", False, None, None), *audiences.people(2)])
    world.freeze(run_id)
    world.finish()
    assert world.totals(run_id) == {"sent": 2, "excluded.erased": 1}


def test_pause_holds_within_a_group_and_resume_goes_on(world, audiences):
    run_id = world.begin(audiences.people(160))
    world.freeze(run_id)
    world.send_until_paused(run_id)
    assert len(world.ses.accepted) == 10, "those that were on their way, and no other"
    world.sweep(later=10_000)
    assert world.send() == 0
    assert world.store.move(run_id, ["paused"], "sending")
    world.freeze(run_id)
    world.finish()
    assert world.totals(run_id) == {"sent": 160}
    world.no_message_twice()
    world.balances(run_id)


def test_cancel_counts_who_was_not_written_to(world, audiences):
    run_id = world.begin(audiences.people(160))
    world.freeze(run_id)
    world.send(between=lambda: world.store.move(run_id, ["sending"], "cancelling"))
    world.freeze(run_id)
    world.finish()
    assert world.totals(run_id) == {"sent": 50, "cancelled": 110}
    assert world.store.run(run_id)["state"] == "cancelled"
    world.balances(run_id)


def test_a_provider_that_is_busy_is_asked_again(world, audiences):
    run_id = world.begin([*audiences.people(5), audiences.person("cb", "busy.b@example.com")])
    world.freeze(run_id)
    taken = world.ses.take
    world.send()
    assert world.totals(run_id) == {}
    world.ses.take = lambda body: taken(
        body | {"Destination": {"ToAddresses": ["was" + body["Destination"]["ToAddresses"][0]]}}
    )
    put(world.queue_url, [SendTask(run_id, 1)])  # the delayed message, now
    world.finish()
    assert world.totals(run_id) == {"sent": 6}
    assert len(world.ses.accepted) == 6


def test_a_provider_that_is_paused_pauses_the_campaign(world, audiences):
    run_id = world.begin([audiences.person("cp", "paused.p@example.com")])
    world.freeze(run_id)
    world.send()
    run = world.store.run(run_id)
    assert run["state"] == "paused"
    assert "SendingPausedException" in run["error"]


def test_a_worker_short_of_time_leaves_the_rest_to_another(world, audiences):
    run_id = world.begin(audiences.people(30))
    world.freeze(run_id)
    left = iter([40_000, 20_000, 40_000, 40_000, 40_000])
    from hub.campaigns.sending import Sender
    from hub.settings import SendSettings

    sender = Sender(SendSettings.read(), lambda: world.clock)
    for task in world.messages():
        sender.carry_on(task, lambda: next(left))
    assert world.totals(run_id) == {"sent": 30}
    world.no_message_twice()


def test_a_second_attempt_to_freeze_changes_nothing(world, audiences):
    run_id = world.begin(audiences.people(60))
    world.freeze(run_id)
    world.send()
    world.audience = audiences.people(60, start=40)
    world.freeze(run_id)
    world.send()
    assert world.totals(run_id) == {"sent": 60}
    assert "person70@example.com" not in world.ses.by_address
