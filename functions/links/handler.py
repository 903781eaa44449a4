"""The signed links in messages. A GET only shows a page, for mail scanners follow links; the POST acts."""

from collections.abc import Callable
from functools import cache
from typing import TypeVar

from hub.api import Api, Reply
from hub.campaigns.consents import LIFTED_BY_CONSENT, Consents
from hub.campaigns.keys import link_keys
from hub.campaigns.links import LinkKeys, Unsubscribe
from hub.campaigns.pages import asked, asked_to_confirm, confirmed, done, used, wrong
from hub.capture.confirming import confirm as take
from hub.errors import BadRequest
from hub.settings import LinksSettings

api = Api("links")
settings = cache(LinksSettings.read)
Read = TypeVar("Read", Unsubscribe, str)


@api.get("/v1/links/unsubscribe", public=True)
def show_unsubscribe(token: str = "") -> Reply:
    link = _or_none(LinkKeys.read, token)
    return asked(token, link.channel) if link else wrong()


@api.post("/v1/links/unsubscribe", public=True)
def unsubscribe(token: str = "") -> Reply:
    """One click, by a person or by the mailbox (RFC 8058); a repeat changes nothing."""
    link = _or_none(LinkKeys.read, token)
    if link is None:
        return wrong()
    consents = Consents(settings().consent_table)
    consents.suppress(link.channel, link.address_key, LIFTED_BY_CONSENT, link.customer_id)
    consents.state(link.customer_id, link.channel, "withdrawn", basis="link in a message", source="hub")
    return done(link.channel)


@api.get("/v1/links/confirm", public=True)
def show_confirm(token: str = "") -> Reply:
    return asked_to_confirm(token) if _or_none(LinkKeys.read_confirm, token) else wrong()


@api.post("/v1/links/confirm", public=True)
def confirm(token: str = "") -> Reply:
    """Once: the address is confirmed and may be written to."""
    found = _or_none(LinkKeys.read_confirm, token)
    return (confirmed() if take(settings().consent_table, found) else used()) if found else wrong()


def _or_none(read: Callable[[LinkKeys, str], Read], token: str) -> Read | None:
    try:
        return read(link_keys(settings().link_key_parameter), token)
    except BadRequest:
        return None


handler = api.resolve
