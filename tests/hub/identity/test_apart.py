"""Whom a steward keeps apart: which edges go."""

import itertools

import pytest

from hub.identity.apart import separated

CERTAIN = 1000.0


@pytest.mark.parametrize(
    ("edges", "apart", "gone", "stuck", "why"),
    [
        ([(1, 2, 5.0), (2, 3, 9.0)], [(1, 3)], {(1, 2)}, [], "the weaker edge of a chain goes"),
        ([(1, 2, 5.0), (2, 3, 5.0)], [(1, 3)], {(1, 2)}, [], "of two as weak the one with the smaller records goes"),
        ([(1, 2, 5.0)], [(1, 2)], {(1, 2)}, [], "an edge between the two themselves goes"),
        ([(1, 2, 5.0), (3, 4, 5.0)], [(1, 4)], set(), [], "nothing holds them together"),
        ([], [(1, 2)], set(), [], "no edges"),
        (
            [(1, 2, 7.0), (2, 4, 8.0), (1, 3, 6.0), (3, 4, 5.0)],
            [(1, 4)],
            {(1, 2), (3, 4)},
            [],
            "two ways, one edge each",
        ),
        ([(1, 2, CERTAIN), (2, 3, 4.0)], [(1, 3)], {(2, 3)}, [], "what a steward put together stays"),
        ([(1, 2, CERTAIN), (2, 3, CERTAIN)], [(1, 3)], set(), [(1, 3)], "decisions that contradict are told"),
        ([(1, 2, 5.0), (2, 3, 6.0), (3, 4, 7.0)], [(1, 3), (2, 4)], {(1, 2), (2, 3)}, [], "two pairs to keep apart"),
    ],
)
def test_the_weakest_edge_goes(edges, apart, gone, stuck, why):
    for shuffled in itertools.permutations(edges):
        assert separated(shuffled, apart, CERTAIN) == (gone, stuck), why
