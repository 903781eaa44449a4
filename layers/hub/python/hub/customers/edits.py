"""Edited values on a profile before a run knows them: shown at once, kept until a run says the same, taken back."""

from collections.abc import Collection, Mapping
from typing import Any

Item = dict[str, Any]
Values = Mapping[str, str | None]


def edited(profile: Mapping[str, Any], group: str, values: Values, about: Mapping[str, Any]) -> Item:
    """The profile with the values of a group; `about` tells who and when, `before` what held without any edit."""
    marks = profile.get("edits", {})
    before = marks.get(group, {}).get("before") or {name: profile.get(name) for name in values}
    mark = {**about, "values": dict(values), "before": before, "known": False}
    return _with({**profile, "edits": {**marks, group: mark}}, values)


def taken_back(profile: Mapping[str, Any], decisions: Collection[str]) -> Item:
    """The profile as it was before these decisions about values; what others say of it stays."""
    marks = profile.get("edits", {})
    gone = {group: mark for group, mark in marks.items() if mark["decision_id"] in decisions}
    return _without(profile, gone, gone)


def left_behind(profile: Mapping[str, Any], record_keys: Collection[str]) -> Item:
    """As the run says it, without the edits that went along with records which are not the customer's any more."""
    marks = profile.get("edits", {})
    gone = {group: mark for group, mark in marks.items() if mark.get("record_key") in record_keys}
    return _without(profile, gone, {group: mark for group, mark in gone.items() if not mark["known"]})


def _without(profile: Mapping[str, Any], gone: Collection[str], put_back: Mapping[str, Any]) -> Item:
    kept = {group: mark for group, mark in profile.get("edits", {}).items() if group not in gone}
    values = {name: value for mark in put_back.values() for name, value in mark["before"].items()}
    return _with({**profile, "edits": kept}, values)


def carried(profile: Mapping[str, Any], marks: Mapping[str, Any]) -> Item:
    """What a run says of a customer, with the edits that it did not know yet.

    Once a run has said what an edit says, it knows the edit; what it says differently after that is newer.
    """
    found, kept = dict(profile), {}
    for group, mark in marks.items():
        same = all(str(profile.get(name) or "") == (value or "") for name, value in mark["values"].items())
        if same:
            kept[group] = {**mark, "known": True}
        elif not mark["known"]:
            kept[group] = {**mark, "before": {name: profile.get(name) for name in mark["values"]}}
            found = _with(found, mark["values"])
    return {**found, "edits": kept} if kept else found


def _with(profile: Item, values: Values) -> Item:
    found = {name: value for name, value in {**profile, **values}.items() if value is not None}
    if not found.get("edits", True):
        del found["edits"]
    return found
