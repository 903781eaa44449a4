"""What a body holds: one event, a list of them, or a line for each. It is counted and kept as it came."""

import json
import zlib
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic_core import from_json

from hub.errors import BadRequest, TooLarge

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a body once it is unpacked."""
MOST_EVENTS: Final = 10_000
DEEPEST: Final = 200
"""Lists and objects in one another; the quick reader takes no more either."""
NOT_JSON: Final = "The body is not JSON: send one object, a list of objects, or an object on each line"
MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Body:
    """form: `json` is one document, `jsonl` a document on each line."""

    text: bytes
    form: Literal["json", "jsonl"]
    events: list[Any]


def read(body: bytes, encoding: str) -> Body:
    """The events of a body; BadRequest or TooLarge, without a word of what it holds."""
    text = unpacked(body, encoding.strip().lower()).removeprefix(MARK)
    try:
        found = _document(text)
    except ValueError:
        lines = _lines(text)
        return Body(text, "jsonl", _few(lines))
    if not isinstance(found, dict | list):
        raise BadRequest(NOT_JSON)
    return Body(text, "json", _few(found) if isinstance(found, list) else [found])


def unpacked(body: bytes, encoding: str) -> bytes:
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise BadRequest("The body's content-encoding is not known; send it plain or by gzip")
    stream = zlib.decompressobj(wbits=31)
    try:
        text = stream.decompress(body, LARGEST + 1)
    except zlib.error as error:
        raise BadRequest("The body is no gzip, or is cut off; send it again as a whole") from error
    if len(text) > LARGEST:
        raise TooLarge(f"A body unpacks to at most {LARGEST >> 20} MB; send fewer events at a time")
    if not stream.eof or stream.unused_data:
        raise BadRequest("The body is no gzip, or is cut off; send it again as a whole")
    return text


def _lines(text: bytes) -> list[Any]:
    found: list[Any] = []
    for number, line in enumerate(text.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            event = _document(line)
        except ValueError as error:
            message = f"Line {number} is not JSON; check that each event is on a line of its own" if found else NOT_JSON
            raise BadRequest(message) from error
        if not isinstance(event, dict):
            raise BadRequest(f"Line {number} is no object; send an object for each event")
        found.append(event)
    if not found:
        raise BadRequest(NOT_JSON)
    return found


def _document(text: bytes) -> Any:
    """One JSON document; ValueError. The slower reader takes what the quick one is too strict for."""
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        try:
            found = json.loads(text.decode(), parse_constant=_no_number)
        except RecursionError as error:
            raise ValueError("nested too deep") from error
        if _is_deep(found):
            raise ValueError("nested too deep") from None
        return found


def _is_deep(value: Any) -> bool:
    """Whether a document is nested deeper than the pull behind the collector can be sure to read and write."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [each for each in level if isinstance(each, dict | list)]
        if not level:
            return False
        level = [each for around in level for each in (around.values() if isinstance(around, dict) else around)]
    return True


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _few(events: list[Any]) -> list[Any]:
    if len(events) > MOST_EVENTS:
        raise TooLarge(f"A body has at most {MOST_EVENTS} events; send fewer at a time")
    return events
