"""Signed links in messages. A link names a customer and an address by tokens, and says what it is for; nobody else can
make one. The link to unsubscribe does not expire: its key stays known as long as such mail lies in an inbox."""

import json
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import jwt

from hub.campaigns.choosing import CHANNELS
from hub.errors import BadRequest, SettingsError

PURPOSE: Final = "unsubscribe"
CONFIRM: Final = "confirm"
WRONG: Final = "This link is not complete. Copy all of it from the message, or answer the message instead."


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """What a link to unsubscribe says."""

    customer_id: str
    channel: str
    address_key: str


class LinkKeys:
    """The keys of links by id; new links are signed with the current one."""

    def __init__(self, parameter: str) -> None:
        """parameter: {"current": "<key id>", "keys": {"<key id>": "<hex>"}}, at least 32 bytes each."""
        try:
            read = json.loads(parameter)
            self._keys = {str(name): bytes.fromhex(value) for name, value in read["keys"].items()}
            self._current = str(read["current"])
            self._keys[self._current]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingsError("The parameter of the link keys is not {current, keys: {id: hex}}") from error
        if any(len(key) < 32 for key in self._keys.values()):
            raise SettingsError("A link key has fewer than 32 bytes")

    def sign(self, link: Unsubscribe) -> str:
        claims = {"p": PURPOSE, "c": link.customer_id, "ch": link.channel, "a": link.address_key}
        return jwt.encode(claims, self._keys[self._current], algorithm="HS256", headers={"kid": self._current})

    def read(self, token: str) -> Unsubscribe:
        """BadRequest for anything that `sign` did not make for this purpose."""
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            options = {"require": ["p", "c", "ch", "a"], "verify_exp": False}
            claims = jwt.decode(token, key, algorithms=["HS256"], options=options)  # type: ignore[arg-type]  # a TypedDict there
        except (jwt.PyJWTError, KeyError, ValueError, RecursionError) as error:
            raise BadRequest(WRONG) from error
        link = Unsubscribe(claims["c"], claims["ch"], claims["a"])
        parts = (link.customer_id, link.channel, link.address_key)
        named = all(isinstance(part, str) and re.fullmatch(r"\w{1,64}", part) for part in parts)
        if claims["p"] != PURPOSE or not named or link.channel not in CHANNELS:
            raise BadRequest(WRONG)
        return link

    def sign_confirm(self, verification_id: str, until: int) -> str:
        """A link that confirms an address, good until an epoch second."""
        claims = {"p": CONFIRM, "v": verification_id, "exp": until}
        return jwt.encode(claims, self._keys[self._current], algorithm="HS256", headers={"kid": self._current})

    def read_confirm(self, token: str) -> str:
        """The verification that a link confirms; BadRequest for anything else, and after its time."""
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(token, key, algorithms=["HS256"], options={"require": ["p", "v", "exp"]})
        except (jwt.PyJWTError, KeyError, ValueError, RecursionError) as error:
            raise BadRequest(WRONG) from error
        if claims["p"] != CONFIRM or not isinstance(claims["v"], str) or not re.fullmatch(r"\w{1,64}", claims["v"]):
            raise BadRequest(WRONG)
        return str(claims["v"])


def confirm_url(public_url: str, token: str) -> str:
    return f"{public_url.rstrip('/')}/v1/links/confirm?token={quote(token)}"


def unsubscribe_url(public_url: str, token: str) -> str:
    return f"{public_url.rstrip('/')}/v1/links/unsubscribe?token={quote(token)}"
