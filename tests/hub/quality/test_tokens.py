import hashlib
import hmac

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.quality.tokens import record_hashes, seed, token, tokens

VALUES = st.one_of(st.none(), st.text(alphabet="ab:-\x1f1", max_size=4))


@pytest.mark.parametrize("key", [b"k", b"k" * 64, b"k" * 65], ids=["short", "a block", "longer than a block"])
def test_tokens_are_hmac_sha256(key):
    made = tokens(key, "crm", "customer", [pa.array(["C1", None, "C1"])]).to_pylist()
    expected = hmac.new(key, b"crm|customer|C1", hashlib.sha256).hexdigest()[:32]
    assert made == [expected, None, expected]
    assert token(key, "crm", "customer", "C1") == expected


def test_a_number_and_its_text_are_the_same_key():
    """An order names its customer as text, the customer table as a number: they must meet."""
    assert tokens(b"k", "s", "customer", [pa.array([7])]) == tokens(b"k", "s", "customer", [pa.array(["7"])])


def test_a_zero_has_no_sign():
    zero, minus = record_hashes([pa.array([0.0, -0.0])], 1).to_pylist()
    assert zero == minus


@given(st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=2))
def test_hashes_are_equal_for_equal_rows_only(rows):
    made = record_hashes([pa.array(list(column), pa.string()) for column in zip(*rows, strict=True)], 1).to_pylist()
    assert (made[0] == made[1]) == (rows[0] == rows[1])


def test_hashes_depend_on_the_key():
    """Who can send rows must not be able to make one that looks like another's."""
    row = [pa.array(["x"])]
    assert record_hashes(row, seed(b"one")) != record_hashes(row, seed(b"other"))
