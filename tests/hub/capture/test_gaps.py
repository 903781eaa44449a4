"""Which fields are missing, and which question comes next."""

import re

import pytest
from pydantic import ValidationError

from hub.capture.gaps import gaps, questions
from hub.config.capture import Capture

WANTED = ["email", "phone", "birth_date"]
EMAIL_ORDER = {"field": "email", "ask": "Where may we send the confirmation to?", "occasions": ["order"]}
EMAIL = {"field": "email", "ask": "May I note an e-mail address?"}
BIRTHDAY = {"field": "birth_date", "ask": "When is your birthday?", "after": ["email"]}
PHONE = {"field": "phone", "ask": "Which number may we call?"}
CALL = Capture.model_validate({"scripts": {"call": [EMAIL_ORDER, EMAIL, BIRTHDAY, PHONE]}}).scripts["call"]


@pytest.mark.parametrize(
    ("profile", "missing", "why"),
    [
        ({}, WANTED, "nothing is known"),
        ({"email": "a@example.com", "phone": "", "birth_date": None}, ["phone", "birth_date"], "empty is missing"),
        ({"email": "  ", "phone": "+91", "birth_date": "1990-01-01"}, ["email"], "blanks are no address"),
        ({"email": "a@example.com", "phone": "+91", "birth_date": "1990-01-01"}, [], "all is there"),
    ],
)
def test_gaps(profile, missing, why):
    assert gaps(profile, WANTED) == missing, why


@pytest.mark.parametrize(
    ("missing", "asked", "occasion", "asks", "why"),
    [
        (WANTED, [], "order", [EMAIL_ORDER, EMAIL, PHONE], "the first that fits the occasion, then the others"),
        (WANTED, [], None, [EMAIL, PHONE], "without an occasion those that fit any"),
        (WANTED, [], "complaint", [EMAIL, PHONE], "another occasion"),
        (["phone", "birth_date"], [], None, [BIRTHDAY, PHONE], "the birthday once the address is known"),
        (["phone", "birth_date"], ["birth_date"], None, [PHONE], "nobody is asked twice"),
        (["email"], ["email"], "order", [], "in other words neither"),
        ([], [], "order", [], "nothing is missing"),
    ],
)
def test_the_next_best_question(missing, asked, occasion, asks, why):
    assert [each.ask for each in questions(CALL, missing, asked, occasion)] == [each["ask"] for each in asks], why


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"wanted": ["phone"], "scripts": {"call": [EMAIL]}}, "`call` asks for email; add it to `wanted`"),
        ({"scripts": {"web": [PHONE | {"after": ["phone"]}]}}, "`web` asks for phone after itself"),
        ({"wanted": ["shoe_size"]}, "full_name"),
        ({"scripts": {"fax": [EMAIL]}}, "'web', 'call', 'store' or 'email'"),
        ({"scripts": {"call": [EMAIL | {"occasions": ["An order"]}]}}, "pattern"),
        ({"scripts": {"call": [EMAIL | {"text": "x"}]}}, "Extra"),
    ],
)
def test_scripts_that_cannot_be(given, words):
    with pytest.raises(ValidationError, match=re.escape(words)):
        Capture.model_validate(given)
