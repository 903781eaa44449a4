"""The ways to reach a customer, each with its standing: valid, verified, bounced, and what the person said of it."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

from hub import config
from hub.access import Principal, audit
from hub.campaigns import points
from hub.campaigns.audience import address_key
from hub.campaigns.consents import Consents, both
from hub.campaigns.items import Item
from hub.campaigns.keys import token_key
from hub.campaigns.models import Consent, ConsentRequest, ReachRequest
from hub.campaigns.points import Kind, Status
from hub.capture.rules import value_key
from hub.capture.store import VerificationStore
from hub.customers.masking import masked
from hub.customers.store import ProfileStore
from hub.errors import NotFound
from hub.settings import CaptureSettings

State = Literal["granted", "withdrawn"]
Whose = Literal["point", "channel", "sources"]


class ContactPoint(BaseModel):
    """One way to reach a person. value: as far as the role sees it; problem: what is wrong with it for its kind.

    primary: the golden record has this one of its kind. consent: what holds for it, by the word (`consent_of`) about
    the point itself, about its whole channel, or of the sources. since: when the record that it comes
    from last changed; until: from when on nothing arrives there any more.
    """

    point_id: str
    kind: Kind
    value: str | None
    primary: bool
    since: str | None = None
    until: str | None = None
    status: Status
    problem: str | None = None
    consent: State | None = None
    consent_of: Whose | None = None


class ContactPoints:
    def __init__(self, settings: CaptureSettings) -> None:
        self._home = config.read(settings.hub_home).hub.country
        self._key = token_key(settings.token_key_parameter)
        self._profiles = ProfileStore(settings.profiles_table, self._key)
        self._consents = Consents(settings.consent_table)
        self._proofs = VerificationStore(settings.consent_table)

    def all(self, principal: Principal, customer_id: str) -> list[ContactPoint]:
        """NotFound for somebody who is no customer."""
        profile = self._profile(customer_id)
        audit.record(principal, "contacts.read", profile["customer_id"])
        return self._listed(principal, profile)

    def state(self, principal: Principal, customer_id: str, point_id: str, request: ConsentRequest) -> ContactPoint:
        """What the person said of one address, number or handle; what is sent obeys it from the next chunk on."""
        profile, kind = self._change(principal, customer_id, point_id, request.state)
        self._consents.state(profile["customer_id"], kind, request.state, request.basis, principal.id, point_id)
        return next(each for each in self._listed(principal, profile) if each.point_id == point_id)

    def reach(self, principal: Principal, customer_id: str, point_id: str, request: ReachRequest) -> ContactPoint:
        """Whether something arrives there. It is of this very value: the next address of the customer begins anew."""
        profile, kind = self._change(principal, customer_id, point_id, request.state)
        if request.state == "undeliverable":
            self._consents.suppress(kind, point_id, points.UNDELIVERABLE)
        else:
            self._consents.unsuppress(kind, point_id, points.UNDELIVERABLE)
        return next(each for each in self._listed(principal, profile) if each.point_id == point_id)

    def _change(self, principal: Principal, customer_id: str, point_id: str, state: str) -> tuple[Item, Kind]:
        """The customer and the kind of his point, of which something is written down now."""
        profile = self._profile(customer_id)
        kinds = {self._id(kind, value): kind for kind, value, _ in points.points(profile)}
        if point_id not in kinds:
            raise NotFound("The customer has no such contact point")
        kind = kinds[point_id]
        audit.record(principal, "contacts.write", profile["customer_id"], channel=kind, state=state, point=point_id)
        return profile, kind

    def _listed(self, principal: Principal, profile: Item) -> list[ContactPoint]:
        who, found = profile["customer_id"], list(points.points(profile))
        ids = [(kind, self._id(kind, value)) for kind, value, _ in found]
        reasons = self._consents.reasons(ids)
        said = {(each.channel, each.point_id): each for each in self._consents.contact(who).consents}
        proofs = self._proofs.statuses(who)
        listed, origins = [], _origins(profile)
        for (kind, value, primary), (_, point_id) in zip(found, ids, strict=True):
            consent, whose = _consent(said.get((kind, None)), said.get((kind, point_id)), profile)
            complete, wrong = self._problem(kind, value, profile)
            told = consent if whose != "sources" else None
            reason, until = reasons.get(point_id, (None, None))
            status = points.status(wrong, reason, told, self._proof(who, kind, value, proofs.get(kind)))
            listed.append(
                ContactPoint(
                    point_id=point_id,
                    kind=kind,
                    value=masked({kind: value}, principal.roles)[kind],
                    primary=primary,
                    since=origins.get(kind) if primary else None,
                    until=until,
                    status=status if complete else "incomplete",
                    problem=wrong,
                    consent=consent,
                    consent_of=whose,
                )
            )
        return listed

    def _problem(self, kind: Kind, value: str, profile: Item) -> tuple[bool, str | None]:
        """(whether nothing lacks, what is wrong)."""
        if kind == "address":
            return points.place_problem(profile, self._home)
        return True, points.problem(kind, value)

    def _id(self, kind: str, value: str) -> str:
        return address_key(self._key, kind, value)

    def _proof(self, who: str, kind: str, value: str, known: Item | None) -> str | None:
        """What the verification of this very value came to."""
        return known["state"] if known and known["value_key"] == value_key(self._key, who, kind, value) else None

    def _profile(self, customer_id: str) -> dict[str, Any]:
        profile = self._profiles.profile(self._profiles.follow(customer_id))
        if profile is None:
            raise NotFound("There is no such customer")
        return profile


def _origins(profile: Mapping[str, Any]) -> dict[str, str]:
    """Kind -> when the record that gave its value last changed."""
    try:
        told = json.loads(str(profile.get("provenance") or "{}"))
    except ValueError:
        return {}
    origins = {kind: told.get(kind) for kind in points.KINDS}
    return {kind: origin["at"] for kind, origin in origins.items() if isinstance(origin, dict) and "at" in origin}


def _consent(
    of_channel: Consent | None, of_point: Consent | None, profile: Mapping[str, Any]
) -> tuple[State | None, Whose | None]:
    """What holds for a point, and by which word."""
    channel, point = ((each.at, each.state) if each else None for each in (of_channel, of_point))
    if state := both(channel, point):
        whose: Whose = "point" if of_point and of_point.state == state else "channel"
        return ("granted" if state == "granted" else "withdrawn"), whose
    if (given := profile.get("marketing_consent")) is None:
        return None, None
    return ("granted" if str(given).lower() == "true" else "withdrawn"), "sources"
