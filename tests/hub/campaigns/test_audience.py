"""Who gets a message and why each other one does not: a row per reason, and that nobody is lost or written to twice."""

from dataclasses import replace

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
    counts,
    decide,
    message_token,
    normal,
    on_list,
)

KEY = b"k" * 32


def rules(consents=None, suppressed=(), allowed=("@example.com",)):
    keys = {address_key(KEY, "email", address) for address in suppressed}
    return Rules("s1", KEY, {"email": Way(consents or {}, keys)}, allowed)


def candidate(address="asha@example.com", consent=True, known=True, customer_id="c1"):
    return Candidate(customer_id, known, address, consent, {"given_name": "Asha"})


@pytest.mark.parametrize(
    ("found", "given_rules", "reason", "why"),
    [
        (candidate(), rules(), None, "consent and an address"),
        (candidate(known=False), rules({"c1": "granted"}), "erased", "whoever was erased is written to by no rule"),
        (candidate(address=None), rules(), "no_address", "nowhere to write to"),
        (candidate(address="  "), rules(), "no_address", "blank is no address"),
        (candidate(address="asha@localhost"), rules(), "no_address", "not an address of the internet"),
        (
            candidate(address="a@example.com, b@example.com"),
            rules(),
            "no_address",
            "two addresses would be two messages",
        ),
        (candidate(address="a@example.com\nBcc: b@example.com"), rules(), "no_address", "a header is no address"),
        (candidate(consent=False), rules(), "no_consent", "the sources say no"),
        (candidate(consent=None), rules(), "no_consent", "silence is no consent"),
        (candidate(consent=False), rules({"c1": "granted"}), None, "what the person told the hub wins"),
        (candidate(consent=True), rules({"c1": "withdrawn"}), "no_consent", "also when it is no"),
        (
            candidate(address="Asha@Example.com "),
            rules(suppressed=["asha@example.com"]),
            "suppressed",
            "in any spelling",
        ),
        (candidate(), rules({"c1": "granted"}, ["asha@example.com"]), "suppressed", "consent does not lift it"),
        (
            replace(candidate(), complains=True),
            rules({"c1": "granted"}),
            "open_complaint",
            "nobody is courted who waits for an answer",
        ),
        (candidate(address="asha@elsewhere.net"), rules(), "not_on_allow_list", "outside prod only a few may get mail"),
        (candidate(address="asha@elsewhere.net"), rules(allowed=None), None, "in prod everybody may"),
        (candidate(), rules(allowed=()), "not_on_allow_list", "an empty list is nobody"),
    ],
)
def test_decision(found, given_rules, reason, why):
    (person,) = decide([found], given_rules)
    assert person.excluded == reason, why
    assert (person.address is None) == (reason is not None), "an excluded person's address is kept nowhere"


def test_one_address_gets_one_message():
    people = decide(
        [candidate(customer_id=f"c{n}", address=a) for n, a in enumerate(["A@example.com", "a@example.com "])], rules()
    )
    assert [person.excluded for person in people] == [None, "duplicate_address"]
    assert people[0].token == message_token("s1", "email", address_key(KEY, "email", "a@example.com"))
    assert people[0].token != people[1].token


def test_a_twin_without_consent_does_not_take_the_place():
    twins = [candidate(customer_id="c1", consent=False), candidate(customer_id="c2")]
    assert [person.excluded for person in decide(twins, rules())] == ["no_consent", None]


@pytest.mark.parametrize(
    ("address", "allowed", "on", "why"),
    [
        ("a@example.com", ["@example.com"], True, "its domain"),
        ("a@example.com", ["A@Example.com"], True, "itself in another case"),
        ("a@sub.example.com", ["@example.com"], False, "a subdomain is another domain"),
        ("a@notexample.com", ["@example.com"], False, "an ending is not a domain"),
        ("a@example.com", ["example.com"], False, "a domain is written with its @"),
    ],
)
def test_allow_list(address, allowed, on, why):
    assert on_list(address, allowed) is on, why


PEOPLE = st.lists(
    st.builds(
        Candidate,
        st.integers(0, 9999).map("c{}".format),
        st.booleans(),
        st.sampled_from([None, "", "a@example.com", "b@example.com", "B@EXAMPLE.com", "x@other.net", "broken"]),
        st.sampled_from([None, True, False]),
    ),
    max_size=130,
    unique_by=lambda found: found.customer_id,
)


@given(PEOPLE)
def test_each_person_is_in_one_place_and_each_address_gets_one_message(found):
    people = decide(found, rules({"c1": "withdrawn"}, ["b@example.com"]))
    assert sorted(person.customer_id for person in people) == sorted(one.customer_id for one in found)
    assert sum(counts(people).values()) == len(found)
    assert set(counts(people)) <= {"included", *REASONS}
    included, excluded = chunked(people)
    assert sum(map(len, included + excluded)) == len(found)
    assert all(1 <= len(chunk) <= 50 for chunk in included + excluded)
    addresses = [normal(person.address) for chunk in included for person in chunk]
    assert len(addresses) == len(set(addresses))
    assert len({person.token for person in people}) == len(people)
