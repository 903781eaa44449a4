"""Where the records of an answer are: a path, which may lead through lists, and what children take from around them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.sources.piece import SourceError

STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)|\['([^']+)'\]|(\[\*\])")
LIST = object()
Step = Any  # the name of a field, or LIST


def steps(path: str) -> tuple[Step, ...]:
    """A path such as `$.meta.total`, `$['@odata.count']` or `$.orders[*].items`, taken apart."""
    return tuple(LIST if each[3] else each[1] or each[2] for each in STEP.finditer(path))


def at(value: Any, path: tuple[Step, ...]) -> Any:
    """The value at a path without lists, None where there is none."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


@dataclass(frozen=True, slots=True)
class Found:
    """records: the rows. outer: what the source's paging counts, which is the first list on the way."""

    records: list[Any]
    outer: list[Any]


NONE = Found([], [])


class Records:
    """Takes the records out of an answer.

    parent: field in the record -> field of the record around it, or `list.field` of one further out.
    """

    def __init__(self, path: str, parent: Mapping[str, str]) -> None:
        self._path, self._parent = path, dict(parent)
        parts: list[tuple[Step, ...]] = [()]
        for step in steps(path.removesuffix("[*]")):
            if step is LIST:
                parts.append(())
            else:
                parts[-1] = (*parts[-1], step)
        self._parts = parts
        self._names = [str(part[-1]) if part else "$" for part in parts]

    @property
    def path(self) -> tuple[str, ...] | None:
        """The fields that lead to the records, where they are in one list and are taken as they are."""
        return None if len(self._parts) > 1 or self._parent else self._parts[0]

    def of(self, answer: Any, told: str) -> Found:
        outer = at(answer, self._parts[0])
        if not isinstance(outer, list):
            raise SourceError(f"{told}: no list at {self._path} of the answer; correct `records`")
        if len(self._parts) == 1:
            return Found(outer, outer)
        return Found(list(self._children(outer, 0, {}, told)), outer)

    def _children(self, around: list[Any], level: int, above: Mapping[str, Any], told: str) -> Iterator[Any]:
        """The records below those of one level, each with what it takes from above."""
        for each in around:
            if not isinstance(each, dict):
                yield each  # no record; it goes to quarantine as it is
                continue
            children = at(each, self._parts[level + 1])
            if children is None:
                continue
            if not isinstance(children, list):
                raise SourceError(
                    f"{told}: no list at {self._path} in one of the {self._names[level]}; correct `records`"
                )
            below = {**above, self._names[level]: each}
            if level + 2 < len(self._parts):
                yield from self._children(children, level + 1, below, told)
            else:
                yield from self._carried(
                    children, {name: self._from(field, each, below) for name, field in self._parent.items()}, told
                )

    def _carried(self, children: list[Any], carried: Mapping[str, Any], told: str) -> Iterator[Any]:
        for child in children:
            if not isinstance(child, dict):
                yield child
            elif carried.keys() & child.keys():
                name = min(carried.keys() & child.keys())
                raise SourceError(
                    f"{told}: the records have a field {name} of their own; name it otherwise in `parent`"
                )
            else:
                yield {**child, **carried}

    @staticmethod
    def _from(field: str, around: Mapping[str, Any], above: Mapping[str, Any]) -> Any:
        level, _, name = field.rpartition(".")
        return above[level].get(name) if level in above else around.get(field)
