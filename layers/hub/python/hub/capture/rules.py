"""Codes, names of values and four eyes: the rules of verifying. Pure: no AWS."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hub.campaigns.content import Message
from hub.errors import Conflict, Forbidden

EYES: Final = 2
"""Different persons of one opinion that decide."""
ALONE: Final = frozenset({"email", "phone", "birth_date", "gender", "country", "company", "language"})
"""Fields that are a group of the golden record by themselves, which a run compares as the profile has them."""


def value_key(key: bytes, customer_id: str, field: str, value: str) -> str:
    """The name of a value where the value itself must not stand."""
    text = f"value|{customer_id}|{field}|{value.strip().lower()}"
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()


def claim(verification_id: str, record_key: str, group: str, value: str) -> dict[str, str]:
    """What runs are told once the value is proved: the record that it came from, and a print of it, never itself."""
    printed = hashlib.sha256(f"{verification_id}|{value}".encode()).hexdigest()
    return {"record_key": record_key, "group": group, "salt": verification_id, "print": printed}


def claimed(verification_id: str, profile: Mapping[str, Any], field: str) -> dict[str, str] | None:
    """The claim for a field of a profile; None where runs do not know its value by itself, or not where it is from."""
    try:
        origin = json.loads(str(profile.get("provenance") or "{}")).get(field)
    except ValueError:
        return None
    if field not in ALONE or not isinstance(origin, dict) or not origin.get("record_key"):
        return None
    value = str(profile[field]).strip()
    return claim(verification_id, str(origin["record_key"]), field, value if field == "phone" else value.lower())


def new_code() -> str:
    return f"{secrets.randbelow(10**6):06d}"


def code_key(key: bytes, verification_id: str, code: str) -> str:
    """A code as it is kept: without the key nobody can try all million of them against it."""
    return hmac.digest(key, f"otp|{verification_id}|{code}".encode(), hashlib.sha256).hex()


def is_code(key: bytes, item: Mapping[str, Any], code: str) -> bool:
    return hmac.compare_digest(str(item["code_key"]), code_key(key, item["verification_id"], code))


def check_decider(item: Mapping[str, Any], person: str, is_machine: bool) -> None:
    """Forbidden or Conflict for who may not decide now."""
    if is_machine:
        raise Forbidden("A value is judged by people, not by an application")
    decisions = item.get("decisions", [])
    if any(each["by"] == person for each in decisions):
        raise Conflict("You have decided already; it takes another person")
    if not decisions and item.get("assigned_to") not in (None, person):
        raise Conflict("This task is somebody else's; who has it decides first, or it is given to you")


def outcome(decisions: Sequence[Mapping[str, Any]]) -> str | None:
    """What two different persons agree on; None while they do not."""
    for verdict in ("verified", "refused"):
        if len({each["by"] for each in decisions if each["verdict"] == verdict}) >= EYES:
            return verdict
    return None


def code_message(organisation: str, code: str, minutes: int) -> Message:
    text = f"Your code for {organisation} is {code}. It is good for {minutes} minutes. Give it only to whom you called."
    return Message("Your code", text, f"<p>{text}</p>")


def link_message(organisation: str, url: str, days: int) -> Message:
    text = f"Please confirm that this is your address and that {organisation} may write to you"
    return Message(
        "Please confirm your address",
        f"{text}: {url}\nThe link works once, for {days} days. If you did not ask for it, do nothing.",
        f'<p>{text}: <a href="{url}">confirm</a>.</p><p>The link works once, for {days} days. '
        "If you did not ask for it, do nothing.</p>",
    )
