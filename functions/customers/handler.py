"""Look customers up: the API's /v1/customers."""

from functools import cache
from typing import Annotated, Any

from pydantic import StringConstraints

from hub.access import Principal
from hub.api import Api, Limit, Page, decode_cursor, encode_cursor
from hub.config.survivorship import EDITABLE
from hub.customers.lookup import Lookup
from hub.settings import CustomersSettings
from hub.stewardship.depth import Depth
from hub.stewardship.overview import Household, Overview

settings = CustomersSettings.read()
api = Api("customers")
Search = Annotated[str, StringConstraints(max_length=200)]
overview = cache(lambda: Overview(settings))
lookup = cache(lambda: Lookup.of(settings))


@api.get("/v1/customers", permission="customers.read")
def search(principal: Principal, q: Search, after: str | None = None, limit: Limit = 50) -> Page[dict[str, Any]]:
    """Customers by name, e-mail, telephone number, order number, source key or id."""
    found, more = lookup().search(principal, q, limit, decode_cursor(after, prefix="c")[0] if after else None)
    return Page(found, encode_cursor(more) if more else None)


@api.get("/v1/customers/<customer_id>", permission="customers.read")
def show(principal: Principal, customer_id: str) -> dict[str, Any]:
    """One customer: the golden record, the newest entries of the time line, and which values are decided together."""
    found = lookup().show(principal, customer_id)
    more = found["events"]["next"]
    return {**found, "groups": EDITABLE, "events": {**found["events"], "next": encode_cursor(more) if more else None}}


@api.get("/v1/customers/<customer_id>/events", permission="customers.read")
def events(principal: Principal, customer_id: str, after: str | None = None, limit: Limit = 50) -> Page[dict[str, Any]]:
    found, more = lookup().events(principal, customer_id, limit, decode_cursor(after, 1)[0] if after else None)
    return Page(found, encode_cursor(more) if more else None)


@api.get("/v1/customers/<customer_id>/records", permission="customers.read")
def records(principal: Principal, customer_id: str) -> Page[dict[str, Any]]:
    return Page(overview().records(principal, customer_id))


@api.get("/v1/customers/<customer_id>/household", permission="customers.read")
def household(principal: Principal, customer_id: str) -> Household:
    return overview().household(principal, customer_id)


@api.get("/v1/customers/<customer_id>/completeness", permission="customers.read")
def completeness(principal: Principal, customer_id: str) -> Depth:
    return overview().depth(principal, customer_id)


handler = api.resolve
