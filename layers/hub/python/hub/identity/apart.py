"""Keeps apart what stewards keep apart: of the strongest way between two records the weakest edge goes."""

from collections.abc import Iterable, Sequence

Edge = tuple[int, int, float]


def separated(
    edges: Iterable[Edge], apart: Iterable[tuple[int, int]], certain: float
) -> tuple[set[tuple[int, int]], list[tuple[int, int]]]:
    """The edges that go, and the pairs that cannot be parted because decisions of the same stewards hold them together.

    The same for any order of edges and pairs.
    """
    left = {(a, b): weight for a, b, weight in edges}
    gone: set[tuple[int, int]] = set()
    stuck: list[tuple[int, int]] = []
    for a, b in sorted(apart):
        while way := _strongest(left, a, b):
            weakest = min(way, key=lambda edge: (left[edge], edge))
            if left[weakest] >= certain:
                stuck.append((a, b))
                break
            del left[weakest]
            gone.add(weakest)
    return gone, stuck


def _strongest(edges: dict[tuple[int, int], float], a: int, b: int) -> Sequence[tuple[int, int]]:
    """The way from a to b over the strongest edges, in the heaviest spanning tree. Empty where there is none."""
    root: dict[int, int] = {}
    tree: dict[int, list[tuple[int, tuple[int, int]]]] = {}

    def find(node: int) -> int:
        while root.setdefault(node, node) != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for edge in sorted(edges, key=lambda each: (-edges[each], each)):
        one, other = find(edge[0]), find(edge[1])
        if one != other:
            root[one] = other
            tree.setdefault(edge[0], []).append((edge[1], edge))
            tree.setdefault(edge[1], []).append((edge[0], edge))
    came: dict[int, tuple[int, tuple[int, int]]] = {}
    todo = [a]
    while todo:
        node = todo.pop()
        for other, edge in tree.get(node, ()):
            if other not in came and other != a:
                came[other] = (node, edge)
                todo.append(other)
    way = []
    node = b
    while node in came:
        node, edge = came[node]
        way.append(edge)
    return way if node == a and way else []
