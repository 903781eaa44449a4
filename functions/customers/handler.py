"""Look customers up: the API's /v1/customers."""

from functools import cache
from typing import Annotated, Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import StringConstraints

from hub.access import Principal
from hub.api import Api, Limit, Page, decode_cursor, encode_cursor
from hub.customers.lookup import Lookup
from hub.customers.store import ProfileStore
from hub.customers.tokens import token_key
from hub.settings import CustomersSettings

settings = CustomersSettings.read()
api = Api("customers")
Search = Annotated[str, StringConstraints(max_length=200)]


@cache
def lookup() -> Lookup:
    return Lookup(ProfileStore(settings.profiles_table, token_key(settings.token_key_parameter)))


@api.get("/v1/customers", permission="customers.read")
def search(principal: Principal, q: Search, after: str | None = None, limit: Limit = 50) -> Page[dict[str, Any]]:
    """Customers by name, e-mail, telephone number, order number, source key or id."""
    found, more = lookup().search(principal, q, limit, decode_cursor(after, prefix="c")[0] if after else None)
    return Page(found, encode_cursor(more) if more else None)


@api.get("/v1/customers/<customer_id>", permission="customers.read")
def show(principal: Principal, customer_id: str) -> dict[str, Any]:
    """One customer: the golden record and the newest entries of the time line."""
    found = lookup().show(principal, customer_id)
    more = found["events"]["next"]
    return {**found, "events": {**found["events"], "next": encode_cursor(more) if more else None}}


@api.get("/v1/customers/<customer_id>/events", permission="customers.read")
def events(principal: Principal, customer_id: str, after: str | None = None, limit: Limit = 50) -> Page[dict[str, Any]]:
    """The time line from the newest entry."""
    found, more = lookup().events(principal, customer_id, limit, decode_cursor(after, 1)[0] if after else None)
    return Page(found, encode_cursor(more) if more else None)


def handler(event: dict, context: LambdaContext) -> dict:
    return api.resolve(event, context)
