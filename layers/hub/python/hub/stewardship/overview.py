"""The whole of a customer beside his golden record: source records, household, how much is known and from where."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from hub import config
from hub.access import Principal, audit
from hub.campaigns.keys import token_key
from hub.customers.masking import masked
from hub.customers.store import ProfileStore
from hub.errors import NotFound
from hub.settings import CustomersSettings
from hub.stewardship.depth import Depth, depth
from hub.stewardship.journey import Journey, journey

MOST_EVENTS = 2000
AT_ONCE = 500
DERIVED = ("email_standard", "phone_standard", "full_name_latin", "given_name_latin", "family_name_latin")
HIDDEN_WITH = {"email_standard": "email", "phone_standard": "phone", "source_key": "source_keys"}


class Member(BaseModel):
    """A customer of the same household, in short."""

    customer_id: str
    full_name: str | None
    role: str


class Household(BaseModel):
    household_id: str | None
    members: list[Member]


class Overview:
    def __init__(self, settings: CustomersSettings) -> None:
        self._profiles = ProfileStore(settings.profiles_table, token_key(settings.token_key_parameter))
        self._home = settings.hub_home

    def records(self, principal: Principal, customer_id: str) -> list[dict[str, Any]]:
        """Each source's record, masked as the golden record is, with when its source last changed it."""
        profile = self._profile(customer_id)
        audit.record(principal, "customers.records", profile["customer_id"])
        return [_shown(record, principal) for record in self._profiles.parts.records(profile["customer_id"])]

    def household(self, principal: Principal, customer_id: str) -> Household:
        """Those who live together with the customer, as far as the hub can tell; himself too."""
        who = self._profile(customer_id)["customer_id"]
        household, roles = self._profiles.parts.household(who)
        profiles = {each: self._profiles.profile(each) for each in sorted(roles)}
        alive = {each: profile for each, profile in profiles.items() if profile}
        audit.record(principal, "customers.household", who, *(each for each in alive if each != who))
        members = [
            Member(customer_id=each, full_name=profile.get("full_name"), role=roles[each])
            for each, profile in alive.items()
        ]
        return Household(household_id=household, members=members)

    def depth(self, principal: Principal, customer_id: str) -> Depth:
        """How much is known: a grade, which sources know him, where he was met."""
        profile = self._profile(customer_id)
        who = profile["customer_id"]
        audit.record(principal, "customers.completeness", who)
        sources = config.read(self._home).sources
        knowing = [
            name
            for name, source in sources.items()
            if any("customer" in data_set.entity for data_set in source.data_sets.values())
        ]
        return depth(profile, self._profiles.parts.records(who), self._events(who), knowing)

    def journey(self, principal: Principal, customer_id: str) -> Journey:
        """His way so far, stage by stage, and what is open: to read before one answers his call."""
        profile = self._profile(customer_id)
        who = profile["customer_id"]
        audit.record(principal, "customers.journey", who)
        patience = config.read(self._home).hub.life_cycle.lapsed_after_days
        return journey(profile, self._events(who), patience, datetime.now(UTC))

    def _events(self, customer_id: str) -> list[dict[str, Any]]:
        found, before = self._profiles.events(customer_id, AT_ONCE)
        while before and len(found) < MOST_EVENTS:
            more, before = self._profiles.events(customer_id, AT_ONCE, before)
            found += more
        return found

    def _profile(self, customer_id: str) -> dict[str, Any]:
        profile = self._profiles.profile(self._profiles.follow(customer_id))
        if profile is None:
            raise NotFound("There is no such customer")
        return profile


def _shown(record: dict[str, Any], principal: Principal) -> dict[str, Any]:
    """Hidden is what the golden record hides under another name too."""
    named = {HIDDEN_WITH.get(name, name): value for name, value in record.items() if name not in DERIVED}
    shown = masked(named, principal.roles)
    back = {"source_keys": "source_key"}
    return {back.get(name, name): value for name, value in shown.items() if name != "customer_id"}
