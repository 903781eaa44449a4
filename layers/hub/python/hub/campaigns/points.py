"""The ways to reach a person: every address, number, site and handle that is known of him, each judged by its kind."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, get_args

from hub.campaigns.audience import ADDRESS, NUMBER, normal, number
from hub.config import postcodes

Kind = Literal["email", "phone", "whatsapp", "fax", "website", "social", "address"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
LONGEST_EMAIL: Final = 254
SITE: Final = re.compile(
    r"(?i)(https?://)?([a-z0-9\u00a1-\uffff]([a-z0-9\u00a1-\uffff-]{0,61}[a-z0-9\u00a1-\uffff])?\.)+"
    r"[a-z\u00a1-\uffff]{2,63}(:[0-9]{1,5})?([/?#]\S*)?"
)
HANDLES: Final[Mapping[str, re.Pattern[str]]] = {
    "x": re.compile(r"@?[A-Za-z0-9_]{1,15}"),
    "twitter": re.compile(r"@?[A-Za-z0-9_]{1,15}"),
    "instagram": re.compile(r"@?[A-Za-z0-9._]{1,30}"),
    "threads": re.compile(r"@?[A-Za-z0-9._]{1,30}"),
    "facebook": re.compile(r"@?[A-Za-z0-9.]{5,50}"),
    "linkedin": re.compile(r"((in|company)/)?[^\s/@]{3,100}"),
    "youtube": re.compile(r"@?[\w.\u00b7-]{3,30}"),
    "tiktok": re.compile(r"@?[A-Za-z0-9_.]{2,24}"),
    "telegram": re.compile(r"@?[A-Za-z][A-Za-z0-9_]{4,31}"),
    "mastodon": re.compile(r"@?[A-Za-z0-9_.-]{1,60}(@([a-z0-9-]+\.)+[a-z]{2,63})?"),
}
"""What a handle looks like in a network; in one that is not listed it is a word of up to 100 characters."""
PARTS: Final = ("address", "city", "region", "postcode", "country")
"""Of a postal address, from the house to the country."""
ANY_HANDLE: Final = re.compile(r"\S{1,100}")


def points(profile: Mapping[str, Any]) -> Iterator[tuple[Kind, str, bool]]:
    """(kind, value in comparable form, whether it is the one that the golden record has), each once."""
    for kind in KINDS:
        if kind == "address":
            if any(profile.get(part) for part in PARTS[:-1]):
                yield kind, compared(kind, ", ".join(str(profile[part]) for part in PARTS if profile.get(part))), True
            continue
        first = [str(profile[kind])] if profile.get(kind) else []
        several = profile.get(f"{kind}s") or []
        listed = several.split("\n") if isinstance(several, str) else [str(each) for each in several]
        given = [line for text in (*first, *listed) for line in (text.split("\n") if kind == "social" else [text])]
        best = compared(kind, first[0]) if first and kind != "social" else None
        for value in dict.fromkeys(compared(kind, each) for each in given if each.strip()):
            yield kind, value, kind == "social" or value == best


def compared(kind: Kind, value: str) -> str:
    """One form for one address: numbers without what is written between digits, hosts and networks in small letters."""
    value = value.strip()
    if kind == "email":
        return normal(value)
    if kind in ("phone", "whatsapp", "fax"):
        return number(value)
    if kind == "address":
        return " ".join(value.split())
    if kind == "social":
        network, _, handle = value.partition(":")
        return f"{network.strip().lower()}:{handle.strip()}"
    scheme, mark, rest = value.rpartition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{mark}{host.lower()}{slash if path else ''}{path}"


def problem(kind: Kind, value: str) -> str | None:
    """What is wrong with a value in comparable form; None for a valid one."""
    if kind == "email":
        good = len(value) <= LONGEST_EMAIL and ADDRESS.fullmatch(value) and ".." not in value
        return None if good else "is not an e-mail address"
    if kind in ("phone", "whatsapp", "fax"):
        return None if NUMBER.fullmatch(value) else "is not a number with its country's code, such as +919812345678"
    if kind == "website":
        return None if SITE.fullmatch(value) else "is not the address of a website"
    network, _, handle = value.partition(":")
    if not network or not handle:
        return "is not written as network:handle"
    return None if HANDLES.get(network, ANY_HANDLE).fullmatch(handle) else f"is not a handle of {network}"


def place_problem(parts: Mapping[str, Any], home: str) -> tuple[bool, str | None]:
    """(whether all is there that a letter needs, what is wrong) of a postal address. home: the hub's own country."""
    country = str(parts.get("country") or home).strip().upper()
    code, has_codes = str(parts.get("postcode") or ""), country in postcodes.FORMS
    if code and postcodes.fits_country(code, country) is False:
        return True, f"has a postcode that is not one of {country}"
    for part in ("region", "city"):
        if code and parts.get(part) and postcodes.fits_place(code, country, str(parts[part])) is False:
            return True, f"has a postcode that is not one of its {part}"
    needed = ("address", "city", *(("postcode",) if has_codes else ()))
    lacking = [part for part in needed if not str(parts.get(part) or "").strip()]
    return not lacking, f"lacks {', '.join(lacking)}" if lacking else None


Status = Literal[
    "invalid", "incomplete", "undeliverable", "bounced", "complained", "opted_out", "suppressed", "valid", "refused",
    "unverified",
]  # fmt: skip
UNDELIVERABLE: Final = "undeliverable"
OF_REASON: Final[Mapping[str, Status]] = {
    "bounced": "bounced", "complained": "complained", "unsubscribed": "opted_out", UNDELIVERABLE: "undeliverable",
}  # fmt: skip


def status(wrong: str | None, suppressed: str | None, consent: str | None, proof: str | None) -> Status:
    """Where a point stands: what keeps one from writing there comes before what speaks for it.

    suppressed: why nobody writes there; consent: granted or withdrawn; proof: what its verification came to.
    """
    if wrong:
        return "invalid"
    if suppressed:
        return OF_REASON.get(suppressed, "suppressed")
    if consent == "withdrawn":
        return "opted_out"
    known: dict[str, Status] = {"verified": "valid", "refused": "refused"}
    return known.get(proof or "", "unverified")
