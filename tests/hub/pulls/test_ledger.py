import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.pulls.ledger import Counts, gate, settle


@pytest.mark.parametrize(
    ("counts", "declared", "balanced", "why"),
    [
        (Counts(10, 10), None, True, "all staged"),
        (Counts(10, 6, 1, 2, 1), 10, True, "in four places, as many as declared"),
        (Counts(), 0, True, "an empty source is not a lost one"),
        (Counts(10, 9), None, False, "one row is nowhere"),
        (Counts(10, 11), None, False, "one row is twice"),
        (Counts(10, 10), 11, False, "the source has one more than it gave"),
        (Counts(10, 10), 9, False, "the source gave one more than it has"),
    ],
)
def test_settle(counts, declared, balanced, why):
    assert settle([counts], declared).balanced is balanced, why


@given(st.lists(st.tuples(*[st.integers(0, 1000)] * 4), max_size=20))
def test_batches_that_balance_make_a_pull_that_balances(places):
    batches = [Counts(sum(p), *p) for p in places]
    assert settle(batches, declared_by_source=sum(map(sum, places))).balanced


@given(st.tuples(*[st.integers(0, 1000)] * 4), st.integers(-50, 50).filter(bool))
def test_a_row_too_many_or_too_few_is_always_seen(places, off):
    verdict = settle([Counts(sum(places) + off, *places)], None)
    assert not verdict.balanced
    assert f"{off:+d}" in verdict.reason


@pytest.mark.parametrize(
    ("counts", "open_", "why"),
    [
        (Counts(100, 80, 0, 20), True, "exactly as many as allowed"),
        (Counts(100, 79, 0, 21), False, "one more than allowed"),
        (Counts(5, 1, 0, 4), True, "of five rows a share says nothing"),
        (Counts(20, 0, 0, 20), False, "all of twenty rows"),
        (Counts(), True, "no row, no share"),
    ],
)
def test_gate(counts, open_, why):
    assert gate(counts, 20).balanced is open_, why
