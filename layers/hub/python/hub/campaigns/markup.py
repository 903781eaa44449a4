"""What the HTML of a template may hold. Read as a mail reader reads it, once with a plain value in each variable's
place and once with one that tries to get out of there: both have to read alike."""

import html
import re
from html.parser import HTMLParser
from typing import Final

PLAIN: Final = "hubvalue0"
HOSTILE: Final = html.escape(f"{PLAIN} {PLAIN}='\" {PLAIN}={PLAIN} > <{PLAIN} /> </p> -->")
UNMEANT: Final = frozenset({"script", "iframe", "object", "embed", "form", "base"})
LINKS: Final = frozenset({"href", "src", "action", "background", "formaction"})
ACTIVE: Final = re.compile(r"\s*(javascript|vbscript|data(?!:image/))\s*:", re.IGNORECASE)


class _Reader(HTMLParser):
    """The tags with the names of their attributes, and what is wrong with them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, ...]] = []
        self.problems: list[str] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))
        self._inside = tag
        if tag in UNMEANT:
            self.problems.append(f"has <{tag}>, which no mail needs")
        for name, value in attrs:
            if name.startswith("on"):
                self.problems.append(f"has a script in {name}")
            elif name in LINKS and (ACTIVE.match(value or "") or (value or "").lstrip().startswith(PLAIN)):
                self.problems.append(f"has a script or a variable at the start of {name}")
            elif name == "style" and PLAIN in (value or ""):
                self.problems.append("has a variable in a style")

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(("/", tag))
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style" and PLAIN in data:
            self.problems.append("has a variable in a style")


def problem(text: str, place: re.Pattern[str], link: str) -> str | None:
    """Why this HTML cannot be sent, or None.

    place: what finds a variable, its name in group 1. link: the variable that is an address itself.
    """
    text = place.sub(lambda found: "https://value" if found[1] == link else found[0], text)
    plain, hostile = (_Reader(place.sub(value, text)) for value in (PLAIN, HOSTILE))
    if plain.problems:
        return plain.problems[0]
    if plain.tags != hostile.tags:
        return "has a variable in a tag without quotes around it"
    return None
