"""Fields within fields as columns: `$.properties.email`, `$.lines[0].sku`, `$.answers[name=email].values[0]`.

What no path leads to is kept beside it, under its own path, so that it is an undeclared field like any other.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

STEP = re.compile(r"\.([A-Za-z_]\w*)|\['([^']+)'\]|\[(\d+)\]|\[(\w+)=([^\]]+)\]")

Key = str | int | tuple[str, str]


@dataclass
class _Node:
    """What paths want below one place. name: the path that ends here."""

    name: str | None = None
    below: dict[Key, "_Node"] = field(default_factory=dict)


class Nested:
    """Takes the values of paths out of records. paths: as the manifest's `source_name` writes them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._root = _Node()
        for path in paths:
            node = self._root
            for step in STEP.finditer(path):
                key: Key = step[1] or step[2] or (step[4], step[5])
                node = node.below.setdefault(int(step[3]) if step[3] else key, _Node())
            node.name = path

    def flat(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The records with a field for each path that leads somewhere."""
        return [self._flat(record) for record in records]

    def _flat(self, record: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in record.items():
            node = self._root.below.get(name)
            if node is None:
                found[name] = value
            else:
                _take(value, node, name, found)
        return found


def _take(value: Any, node: _Node, place: str, found: dict[str, Any]) -> None:
    """Put what the paths below `place` lead to into `found`, and the rest beside it."""
    if node.name is not None:
        found[node.name] = value
    if isinstance(value, dict):
        for name, each in value.items():
            below = node.below.get(name)
            if below is not None:
                _take(each, below, f"{place}.{name}", found)
            elif node.name is None and each is not None:
                found[f"{place}.{name}"] = each
    elif isinstance(value, list):
        taken = set()
        for key, below in node.below.items():
            at = _position(value, key)
            if at is not None:
                taken.add(at)
                _take(value[at], below, f"{place}[{at}]", found)
        left = [each for at, each in enumerate(value) if at not in taken]
        if left and node.name is None:
            found[place] = left
    elif node.name is None and value is not None:
        found[place] = value


def _position(values: Sequence[Any], key: Key) -> int | None:
    """Where in a list the wanted element is: by number, or the first whose field has the value."""
    if isinstance(key, int):
        return key if key < len(values) else None
    if isinstance(key, str):
        return None
    name, wanted = key
    fitting = (at for at, each in enumerate(values) if isinstance(each, dict) and str(each.get(name)) == wanted)
    return next(fitting, None)
