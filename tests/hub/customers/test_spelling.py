"""Names that are misspelt: what is near, and what is not although it looks so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.customers.spelling import MOST, distance, farness, forms

WORD = st.text("abcdehklmnrstvwxyz", min_size=4, max_size=MOST)


@pytest.mark.parametrize(
    ("asked", "name", "far", "why"),
    [
        ("sharma", "sharma", 0, "the same"),
        ("shrma", "sharma", 1, "a letter too few"),
        ("sharmaa", "sharma", 1, "a letter too many"),
        ("shaRma".lower().replace("r", "t"), "sharma", 1, "a wrong letter"),
        ("sahrma", "sharma", 1, "two letters changed places"),
        ("anna", "ana", 1, "one of two"),
        ("laxmi", "lakshmi", 2, "the sound of India's letters"),
        ("muhammad", "mohamed", 2, "vowels and doubled letters"),
        ("choudhary", "chaudhari", 2, "the same"),
        ("stephen", "steven", 2, "ph and v"),
        ("kathryn", "catherine", 2, "c and k, th and t"),
        ("geoffrey", "jeffrey", 2, "g and j"),
        ("smyth", "smith", 1, "nearer by a slip than by its sound"),
        ("sharma", "verma", None, "another name"),
        ("amit", "sumita", None, "two letters apart, of another sound"),
        ("ravi", "rani", 1, "one letter apart is near, whatever it means"),
        ("rao", "roy", None, "two letters of three"),
        ("li", "lu", None, "too short to be near anything"),
        ("asha", "usha", 1, "one letter"),
        ("maria", "mario", 1, "one letter"),
        ("kumar", "kumari", 1, "one letter"),
        ("joshi", "doshi", 1, "one letter"),
        ("anil", "sunil", None, "two letters apart"),
        ("suresh", "naresh", None, "two letters apart"),
    ],
)
def test_how_far(asked, name, far, why):
    assert distance(asked, [name]) == far, why


@given(WORD, st.data())
def test_what_slips_shares_a_form(word, data):
    at = data.draw(st.integers(0, len(word) - 2))
    letter = data.draw(st.sampled_from("aektz"))
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    for slip in (word[:at] + word[at + 1 :], word[:at] + letter + word[at + 1 :], swapped):
        assert forms(word) & forms(slip), slip
        assert distance(slip, [word]) in (0, 1)


def test_all_words_have_to_be_near():
    assert farness(["asha", "shrma"], {"asha", "sharma"}) == 1
    assert farness(["asha", "gupta"], {"asha", "sharma"}) is None
    assert forms("x" * (MOST + 1)) == forms("आशा") == set()
