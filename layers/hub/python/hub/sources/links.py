"""The header Link (RFC 8288)."""

import re
from collections.abc import Mapping

TARGET = re.compile(r"\s*<([^<>]*)>")
PARAMETER = re.compile(r"""\s*;\s*([!#$&+.^_`|~\w-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s",;]*))?""")
SEPARATOR = re.compile(r"\s*(?:,|$)")


def next_of(headers: Mapping[str, str]) -> str | None:
    """The target of the link whose relation is next; None where there is none."""
    text = headers.get("Link") or ""
    place = 0
    while found := TARGET.match(text, place):
        place, relations = found.end(), ""
        while parameter := PARAMETER.match(text, place):
            place = parameter.end()
            if parameter[1].casefold() == "rel" and not relations:
                relations = (parameter[2] or "").strip('"').casefold()
        if "next" in relations.split():
            return found[1]
        # What does not belong here is passed over up to the next link.
        place = end.end() if (end := SEPARATOR.match(text, place)) else max(text.find(",", place) + 1, 0) or len(text)
    return None
