"""Who may be whose parent, what is added up, and who is how far away."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.companies import trees
from hub.errors import Conflict

FAMILY = {"b": "a", "c": "b", "x": "y"}
PARENTS = [
    ("d", "c", None, "a leaf more"),
    ("a", "y", None, "a root goes below another tree"),
    ("y", "c", None, "with all that it has below"),
    ("a", "a", "own parent", "nobody is below himself"),
    ("b", "y", "one parent", "a second parent"),
    ("b", "a", "one parent", "the same again is a second one too"),
    ("a", "b", "circle", "a child above its parent"),
    ("a", "c", "circle", "and further down"),
]


@pytest.mark.parametrize(("child", "parent", "refused", "why"), PARENTS)
def test_a_child_has_one_parent_and_no_circle(child, parent, refused, why):
    if refused is None:
        trees.check_parent(FAMILY, child, parent)
        return
    with pytest.raises(Conflict, match=refused):
        trees.check_parent(FAMILY, child, parent)


def test_the_way_of_a_circle_is_told():
    with pytest.raises(Conflict) as error:
        trees.check_parent(FAMILY, "a", "c")
    assert error.value.details == {"way": ["c", "b", "a"]}


def test_a_tree_has_an_end():
    deep = {f"n{at + 1}": f"n{at}" for at in range(trees.MOST_DEPTH - 1)}
    with pytest.raises(Conflict, match="levels"):
        trees.check_parent(deep, "leaf", f"n{trees.MOST_DEPTH - 1}")


NODES = st.sampled_from("abcdefgh")


@given(st.lists(st.tuples(NODES, NODES), max_size=30))
def test_whatever_is_said_no_circle_and_no_second_parent_comes_about(said):
    parents: dict[str, str] = {}
    for child, parent in said:
        try:
            trees.check_parent(parents, child, parent)
        except Conflict:
            continue
        assert child not in parents
        parents[child] = parent
    for child in parents:
        way = trees.above(parents, child)
        assert child not in way and way[-1] not in parents, "each way up ends at a root"


@given(st.lists(st.tuples(NODES, NODES), max_size=30), st.data())
def test_a_root_has_what_all_of_its_tree_have(said, data):
    parents: dict[str, str] = {}
    for child, parent in said:
        try:
            trees.check_parent(parents, child, parent)
        except Conflict:
            continue
        parents[child] = parent
    root = next(each for each in "abcdefgh" if each not in parents)
    listed = trees.below(parents, root)
    own = {node: Decimal(data.draw(st.integers(0, 99))) for node, _ in listed}
    sums = trees.rolled_up(listed, parents, own)
    assert sums[root] == sum(own.values())
    for node, _ in listed:
        assert sums[node] == own[node] + sum(sums[child] for child, parent in parents.items() if parent == node)


EDGES = [
    ("a", "refers", "b"),
    ("b", "refers", "c"),
    ("c", "works_with", "d"),
    ("d", "refers", "a"),
    ("x", "refers", "y"),
]
FAR = [
    ("a", 1, {"a": 0, "b": 1, "d": 1}, "whichever way a relation leads"),
    ("a", 2, {"a": 0, "b": 1, "d": 1, "c": 2}, "by the shortest way round"),
    ("x", 6, {"x": 0, "y": 1}, "others are not there"),
    ("z", 2, {"z": 0}, "nobody knows him"),
]


@pytest.mark.parametrize(("start", "steps", "expected", "why"), FAR)
def test_neighbours_up_to_so_many_steps(start, steps, expected, why):
    far, edges, complete = trees.network(start, steps, lambda node: [e for e in EDGES if node in (e[0], e[2])])
    assert (far, complete) == (expected, True), why
    assert edges <= {each for each in EDGES if each[0] in far and each[2] in far}


def test_a_crowd_is_cut_and_told():
    star = [("hub", "knows", f"n{at}") for at in range(trees.MOST_NODES * 2)]
    far, edges, complete = trees.network("hub", 2, lambda node: [e for e in star if node in (e[0], e[2])])
    assert not complete and len(far) <= trees.MOST_NODES + 1
    assert all(one in far and other in far for one, _, other in edges)
