"""How much of a customer a role sees. Rights add up: the role that sees most counts."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

CONTACT = frozenset(
    {"email", "phone", "emails", "phones", "address", "postcode", "whatsapp", "fax", "website", "social"}
)
BIRTH = frozenset({"birth_date"})
SOURCE = frozenset({"source_keys", "provenance"})
# What service must mind may tell of a person's health; what he earns is not for everybody who telephones.
SENSITIVE = frozenset({"special_needs", "income_band", "attributes"})

# What each role sees only in part; roles that are not listed see all of it in part.
HIDDEN: Mapping[str, frozenset[str]] = {
    "steward": frozenset(),
    "service": SOURCE | {"income_band"},
    "sales": SOURCE | BIRTH | SENSITIVE,
}
ALL = CONTACT | BIRTH | SOURCE | SENSITIVE


def hidden_from(roles: Iterable[str]) -> frozenset[str]:
    """The fields that a holder of these roles sees only in part."""
    found = ALL
    for role in roles:
        found &= HIDDEN.get(role, ALL)
    return found


def masked(profile: Mapping[str, Any], roles: Iterable[str]) -> dict[str, Any]:
    """The profile as the roles may see it; `masked` names the fields that are shown in part or not at all."""
    hidden = hidden_from(roles) & profile.keys()
    shown = {name: _part(name, value) if name in hidden else value for name, value in profile.items()}
    return {**shown, "masked": sorted(hidden)}


def _part(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_part(name.removesuffix("s"), each) for each in value]
    return PARTS.get(name, _nothing)(str(value))


def _email(value: str) -> str:
    local, _, domain = value.partition("@")
    return f"{local[:1]}***@{domain}"


def _phone(value: str) -> str:
    return f"{value[:3]}***{value[-2:]}"


def _year(value: str) -> str:
    return value[:4]


def _nothing(value: str) -> None:
    return None


PARTS: Mapping[str, Callable[[str], str | None]] = {
    "email": _email, "phone": _phone, "whatsapp": _phone, "birth_date": _year,
}  # fmt: skip
