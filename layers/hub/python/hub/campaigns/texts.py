"""Texts (SMS): what a template may say, how many parts a text has, and how one person's is made. No subject, no HTML.

Texts are paid and cut by the part: 160 characters of GSM's alphabet, or 153 in each of several; where a single
character is of no such alphabet, all of it is UCS-2, with 70 and 67.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from hub.campaigns.content import PLACE, UNSUBSCRIBE, Content, fill, tidied, wrong_places

MOST_PARTS: Final = 6
STOP: Final = re.compile(r"\bSTOP\b")
"""The keyword: whoever answers with it gets no more texts; the provider keeps the list."""
GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWICE: Final = frozenset("\f^{}\\[~]|€")
"""GSM's second table: each of these takes two places."""
VALUE: Final = "x" * 20
"""Stands for a value when a template is measured."""
LINK: Final = "https://" + "x" * 300
"""Stands for the link to unsubscribe, which is signed and therefore long."""


def parts(text: str) -> int:
    """How many parts it is sent in; what takes two places is never cut in the middle."""
    if all(each in GSM or each in GSM_TWICE for each in text):
        return _packed((2 if each in GSM_TWICE else 1 for each in text), 160, 153)
    return _packed((2 if ord(each) > 0xFFFF else 1 for each in text), 70, 67)


def _packed(sizes: Iterable[int], alone: int, each: int) -> int:
    listed = list(sizes)
    if sum(listed) <= alone:
        return 1
    count, filled = 1, 0
    for size in listed:
        if filled + size > each:
            count, filled = count + 1, 0
        filled += size
    return count


def problems(content: Content) -> list[dict[str, str]]:
    """Each field of a text's template that cannot be sent, and why; empty for a good one."""
    found = [
        {"field": field, "problem": "a text has none; leave it out"}
        for field in ("subject", "html")
        if getattr(content, field).strip()
    ]
    found += [{"field": "text", "problem": problem} for problem in wrong_places(content.text)]
    if not content.text.strip():
        return [*found, {"field": "text", "problem": "is empty"}]
    if not has_link(content) and not has_keyword(content):
        way = f"{{{{{UNSUBSCRIBE}}}}} or, where people can answer, `Reply STOP to opt out`"
        found.append({"field": "text", "problem": f"has no way to opt out; write {way}"})
    typical = fill(content.text, {name: VALUE for name, _ in PLACE.findall(content.text)} | {UNSUBSCRIBE: LINK})
    if (count := parts(typical)) > MOST_PARTS:
        problem = f"would be sent in {count} parts with values of {len(VALUE)} characters; {MOST_PARTS} are the most"
        found.append({"field": "text", "problem": problem})
    return found


def has_link(content: Content) -> bool:
    return any(name == UNSUBSCRIBE for name, _ in PLACE.findall(content.text))


def has_keyword(content: Content) -> bool:
    return STOP.search(PLACE.sub("", content.text)) is not None


def render(content: Content, person: Mapping[str, str | None], unsubscribe_url: str) -> str:
    """One person's text."""
    return fill(content.text, tidied(person) | {UNSUBSCRIBE: unsubscribe_url}).strip()
