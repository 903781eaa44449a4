"""Merge and purge: every row of every list is kept, merged into a kept one, or purged, and has its reason.

Pure: rows come with their keys in standard form. The same lists in the same order give the same fates.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from hub.lists.models import DropRule, MergeRequest, Report, Tally

Fates = Literal["kept", "merged", "purged"]
Suppressed = Mapping[str, frozenset[tuple[str, str]]]


class Place(NamedTuple):
    """at: of the list in the order of preference. row: from 1."""

    at: int
    row: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. keys: kind -> value in standard form, of those that it has. changed_at: text that sorts, or empty."""

    place: Place
    values: Mapping[str, str]
    keys: Mapping[str, str]
    changed_at: str = ""

    @property
    def filled(self) -> int:
        return sum(1 for value in self.values.values() if value)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a row. into: the row that stayed for it."""

    place: Place
    fate: Fates
    reason: str = ""
    into: Place | None = None


@dataclass(slots=True)
class Merged:
    """fates: in the order of the rows. kept: the values of each row that stayed, filled up."""

    fates: list[Fate]
    kept: dict[Place, dict[str, str]] = field(default_factory=dict)
    filled: Counter[str] = field(default_factory=Counter)

    def report(self, names: Sequence[str]) -> Report:
        lists = {name: Tally() for name in names}
        total, reasons = Tally(), Counter[str]()
        for each in self.fates:
            for tally in (lists[names[each.place.at]], total):
                tally.rows += 1
                setattr(tally, each.fate, getattr(tally, each.fate) + 1)
            if each.reason:
                reasons[f"{each.fate}: {each.reason}"] += 1
        return Report(total=total, lists=lists, reasons=dict(reasons), filled=dict(self.filled))


def merge(
    entries: Sequence[Entry], suppressed: Mapping[str, frozenset[tuple[str, str]]], asked: MergeRequest
) -> Merged:
    """The fate of each row. suppressed: by list, its people's keys as (kind, value)."""
    fates: dict[Place, Fate] = {}
    standing: list[Entry] = []
    for entry in entries:
        if rule := _dropped(entry, asked.drop):
            fates[entry.place] = Fate(entry.place, "purged", f"rule {rule}")
        elif not entry.keys and asked.without_key == "drop":
            fates[entry.place] = Fate(entry.place, "purged", "nothing to compare")
        else:
            standing.append(entry)
    merged = Merged([])
    for group in _groups(standing):
        fates |= {fate.place: fate for fate in _of_group(group, suppressed, asked, merged)}
    merged.fates = [fates[entry.place] for entry in entries]
    return merged


def _dropped(entry: Entry, rules: Iterable[DropRule]) -> str | None:
    return next((rule.rule for rule in rules if entry.values.get(rule.column, "") == (rule.equals or "")), None)


def _groups(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Rows that share a key, over any number of steps, in the order of their first row."""
    parent = list(range(len(entries)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    first: dict[tuple[str, str], int] = {}
    for at, entry in enumerate(entries):
        for key in entry.keys.items():
            one, other = root(at), root(first.setdefault(key, at))
            parent[max(one, other)] = min(one, other)
    groups: dict[int, list[Entry]] = {}
    for at, entry in enumerate(entries):
        groups.setdefault(root(at), []).append(entry)
    return list(groups.values())


def _of_group(
    group: Sequence[Entry],
    suppressed: Suppressed,
    asked: MergeRequest,
    merged: Merged,
) -> Iterable[Fate]:
    by = {entry.place: _suppressed(entry, suppressed) for entry in group}
    if named := next((name for name in by.values() if name), None):
        for place, name in by.items():
            yield Fate(place, "purged", f"on {name}" if name else f"same person as one on {named}")
        return
    ranked = sorted(group, key=lambda entry: _rank(entry, asked.keep))
    stays, rest = ranked[0], ranked[1:]
    values = dict(stays.values)
    for entry in rest if asked.fill else ():
        for name, value in entry.values.items():
            if value and not values.get(name):
                values[name] = value
                merged.filled[name] += 1
    merged.kept[stays.place] = values
    yield Fate(stays.place, "kept")
    counts = Counter(key for entry in group for key in entry.keys.items())
    for entry in rest:
        shared = [kind for kind, value in entry.keys.items() if counts[kind, value] > 1]
        yield Fate(entry.place, "merged", f"same {' and '.join(shared)}", stays.place)


def _suppressed(entry: Entry, lists: Suppressed) -> str | None:
    return next((name for name, keys in lists.items() if any(key in keys for key in entry.keys.items())), None)


def _rank(entry: Entry, keep: str) -> tuple[object, ...]:
    """What stays comes first; where nothing else tells, the more preferred list and then the row above."""
    if keep == "newest":
        return (_reversed(entry.changed_at), entry.place)
    return (-entry.filled, entry.place) if keep == "fullest" else (entry.place,)


def _reversed(text: str) -> tuple[int, ...]:
    """Sorts the greatest text first, and an empty one last."""
    return (*(-ord(sign) for sign in text), 1)
