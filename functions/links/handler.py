"""The signed links in messages. A GET only shows a page, for mail scanners follow links; the POST acts."""

from functools import cache

from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.api import Api, Reply
from hub.campaigns.consents import LIFTED_BY_CONSENT, Consents
from hub.campaigns.keys import link_keys
from hub.campaigns.links import Unsubscribe
from hub.campaigns.pages import asked, done, wrong
from hub.errors import BadRequest
from hub.settings import LinksSettings

api = Api("links")
settings = cache(LinksSettings.read)


@api.get("/v1/links/unsubscribe", public=True)
def show_unsubscribe(token: str = "") -> Reply:
    """A page with a button. It needs no sign-in and changes nothing."""
    link = _read(token)
    return asked(token) if link else wrong()


@api.post("/v1/links/unsubscribe", public=True)
def unsubscribe(token: str = "") -> Reply:
    """One click, by a person or by the mailbox (RFC 8058); a repeat changes nothing."""
    link = _read(token)
    if link is None:
        return wrong()
    consents = Consents(settings().consent_table)
    consents.suppress(link.channel, link.address_key, LIFTED_BY_CONSENT, link.customer_id)
    consents.state(link.customer_id, link.channel, "withdrawn", basis="link in a message", source="hub")
    return done()


def _read(token: str) -> Unsubscribe | None:
    try:
        return link_keys(settings().link_key_parameter).read(token)
    except BadRequest:
        return None


def handler(event: dict, context: LambdaContext) -> dict:
    return api.resolve(event, context)
