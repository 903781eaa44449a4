"""What the API does with companies: list, show with people and roles, and keep a steward's word on spellings."""

from hub.access import Principal, audit
from hub.campaigns.items import now_text
from hub.campaigns.keys import token_key
from hub.companies import models
from hub.companies.store import CompanyStore
from hub.customers.companies import CompanyItems
from hub.customers.reading import Item
from hub.customers.store import ProfileStore
from hub.errors import Conflict, InvalidInput, NotFound
from hub.models.companies import last, together
from hub.settings import StewardshipSettings

MOST_PEOPLE = 1_000
MOST_DECISIONS = 2_000  # they stand in the text of each run's statements
NO_COMPANY = "There is no such company"


class Companies:
    def __init__(self, settings: StewardshipSettings) -> None:
        self._store = CompanyStore(settings.control_table)
        self._profiles = ProfileStore(settings.profiles_table, token_key(settings.token_key_parameter))
        self._companies: CompanyItems = self._profiles.companies

    def all(
        self, principal: Principal, begins: str, similar: bool, limit: int, after: str | None
    ) -> tuple[list[models.Company], str | None]:
        """By name; `similar`: only those whose name looks like another company's."""
        found, more = self._companies.named(begins, similar, limit, after)
        audit.record(principal, "companies.list", count=len(found))
        return [models.Company.model_validate(each) for each in found], more

    def show(self, principal: Principal, company_id: str) -> models.WholeCompany:
        company = self._company(company_id)
        who = company["company_id"]
        contacts = self._companies.contacts(who)[:MOST_PEOPLE]
        profiles = self._profiles.some([each["customer_id"] for each in contacts])
        people = [
            models.Contact.model_validate({**_known(profiles[each["customer_id"]]), **each})
            for each in contacts
            if each["customer_id"] in profiles
        ]
        audit.record(principal, "companies.read", who, *(each.customer_id for each in people), count=len(people))
        parents = self._store.parents()
        children = sorted(child for child, parent in parents.items() if parent == who)
        told = {"people": people, "parent_id": parents.get(who), "children": children}
        return models.WholeCompany.model_validate({**company, **told})

    def decide(self, principal: Principal, company_id: str, request: models.SpellingRequest) -> models.Spelling:
        """One company's name is a spelling of the other's, or not: runs follow it from the next one on."""
        one, other = self._company(company_id)["company_id"], self._company(request.other_id)["company_id"]
        if one == other:
            raise InvalidInput("The two are one company already", [{"field": "other_id", "problem": "is the same"}])
        if len(self._store.decisions()) >= MOST_DECISIONS:
            raise Conflict(f"A hub keeps at most {MOST_DECISIONS} of these; correct the names in their sources")
        self._store.decide(one, other, request.together, principal.id, now_text())
        audit.record(principal, "companies.decide", one, other, together=request.together)
        return models.Spelling(company_id=one, other_id=other, together=request.together)

    def take_back(self, principal: Principal, company_id: str, other_id: str) -> None:
        if not self._store.take_back(company_id, other_id, now_text()):
            raise NotFound("Nobody has said anything about these two")
        audit.record(principal, "companies.take_back", company_id, other_id)

    def _company(self, company_id: str) -> Item:
        """The company, or the one that it was put into."""
        found = self._companies.some([company_id])
        if company_id not in found:
            into = last(together(self._store.decisions()), company_id)
            found = self._companies.some([into])
            company_id = into
        if company_id not in found:
            raise NotFound(NO_COMPANY)
        return found[company_id]


def _known(profile: Item) -> Item:
    return {name: profile.get(name) for name in ("full_name", "job_title")}
