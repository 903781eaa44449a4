"""Doubtful pairs, reasons, journeys, and whom a person may be: the API's /v1/doubts, /v1/comparisons, /v1/matches."""

from functools import cache
from typing import Annotated

from pydantic import Field

from hub.access import Principal
from hub.api import Api, Limit, Page, decode_cursor, encode_cursor
from hub.settings import StewardshipSettings
from hub.stewardship.journey import Journey
from hub.stewardship.models import Comparison, Doubt, Explanation, Matches, MatchRequest, RecordKey
from hub.stewardship.overview import Overview
from hub.stewardship.reviewing import Review

api = Api("matches")
review = cache(lambda: Review(StewardshipSettings.read()))
overview = cache(lambda: Overview(StewardshipSettings.read()))


@api.get("/v1/doubts", permission="decisions.read")
def list_doubts(principal: Principal, after: str | None = None, limit: Limit = 50) -> Page[Doubt]:
    """Pairs that a person should decide, the one first whose decision is worth most."""
    found, more = review().queue(principal, limit, decode_cursor(after)[0] if after else None)
    return Page(found, encode_cursor(more) if more else None)


@api.get("/v1/comparisons", permission="decisions.read")
def compare_records(principal: Principal, left: RecordKey, right: RecordKey) -> Comparison:
    """Two records side by side, with how each thing compares in words and weights."""
    return review().side_by_side(principal, left, right)


@api.get("/v1/customers/<customer_id>/explanation", permission="customers.read")
def explain_customer(principal: Principal, customer_id: str) -> Explanation:
    """Why the records of a customer are one person."""
    return review().explain(principal, customer_id)


@api.get("/v1/customers/<customer_id>/journey", permission="customers.read")
def show_journey(principal: Principal, customer_id: str) -> Journey:
    """The stages of a customer in the order of time, and what is open."""
    return overview().journey(principal, customer_id)


@api.post("/v1/matches", permission="matches.read")
def find_matches(
    principal: Principal, request: MatchRequest, limit: Annotated[int, Field(ge=1, le=50)] = 10
) -> Matches:
    """Customers that this person may be, the likeliest first."""
    return review().matches(principal, request, limit)


handler = api.resolve
