"""What a customer lacks and what to ask him next; each look is written down before it is answered."""

from typing import Any, Final

from pydantic import BaseModel

from hub import config
from hub.access import Principal, audit
from hub.api import Request
from hub.campaigns.keys import token_key
from hub.capture.asked import AskedStore
from hub.capture.gaps import gaps, questions
from hub.config.capture import Interaction, Occasion, Wanted
from hub.customers.store import ProfileStore
from hub.errors import NotFound
from hub.settings import CaptureSettings

RECORDS: Final = "source_keys"


class Gap(BaseModel):
    """A wanted field without a value. asked_at: when the person was asked for it."""

    field: str
    asked_at: str | None = None


class Gaps(BaseModel):
    customer_id: str
    gaps: list[Gap]


class Ask(BaseModel):
    field: str
    ask: str


class NextQuestion(BaseModel):
    """question: None where there is nothing to ask, or nothing that was not asked already."""

    customer_id: str
    interaction: str
    question: Ask | None


class PromptRequest(Request):
    """Somebody is met: in which kind of interaction, on what occasion; field: only this one may be asked for."""

    interaction: Interaction
    occasion: Occasion | None = None
    field: Wanted | None = None


class CaptureDesk:
    def __init__(self, settings: CaptureSettings) -> None:
        self._rules = config.read(settings.hub_home).hub.capture
        key = token_key(settings.token_key_parameter)
        self._profiles = ProfileStore(settings.profiles_table, key)
        self._asked = AskedStore(settings.consent_table, key)

    def gaps(self, principal: Principal, customer_id: str) -> Gaps:
        """NotFound for somebody who is no customer."""
        profile = self._profile(customer_id)
        audit.record(principal, "customers.gaps", profile["customer_id"])
        missing, asked = self._known(profile)
        found = [Gap(field=field, asked_at=asked.get(field)) for field in missing]
        return Gaps(customer_id=profile["customer_id"], gaps=found)

    def question(self, principal: Principal, customer_id: str, interaction: str, occasion: str | None) -> NextQuestion:
        """The next best question, without asking it."""
        profile = self._profile(customer_id)
        audit.record(principal, "customers.gaps", profile["customer_id"])
        missing, asked = self._known(profile)
        found = next(questions(self._script(interaction), missing, asked, occasion), None)
        return _next(profile, interaction, Ask(field=found.field, ask=found.ask) if found else None)

    def prompt(self, principal: Principal, customer_id: str, request: PromptRequest) -> NextQuestion:
        """The question that is asked now: one caller gets it, and nobody gets it again for this person."""
        profile = self._profile(customer_id)
        missing, asked = self._known(profile)
        for each in questions(self._script(request.interaction), missing, asked, request.occasion):
            if request.field in (None, each.field) and self._asked.claim(
                _records(profile), each.field, request.interaction, principal.id
            ):
                audit.record(principal, "prompts.write", profile["customer_id"], field=each.field)
                return _next(profile, request.interaction, Ask(field=each.field, ask=each.ask))
        audit.record(principal, "prompts.write", profile["customer_id"], field=None)
        return _next(profile, request.interaction, None)

    def _script(self, interaction: str) -> Any:
        return next((script for kind, script in self._rules.scripts.items() if kind == interaction), ())

    def _profile(self, customer_id: str) -> dict[str, Any]:
        profile = self._profiles.profile(self._profiles.follow(customer_id))
        if profile is None:
            raise NotFound("There is no such customer")
        return profile

    def _known(self, profile: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
        missing = gaps(profile, self._rules.wanted)
        return missing, self._asked.asked(_records(profile), missing)


def _records(profile: dict[str, Any]) -> list[str]:
    return profile.get(RECORDS) or [profile["customer_id"]]


def _next(profile: dict[str, Any], interaction: str, question: Ask | None) -> NextQuestion:
    return NextQuestion(customer_id=profile["customer_id"], interaction=interaction, question=question)
