"""What a route's function may return, and how it becomes JSON."""

import base64
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

from pydantic_core import to_jsonable_python

from hub.errors import BadRequest

T = TypeVar("T")
LONGEST_PART: Final = 512
"""Bytes of a part of a cursor; a sort key of DynamoDB has at most 1,024."""

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of a list, and the cursor to go on `after`; None at the end."""

    items: list[T]
    next: str | None = None


@dataclass(frozen=True)
class Created(Generic[T]):
    """201: the thing exists now. see: where, with fields of the thing in braces: "/v1/reports/{report_id}"."""

    value: T
    see: str | None = None


@dataclass(frozen=True)
class Accepted(Generic[T]):
    """202: the work was taken on and is not done. see: where to ask how it stands."""

    value: T
    see: str | None = None


@dataclass(frozen=True)
class Reply:
    """Any other answer. body: str or bytes are sent as they are, with `content_type`; all else as JSON."""

    status: int = 200
    body: Any = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)


def reply_of(value: object) -> Reply:
    """The answer that a returned value stands for: None is 204, anything but the classes above is 200."""
    if isinstance(value, Reply):
        return value
    if value is None:
        return Reply(204)
    if isinstance(value, Created | Accepted):
        body = jsonable(value.value)
        headers = {"location": value.see.format_map(body)} if value.see else {}
        return Reply(201 if isinstance(value, Created) else 202, body, headers=headers)
    return Reply(200, value)


def to_gateway(reply: Reply) -> dict[str, Any]:
    """The answer as the HTTP API takes it from a function."""
    answer: dict[str, Any] = {"statusCode": reply.status, "headers": {**HEADERS, **reply.headers}}
    if reply.cookies:
        answer["cookies"] = reply.cookies
    if reply.status == 204:
        return answer
    answer["headers"]["content-type"] = reply.content_type
    if isinstance(reply.body, bytes):
        return answer | {"body": base64.b64encode(reply.body).decode(), "isBase64Encoded": True}
    text = reply.body if isinstance(reply.body, str) and reply.content_type != "application/json" else dump(reply.body)
    return answer | {"body": text}


def dump(value: object) -> str:
    return json.dumps(jsonable(value), ensure_ascii=False, separators=(",", ":"))


def jsonable(value: object) -> Any:
    """Models, dataclasses, dates and sets as JSON. A number of DynamoDB is an integer where it is whole, else text."""
    return to_jsonable_python(_plain(value), by_alias=True)


def _plain(value: object) -> object:
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Page):
        return {"items": _plain(value.items), "next": value.next}
    return value


def encode_cursor(*parts: str) -> str:
    """An opaque `next`. It is not a secret and not signed: give it sort keys, never a whole table key."""
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int = 1, prefix: str = "") -> tuple[str, ...]:
    """The parts of a cursor that `encode_cursor` made; BadRequest for any other text.

    prefix: what the ids of this list begin with, so that another list's cursor is refused.
    """
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        fits = isinstance(found, list) and len(found) == parts and all(map(_is_part, found))
        fits = fits and found[0].startswith(prefix)
    except (ValueError, RecursionError):  # no base64, no JSON, half a character, or brackets without an end
        fits = False
    if not fits:
        raise BadRequest("The cursor `after` is not one that a list gave as `next`")
    return tuple(found)


def _is_part(value: object) -> bool:
    return isinstance(value, str) and len(value.encode()) <= LONGEST_PART
