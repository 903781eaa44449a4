"""Verify values: begin, send, try a code, judge by two persons. Everything is written down before it is done."""

import time
from typing import Any, Final, get_args

from hub import config
from hub.access import Principal, audit
from hub.campaigns import mail
from hub.campaigns.audience import ADDRESS, address_key, normal, on_list
from hub.campaigns.consents import Consents
from hub.campaigns.content import Message
from hub.campaigns.items import Item, new_id, now_text
from hub.campaigns.keys import link_keys, token_key
from hub.campaigns.links import confirm_url
from hub.capture import rules
from hub.capture.evidence import EvidenceRoom, open_task
from hub.capture.models import (
    AssignRequest,
    DecideRequest,
    Status,
    Verification,
    VerificationRequest,
)
from hub.capture.store import MOST_TRIES, VerificationStore, shown
from hub.config.capture import Wanted
from hub.customers.store import ProfileStore
from hub.errors import Conflict, InvalidInput, NotFound, TooManyRequests, Unavailable
from hub.settings import VerificationsSettings

PRODUCTION: Final = "prod"
CHANNEL: Final = "email"
MINUTES: Final = 10
DAYS: Final = 7


class Verifications:
    def __init__(self, settings: VerificationsSettings) -> None:
        self._settings = settings
        self._hub = config.read(settings.hub_home).hub
        self._key = token_key(settings.token_key_parameter)
        self._profiles = ProfileStore(settings.profiles_table, self._key)
        self._store = VerificationStore(settings.consent_table)
        self._room = EvidenceRoom(settings.vault_bucket)

    def statuses(self, principal: Principal, customer_id: str) -> list[Status]:
        """How sure the hub is of each value that the golden record has."""
        profile = self._profile(customer_id)
        audit.record(principal, "verifications.status", profile["customer_id"])
        known = self._store.statuses(profile["customer_id"])
        fields = [field for field in get_args(Wanted) if profile.get(field)]
        return [self._status(profile, field, known.get(field)) for field in fields]

    def begin(self, principal: Principal, request: VerificationRequest) -> Verification:
        """Conflict for a value that is verified, cannot be written to or is not there."""
        profile = self._profile(request.customer_id)
        value, who = str(profile.get(request.field) or ""), profile["customer_id"]
        if not value:
            raise Conflict(f"The golden record has no {request.field}; there is nothing to verify")
        status = self._status(profile, request.field, self._store.statuses(who).get(request.field))
        if status.state == "verified":
            raise Conflict("This value is verified already")
        item = self._item(principal, request, profile)
        audit.record(principal, "verifications.begin", who, item["verification_id"], method=request.method)
        if request.method == "person":
            self._store.begin(item)
        else:
            self._send(item, value)
        return self.show(item["verification_id"])

    def show(self, verification_id: str) -> Verification:
        return Verification.model_validate(shown([self._store.get(verification_id)])[0])

    def all(self, state: str | None, after: str | None, limit: int) -> list[Verification]:
        """Newest first."""
        return [Verification.model_validate(each) for each in shown(self._store.newest_first(state, after, limit))]

    def code(self, principal: Principal, verification_id: str, code: str) -> Verification:
        """What a person read out; each try counts, also the wrong ones of many at once."""
        audit.record(principal, "verifications.code", verification_id)
        item = self._store.try_code(verification_id, int(time.time()))
        if item is None:
            self._store.get(verification_id)
            raise Conflict("This code is over: it was used, is too old or was tried too often. Send another")
        if not rules.is_code(self._key, item, code):
            left = MOST_TRIES - int(item["tries"])
            raise InvalidInput(f"This is not the code; {left} more tries", [{"field": "code", "problem": "is wrong"}])
        if not self._store.settle(item, "verified", {"settled_at": now_text()}):
            raise Conflict("This verification was changed meanwhile; look again")
        return self.show(verification_id)

    def assign(self, principal: Principal, verification_id: str, request: AssignRequest) -> Verification:
        to = request.to or principal.id
        item = open_task(self._store, verification_id)
        audit.record(principal, "verifications.assign", verification_id, to=to)
        if not self._store.change(item, {"assigned_to": to}):
            raise Conflict("This task was changed meanwhile; look again")
        return self.show(verification_id)

    def decide(self, principal: Principal, verification_id: str, request: DecideRequest) -> Verification:
        """One of the two persons says what he found; with the second of one opinion the value has its state."""
        item = open_task(self._store, verification_id)
        rules.check_decider(item, principal.id, principal.client is not None)
        profile = self._profile(item["customer_id"])
        if self._value_key(profile, item["field"]) != item["value_key"]:
            raise Conflict("The golden record has another value by now; begin anew")
        known = {each["evidence_id"] for each in item.get("evidence", [])}
        for each in request.evidence:
            if each not in known or not self._room.has(verification_id, each):
                problem = [{"field": "evidence", "problem": "is not there"}]
                raise InvalidInput(f"Nothing was sent as evidence {each}", problem)
        audit.record(principal, "verifications.decide", verification_id, verdict=request.verdict)
        decision = {**request.model_dump(), "by": principal.id, "at": now_text()}
        decisions = [*item.get("decisions", []), decision]
        end = rules.outcome(decisions)
        changes: Item = {"decisions": decisions}
        done = self._store.settle(item, end, changes) if end else self._store.change(item, changes)
        if not done:
            raise Conflict("Somebody else decided at the same moment; look again")
        return self.show(verification_id)

    def _item(self, principal: Principal, request: VerificationRequest, profile: dict[str, Any]) -> Item:
        verification_id = new_id("v")
        claim = rules.claimed(verification_id, profile, request.field)
        return {
            **({"claim": claim} if claim else {}),
            "verification_id": verification_id,
            "customer_id": profile["customer_id"],
            "field": request.field,
            "method": request.method,
            "value_key": self._value_key(profile, request.field),
            "created_by": principal.id,
            "created_at": now_text(),
        }

    def _send(self, item: Item, address: str) -> None:
        """Keep the code or link by its key, then send it once; what was not taken by the provider is over at once."""
        self._check_address(item, normal(address))
        now, name = int(time.time()), self._hub.name
        if item["method"] == "otp":
            code = rules.new_code()
            item |= {"until": now + MINUTES * 60}
            item |= {"code_key": rules.code_key(self._key, item["verification_id"], code)}
            message = rules.code_message(name, code, MINUTES)
        else:
            item |= {"until": now + DAYS * 86_400}
            token = link_keys(self._settings.link_key_parameter).sign_confirm(item["verification_id"], item["until"])
            message = rules.link_message(name, confirm_url(self._settings.public_url, token), DAYS)
        if not self._store.count_message(item["customer_id"]):
            raise TooManyRequests("A message went out within this minute, or five did today; try later")
        self._store.begin(item)
        self._deliver(item, normal(address), message)

    def _deliver(self, item: Item, address: str, message: Message) -> None:
        sender = str(self._hub.senders.email)
        found = mail.call(mail.request(sender, address, message, None, self._settings.configuration_set, {}))
        if found.verdict in ("sent", "unknown"):
            return
        self._store.settle(self._store.get(item["verification_id"]), "failed", {"failed": found.reason})
        raise Unavailable(f"The message was not taken by the provider: {found.reason}")

    def _check_address(self, item: Item, address: str) -> None:
        if item["field"] != "email":
            raise Conflict(f"A message goes to e-mail addresses only; verify {item['field']} by persons")
        if not self._hub.senders.email:
            raise Conflict("This hub has no e-mail sender; set senders.email in hub.yaml")
        if not ADDRESS.fullmatch(address):
            raise Conflict("Nothing can be sent to this value; it is no address")
        if self._settings.stage != PRODUCTION and not on_list(address, self._hub.allow_list):
            raise Conflict("Outside stage prod only addresses on the allow-list of hub.yaml receive anything")
        key = address_key(self._key, CHANNEL, address)
        if Consents(self._settings.consent_table).suppressed(CHANNEL, [key]):
            raise Conflict("This address is never written to")

    def _profile(self, customer_id: str) -> dict[str, Any]:
        profile = self._profiles.profile(self._profiles.follow(customer_id))
        if profile is None:
            raise NotFound("There is no such customer")
        return profile

    def _value_key(self, profile: dict[str, Any], field: str) -> str:
        return rules.value_key(self._key, profile["customer_id"], field, str(profile.get(field) or ""))

    def _status(self, profile: dict[str, Any], field: str, known: Item | None) -> Status:
        over = bool(known and known["state"] == "pending" and int(known.get("until", time.time() + 1)) <= time.time())
        if known is None or over or known["value_key"] != self._value_key(profile, field):
            return Status(field=field, state="unverified")
        return Status.model_validate({**known, "field": field})
