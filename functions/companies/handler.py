"""Companies and who works there: the API's /v1/companies."""

from functools import cache

from hub.access import Principal
from hub.api import Api, Created, Limit, Page, decode_cursor, encode_cursor
from hub.companies import models
from hub.companies.desk import Companies
from hub.companies.models import Search
from hub.settings import StewardshipSettings

api = Api("companies")
companies = cache(lambda: Companies(StewardshipSettings.read()))


@api.get("/v1/companies", permission="customers.read")
def list_companies(
    principal: Principal, q: Search = "", similar: bool = False, after: str | None = None, limit: Limit = 50
) -> Page[models.Company]:
    """By name, from those that begin with `q`; `similar`: those whose spelling looks like another company's."""
    found, more = companies().all(principal, q, similar, limit, decode_cursor(after, 1)[0] if after else None)
    return Page(found, encode_cursor(more) if more else None)


@api.get("/v1/companies/<company_id>", permission="customers.read")
def show_company(principal: Principal, company_id: str) -> models.WholeCompany:
    """A company with who works there, in what role in buying, and what is above and below it."""
    return companies().show(principal, company_id)


@api.post("/v1/companies/<company_id>/spellings", permission="decisions.write")
def decide_spelling(principal: Principal, company_id: str, request: models.SpellingRequest) -> Created[models.Spelling]:
    return Created(companies().decide(principal, company_id, request))


@api.delete("/v1/companies/<company_id>/spellings/<other_id>", permission="decisions.write")
def take_back_spelling(principal: Principal, company_id: str, other_id: str) -> None:
    companies().take_back(principal, company_id, other_id)


handler = api.resolve
