"""Components by stars are those that a walk over the edges finds."""

import itertools
import random

import pytest

from hub.identity import Matcher
from tests.sql.identity.conftest import put


def walked(edges: list[tuple[int, int]]) -> dict[int, int]:
    """Each node with the smallest one that can be reached from it."""
    beside: dict[int, set[int]] = {}
    for a, b in edges:
        beside.setdefault(a, set()).add(b)
        beside.setdefault(b, set()).add(a)
    found: dict[int, int] = {}
    for start in sorted(beside):
        todo = [start]
        while todo:
            node = todo.pop()
            if node not in found:
                found[node] = start
                todo += beside[node]
    return found


def stars(engine, known, edges: list[tuple[int, int]]) -> tuple[dict[int, int], int]:
    """What the statements find, and in how many rounds."""
    put(engine, "m_edges", ["l", "r"], edges or [(1, 1)])
    matcher = Matcher(engine, known, {"email": "email"})
    matcher.made.add("edges")
    labels = matcher._components("edges")
    rows = engine.query(f"select record, label from m_{labels}")
    assert len(rows) == len({record for record, _ in rows}), "a record has two labels"
    return dict(rows), sum("_large" in each.splitlines()[0] for each in matcher.log)


def random_edges(nodes: int, edges: int, seed: int) -> list[tuple[int, int]]:
    by = random.Random(seed)
    return [(by.randrange(nodes), by.randrange(nodes)) for _ in range(edges)]


def chain(length: int) -> list[tuple[int, int]]:
    """A path whose numbers come in no order: what label propagation needs as many rounds for as it is long."""
    nodes = list(range(length))
    random.Random(5).shuffle(nodes)
    return list(itertools.pairwise(nodes))


@pytest.mark.parametrize(
    ("edges", "rounds", "why"),
    [
        ([], 1, "no edges"),
        ([(2, 1), (1, 2), (3, 3)], 2, "both ways, and one with itself"),
        ([(1, 2), (2, 3), (3, 1), (8, 9)], 3, "a ring and a pair"),
        ([(0, each) for each in range(1, 60)], 3, "a star"),
        ([(59, each) for each in range(59)], 3, "a star around the largest"),
        (chain(1024), 12, "a chain in no order"),
        (random_edges(200, 150, 1), 8, "many small ones"),
        (random_edges(200, 400, 2), 8, "one large and some alone"),
    ],
)
def test_stars_find_what_a_walk_finds(engine, known, edges, rounds, why):
    found, needed = stars(engine, known, edges)
    assert found == walked([(a, b) for a, b in edges if a != b]), why
    assert needed <= rounds, why
