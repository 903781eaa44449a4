"""Templates of messages: which variables they may use, and how one person's message is made from them.

A variable is written `{{given_name}}` or `{{given_name|friend}}`, where the text after the bar stands in for a value
that is not known. Values are put in once and never read again as a template; in HTML they are escaped.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hub.campaigns import markup

UNSUBSCRIBE: Final = "unsubscribe_url"
PERSONAL: Final = ("full_name", "given_name", "family_name", "city", "region", "country", "language", "company")
"""Columns of the golden record that a message may show."""
VARIABLES: Final = frozenset({*PERSONAL, "customer_id", UNSUBSCRIBE})
LONGEST_SUBJECT: Final = 200
LONGEST_VALUE: Final = 200

PLACE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:\|([^{}|\r\n]{0,100}))?\}\}")
LEFT_OVER = re.compile(r"\{\{|\}\}|\{%|%\}|\{#")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
CLOSING_BODY = re.compile(r"</body\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Content:
    """What a template says, before it is anybody's."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Message:
    """One person's message, ready for the provider."""

    subject: str
    text: str
    html: str


def problems(content: Content) -> list[dict[str, str]]:
    """Each field of a template that cannot be sent, and why; empty for a good one."""
    found = []
    if not content.subject.strip() or len(content.subject) > LONGEST_SUBJECT:
        found.append({"field": "subject", "problem": f"must have 1 to {LONGEST_SUBJECT} characters"})
    if CONTROL.search(content.subject):
        found.append({"field": "subject", "problem": "must be one line without control characters"})
    if any(name == UNSUBSCRIBE for name, _ in PLACE.findall(content.subject)):
        found.append({"field": "subject", "problem": f"{UNSUBSCRIBE} belongs in the text, not in the subject"})
    for field in ("text", "html"):
        if not getattr(content, field).strip():
            found.append({"field": field, "problem": "is empty; a message has a text and an HTML form"})
    if problem := markup.problem(content.html, PLACE, UNSUBSCRIBE):
        found.append({"field": "html", "problem": problem})
    for field in ("subject", "text", "html"):
        found += [{"field": field, "problem": problem} for problem in wrong_places(getattr(content, field))]
    return found


def wrong_places(text: str) -> list[str]:
    """What is wrong with the variables of a text."""
    unknown = sorted({name for name, _ in PLACE.findall(text)} - VARIABLES)
    known = ", ".join(sorted(VARIABLES))
    wrong = [f"unknown variable {name!r}; known are: {known}" for name in unknown]
    if left := LEFT_OVER.search(PLACE.sub("", text)):
        wrong.append(f"{left[0]!r} is not part of a variable; write {{{{given_name}}}} or {{{{given_name|friend}}}}")
    return wrong


def render(content: Content, person: Mapping[str, str | None], unsubscribe_url: str) -> Message:
    """One person's message. The link to unsubscribe is added at the end where the template does not place it."""
    values = tidied(person) | {UNSUBSCRIBE: unsubscribe_url}
    subject = CONTROL.sub(" ", fill(content.subject, values))
    text = fill(_with_link(content.text, f"\n\nUnsubscribe: {{{{{UNSUBSCRIBE}}}}}\n"), values)
    link = f'<p><a ses:no-track href="{{{{{UNSUBSCRIBE}}}}}">Unsubscribe</a></p>'
    return Message(subject.strip(), text, fill(_with_link(content.html, link), values, html.escape))


def tidied(person: Mapping[str, str | None]) -> dict[str, str]:
    """A person's values as a message may show them: one line each, and not too long."""
    return {name: CONTROL.sub(" ", person.get(name) or "").strip()[:LONGEST_VALUE] for name in VARIABLES}


def fill(text: str, values: Mapping[str, str], escape: Callable[[str], str] = str) -> str:
    """The text with each variable's value, or what stands in for one that is not known."""
    return PLACE.sub(lambda place: escape(values[place[1]] or (place[2] or "").strip()), text)


def _with_link(text: str, link: str) -> str:
    if any(name == UNSUBSCRIBE for name, _ in PLACE.findall(text)):
        return text
    closing = list(CLOSING_BODY.finditer(text))
    at = closing[-1].start() if closing else len(text)
    return text[:at] + link + text[at:]
