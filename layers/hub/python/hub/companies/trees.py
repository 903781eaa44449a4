"""Parents and neighbours: who may be whose parent, what lies below, who is how far away. Pure: no AWS."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from hub.errors import Conflict

MOST_NODES = 500
MOST_DEPTH = 20

Edge = tuple[str, str, str]  # from, kind, to


def check_parent(parents: Mapping[str, str], child: str, parent: str) -> None:
    """Conflict, with the way round, where the child would have two parents or be above itself."""
    if child == parent:
        raise Conflict("Nobody is his own parent")
    if child in parents:
        raise Conflict(
            "A child has one parent at most; take the one that it has away first", {"parent": parents[child]}
        )
    way = [parent, *above(parents, parent)]
    if child in way:
        raise Conflict("This would be a circle: the child is above that parent already", {"way": way})
    if len(way) + 1 + _height(parents, child) > MOST_DEPTH:
        raise Conflict(f"A tree has at most {MOST_DEPTH} levels")


def above(parents: Mapping[str, str], child: str) -> list[str]:
    """The parent, his parent, and so on; a circle that was left by hand ends it."""
    found: list[str] = []
    while (at := parents.get(found[-1] if found else child)) and at not in found and at != child:
        found.append(at)
    return found


def below(parents: Mapping[str, str], root: str) -> list[tuple[str, int]]:
    """(node, depth) from the root, each behind its parent, children in the order of their ids."""
    children: dict[str, list[str]] = {}
    for child, parent in sorted(parents.items()):
        children.setdefault(parent, []).append(child)
    found: list[tuple[str, int]] = []
    seen, waiting = {root}, [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        found.append((node, depth))
        new = [each for each in children.get(node, ()) if each not in seen]
        seen.update(new)
        waiting += [(each, depth + 1) for each in reversed(new)]
    return found


def rolled_up(
    nodes: Iterable[tuple[str, int]], parents: Mapping[str, str], own: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """For each node of `below` what it has itself and all below it."""
    found: dict[str, Decimal] = {}
    for node, depth in reversed(list(nodes)):
        found[node] = found.get(node, Decimal(0)) + own.get(node, Decimal(0))
        if depth:
            found[parents[node]] = found.get(parents[node], Decimal(0)) + found[node]
    return found


def network(
    start: str, steps: int, relations: Callable[[str], Iterable[Edge]]
) -> tuple[dict[str, int], set[Edge], bool]:
    """Who is up to so many relations away, the relations on the way, and whether all were followed."""
    far, edges, edge_of = {start: 0}, set[Edge](), [start]
    for step in range(1, steps + 1):
        reached: list[str] = []
        for node in edge_of:
            for one, kind, other in relations(node):
                for each in (one, other):
                    if each not in far:
                        if len(far) > MOST_NODES:
                            return _within(far, edges, complete=False)
                        far[each] = step
                        reached.append(each)
                edges.add((one, kind, other))
        edge_of = reached
    return _within(far, edges, complete=True)


def _within(far: dict[str, int], edges: set[Edge], complete: bool) -> tuple[dict[str, int], set[Edge], bool]:
    return far, {(one, kind, other) for one, kind, other in edges if one in far and other in far}, complete


def _height(parents: Mapping[str, str], root: str) -> int:
    return max(depth for _, depth in below(parents, root))
