"""Four eyes, what a decision writes, and how it is taken back. Pure: no AWS.

A decision's effects are items of the control table that runs read: `decision` / `pair#<left>#<right>` and `edit` /
`<record_key>#<group>`. Each names the decision that made it; what it replaced is kept with the decision, whole.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from hub.config.survivorship import CONSENT, GROUPS
from hub.errors import Conflict, Forbidden, InvalidInput

Item = dict[str, Any]
DECISION, EDIT = "decision", "edit"
PERSONS: Final = ("merge", "apart", "believe")
"""Kinds that say who is one person; `believe` is a pair of a record with itself."""

MOST_PAIRS: Final = 45
"""Of one decision: a transaction has room for a hundred writes, and each pair takes two."""

FORMS: Final[dict[str, tuple[str, str]]] = {
    "email": (r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+", "an e-mail address such as name@example.com"),
    **dict.fromkeys(
        ("phone", "whatsapp", "fax"),
        (r"\+[1-9][0-9]{6,14}", "a telephone number as +91 and the digits, without blanks"),
    ),
    "family_size": (r"[1-9][0-9]?", "a number of persons"),
}
KEPT: Final = {"name": "title"}
"""Group -> the part that stays where an edit does not name it: who spells a name does not think of its title."""


def pair(left: str, right: str) -> str:
    return f"pair#{min(left, right)}#{max(left, right)}"


def pairs(left: Sequence[str], right: Sequence[str], kind: str) -> list[tuple[str, str]]:
    """The pairs of a decision, each with the smaller key first; InvalidInput for what cannot be decided at once."""
    if kind == "believe":
        if len(left) != 1 or right:
            raise InvalidInput(
                "A held person is named by one of its records", [{"field": "left", "problem": "takes one record"}]
            )
        return [(left[0], left[0])]
    if not right:
        raise InvalidInput("Two sides are decided", [{"field": "right", "problem": "needs a record"}])
    if set(left) & set(right):
        raise InvalidInput("A record cannot stand on both sides", [{"field": "right", "problem": "repeats the left"}])
    if kind == "merge" and (len(left), len(right)) != (1, 1):
        wrong = [{"field": "left", "problem": "takes one record"}]
        raise InvalidInput("Customers are merged by one record of each", wrong)
    found = sorted({(min(a, b), max(a, b)) for a in left for b in right})
    if len(found) > MOST_PAIRS:
        problem = f"At most {MOST_PAIRS} pairs are parted at once; these are {len(found)}. Part fewer records at a time"
        raise InvalidInput(problem, [{"field": "left", "problem": "too many pairs"}])
    return found


def with_kept(group: str, values: Mapping[str, str | None], profile: Mapping[str, Any]) -> dict[str, str | None]:
    """The values of an edit, and what of the golden record stays although the edit does not name it."""
    kept = KEPT.get(group)
    return {kept: profile[kept], **values} if kept and profile.get(kept) else dict(values)


def check_values(group: str, values: Mapping[str, str | None], today: date) -> dict[str, str | None]:
    """All values of a group, blanks at the ends left out; InvalidInput names each that cannot be right."""
    if group == CONSENT:
        problem = [{"field": "group", "problem": "is said by the person, not by a steward"}]
        raise InvalidInput(
            "What somebody agreed to is written down with his contacts (/v1/contacts), not edited", problem
        )
    wrong = [{"field": name, "problem": f"is not of the group {group}"} for name in values if name not in GROUPS[group]]
    found = {name: (values.get(name) or "").strip() or None for name in GROUPS[group]}
    for name, value in found.items():
        if value is None:
            continue
        form, said = FORMS.get(name, (".*", ""))
        if not value.isprintable():
            wrong.append({"field": name, "problem": "holds a sign that cannot be printed"})
        elif not re.fullmatch(form, value):
            wrong.append({"field": name, "problem": f"is not {said}"})
        elif name == "birth_date" and not _is_past(value, today):
            wrong.append({"field": name, "problem": "is no day in the past as 1990-05-31"})
    if group == "name" and (found["given_name"] or found["family_name"]) and not found["full_name"]:
        found["full_name"] = " ".join(filter(None, (found["given_name"], found["family_name"])))
    if not any(found.values()) and not wrong:
        wrong.append({"field": group, "problem": "needs a value; an empty one is not kept"})
    if wrong:
        raise InvalidInput("These values cannot be right: see details", wrong)
    return found


def _is_past(value: str, today: date) -> bool:
    try:
        return date(1900, 1, 1) <= date.fromisoformat(value) <= today and len(value) == 10
    except ValueError:
        return False


def check_person(is_machine: bool) -> None:
    if is_machine:
        raise Forbidden("Who is who is decided by people, not by an application")


def check_answer(item: Mapping[str, Any], person: str) -> None:
    """Conflict for who may not answer: it takes another person, and an open decision."""
    if item["state"] != "proposed":
        raise Conflict(f"This decision is {item['state']} already")
    if item["decided_by"] == person:
        raise Conflict("You have decided already; it takes another person")


def effects_of(item: Mapping[str, Any], approved_by: str, at: str) -> list[Item]:
    """The control items that a merge, a parting, a pin or an edit makes."""
    who = {"approved_by": approved_by, "proposal": item["decision_id"]}
    if item["kind"] in PERSONS:
        who |= {"decided_by": item["decided_by"], "decided_at": at, "together": int(item["kind"] != "apart")}
        return [
            {"pk": DECISION, "sk": pair(left, right), "left_key": left, "right_key": right, **who}
            for left, right in pairs(item["left"], item["right"], item["kind"])
        ]
    record_key, group = item["record_key"], item["group"]
    made = {"pk": EDIT, "sk": f"{record_key}#{group}", "record_key": record_key, "group": group, **who}
    made |= {"edited_by": item["decided_by"], "edited_at": at}
    if item["kind"] == "pin":
        return [made | {"kind": "pin", "value_from": item["value_from"]}]
    return [made | {"kind": "value", "values": json.dumps(item["values"], ensure_ascii=False, sort_keys=True)}]


def changes(made: Iterable[Item], there: Iterable[Item]) -> list[dict[str, Item | None]]:
    """From what is there to what is made, item by item: `before` and `after`, None where there is none."""
    before = {key_of(item): item for item in there}
    after = {key_of(item): item for item in made}
    return [{"before": before.get(key), "after": after.get(key)} for key in sorted(before.keys() | after.keys())]


def taken_back(done: Iterable[Mapping[str, Item | None]]) -> list[dict[str, Item | None]]:
    """The same the other way round."""
    return [{"before": each["after"], "after": each["before"]} for each in done]


def key_of(item: Mapping[str, Any]) -> tuple[str, str]:
    return str(item["pk"]), str(item["sk"])
