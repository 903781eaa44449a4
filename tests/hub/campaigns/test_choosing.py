"""By which channel a person is written to: what he stated, what he does, the campaign's order; not without leave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.campaigns.audience import (
    REASONS,
    Candidate,
    Rules,
    Way,
    address_key,
    chunked,
    decide,
    message_token,
    mix,
    usable,
)
from hub.campaigns.choosing import ANSWERED, OPENED, POINTS, ranked, stated, telling

KEY = b"k" * 32
MAIL, PHONE = "asha@example.com", "+919812345678"
CLICKED, READ = (ANSWERED, "2026-01-01 08:00:00"), (OPENED, "2026-02-01 08:00:00")


@pytest.mark.parametrize(
    ("preferred", "channels", "why"),
    [
        (None, [], "nobody asked him"),
        ("", [], "nothing"),
        ("E-Mail", ["email"], "however it is written"),
        ("email", ["email"], "the plain word"),
        ("SMS", ["sms"], "capitals"),
        ("text message", ["sms"], "two words for one thing"),
        ("sms, e-mail", ["sms", "email"], "in his order"),
        ("Email or SMS", ["email", "sms"], "joined by a word"),
        ("sms/sms", ["sms"], "once"),
        ("phone", [], "a call is no text"),
        ("WhatsApp", [], "a channel that the hub does not send by"),
        ("whatsapp; text", ["sms"], "the next that it does"),
        ("post", [], "a letter"),
        ("no texting", [], "what is not the word alone is not guessed at"),
    ],
)
def test_what_was_stated(preferred, channels, why):
    assert stated(preferred) == channels, why


@pytest.mark.parametrize(
    ("channels", "preferred", "acts", "order", "why"),
    [
        (["sms", "email"], None, {}, [("sms", "order"), ("email", "order")], "nothing is known: the campaign's order"),
        (["sms", "email"], "email", {}, [("email", "stated"), ("sms", "order")], "what he stated comes first"),
        (
            ["sms", "email"],
            "sms",
            {"email": CLICKED},
            [("sms", "stated"), ("email", "inferred")],
            "also before what he does",
        ),
        (["sms", "email"], None, {"email": READ}, [("email", "inferred"), ("sms", "order")], "he opens mail"),
        (
            ["sms", "email"],
            None,
            {"email": READ, "sms": CLICKED},
            [("sms", "inferred"), ("email", "inferred")],
            "an answer tells more than a later opening",
        ),
        (
            ["sms", "email"],
            None,
            {"email": (ANSWERED, "2026-01-02 08:00:00"), "sms": CLICKED},
            [("email", "inferred"), ("sms", "inferred")],
            "of two answers the later",
        ),
        (
            ["sms", "email"],
            None,
            {"email": CLICKED, "sms": CLICKED},
            [("sms", "inferred"), ("email", "inferred")],
            "of two at once the campaign's order",
        ),
        (["email"], "sms", {"sms": CLICKED}, [("email", "order")], "a channel that the campaign has not is none"),
        (["email"], "email", {}, [("email", "stated")], "one channel, and he likes it"),
    ],
)
def test_the_order_for_one_person(channels, preferred, acts, order, why):
    assert ranked(channels, preferred, acts) == order, why


def test_acts_from_several_sides_are_put_together():
    assert telling({"email": READ}, {"sms": READ}, {"email": CLICKED}) == {"email": CLICKED, "sms": READ}


@pytest.mark.parametrize(
    ("phone", "kind", "reached", "why"),
    [
        (PHONE, None, PHONE, "nothing speaks against it"),
        (PHONE, "Mobile", PHONE, "it is one"),
        (PHONE, "cell phone", PHONE, "in other words"),
        (PHONE, "home", None, "a telephone at home takes no texts"),
        (PHONE, "work", None, "nor one on a desk, as far as is known"),
        ("+91 98123-45678", None, PHONE, "without what stands between digits"),
        ("9812345678", None, None, "of which country"),
        ("+12", None, None, "too short"),
        (None, None, None, "none"),
    ],
)
def test_a_number_that_takes_texts(phone, kind, reached, why):
    assert usable(Candidate("c1", True, None, None, phone=phone, phone_kind=kind), "sms") == reached, why


def someone(customer_id="c1", **more):
    given_ = {"address": MAIL, "consent_of_sources": True, "phone": PHONE} | more
    return Candidate(customer_id, more.pop("known", True), **{k: v for k, v in given_.items() if k != "known"})


def rules(sms=None, email=None, suppressed=(), channels=("sms", "email"), allowed=None):
    """suppressed: of (channel, address)."""
    said = {"sms": {"c1": "granted"} if sms is None else sms, "email": email or {}}
    ways = {
        channel: Way(
            said[channel], {address_key(KEY, POINTS[channel], each) for of, each in suppressed if of == channel}
        )
        for channel in channels
    }
    return Rules("s1", KEY, ways, allowed)


@pytest.mark.parametrize(
    ("found", "given_rules", "channel", "outcome", "why"),
    [
        (someone(), rules(), "sms", "order", "both may write to him: the campaign's order"),
        (someone(preferred="e-mail"), rules(), "email", "stated", "the preferred permitted channel"),
        (someone(acts={"email": READ}), rules(), "email", "inferred", "he opens mail"),
        (someone(preferred="sms"), rules(sms={}), "email", "order", "he likes texts and never agreed to any"),
        (someone(preferred="email", consent_of_sources=False), rules(), "sms", "order", "he likes mail and said no"),
        (
            someone(preferred="email"),
            rules(email={"c1": "withdrawn"}),
            "sms",
            "order",
            "he unsubscribed from what he likes",
        ),
        (someone(), rules(sms={"c1": "withdrawn"}), "email", "order", "a no to texts is none to mail"),
        (someone(consent_of_sources=True), rules(sms={}), "email", "order", "the sources speak of mail alone"),
        (someone(), rules(suppressed=[("sms", PHONE)]), "email", "order", "the number is dead"),
        (someone(preferred="email"), rules(suppressed=[("email", MAIL)]), "sms", "order", "his mail bounced"),
        (someone(phone_kind="home"), rules(), "email", "order", "no mobile telephone"),
        (someone(address=None), rules(), "sms", "order", "no address"),
        (someone(), rules(allowed=["@example.com"]), "email", "order", "outside prod only a few get texts"),
        (someone(), rules(allowed=[PHONE]), "sms", "order", "a number on the list"),
        (someone(phone=None), rules(channels=["sms"]), None, "no_address", "one channel, nowhere to write to"),
        (someone(), rules(sms={}, channels=["sms"]), None, "no_consent", "one channel, no leave"),
        (
            someone(phone=None, consent_of_sources=None),
            rules(sms={}),
            None,
            "no_consent",
            "the reason of the channel that came furthest",
        ),
        (
            someone(address="x"),
            rules(suppressed=[("sms", PHONE)]),
            None,
            "suppressed",
            "a number there was, and leave",
        ),
        (someone(complains=True), rules(), None, "open_complaint", "by no channel"),
        (someone(known=False), rules(), None, "erased", "by no channel"),
    ],
)
def test_the_preferred_permitted_channel(found, given_rules, channel, outcome, why):
    (person,) = decide([found], given_rules)
    if channel is None:
        assert person.excluded == outcome, why
        assert (person.address, person.address_key) == (None, None)
        return
    address = MAIL if channel == "email" else PHONE
    assert (person.excluded, person.channel, person.why, person.address) == (None, channel, outcome, address), why
    assert person.token == message_token("s1", channel, address_key(KEY, POINTS[channel], address))


def test_who_shares_an_address_gets_it_by_his_own_number():
    pair = [someone("c1", phone=None), someone("c2", phone=PHONE), someone("c3", phone=PHONE)]
    said = rules(sms={"c2": "granted", "c3": "granted"}, channels=("email", "sms"))
    people = decide(pair, said)
    assert [(each.channel, each.excluded) for each in people] == [
        ("email", None),
        ("sms", None),
        ("email", "duplicate_address"),
    ]
    assert mix(people) == {"email": {"order": 1}, "sms": {"order": 1}}


PEOPLE = st.lists(
    st.builds(
        lambda who, address, phone, sources, preferred: Candidate(
            who, True, address, sources, phone=phone, preferred=preferred
        ),
        st.integers(0, 9999).map("c{}".format),
        st.sampled_from([None, "a@example.com", "b@example.com", "c@example.com", "broken"]),
        st.sampled_from([None, "+919800000001", "+919800000002", "+919800000003", "12"]),
        st.sampled_from([None, True, False]),
        st.sampled_from([None, "sms", "email", "post"]),
    ),
    max_size=130,
    unique_by=lambda found: found.customer_id,
)


@given(PEOPLE, st.permutations(["email", "sms"]), st.sets(st.integers(0, 9999).map("c{}".format)))
def test_nobody_is_lost_and_nobody_is_written_to_twice_or_without_leave(found, channels, agreed):
    said = rules(sms=dict.fromkeys([*agreed, *(each.customer_id for each in found[::2])], "granted"), channels=channels)
    people = decide(found, said)
    by_id = {each.customer_id: each for each in found}
    assert sorted(person.customer_id for person in people) == sorted(by_id)
    included, excluded = chunked(people)
    assert sum(map(len, included + excluded)) == len(found)
    assert all(len({person.channel for person in chunk}) == 1 for chunk in included), "a chunk is of one channel"
    writing = [person for chunk in included for person in chunk]
    assert len({person.address for person in writing}) == len({person.token for person in writing}) == len(writing)
    assert {person.excluded for chunk in excluded for person in chunk} <= set(REASONS)
    for person in writing:
        assert said.consented(by_id[person.customer_id], person.channel)
        assert person.address == usable(by_id[person.customer_id], person.channel)
    assert sum(count for whys in mix(people).values() for count in whys.values()) == len(writing)
