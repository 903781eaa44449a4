"""Components of a graph that is small enough to be looked at here."""

from collections.abc import Iterable


def labels_of(edges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Each node of an edge with the smallest node of its component, in order."""
    root: dict[int, int] = {}

    def find(node: int) -> int:
        while root.setdefault(node, node) != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for a, b in edges:
        one, other = sorted((find(a), find(b)))
        root[other] = one
    return [(node, find(node)) for node in sorted(root)]
