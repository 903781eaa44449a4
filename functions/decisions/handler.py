"""Who is one person and which values hold, decided by two: the API's /v1/decisions and /v1/customers/<id>/edits."""

from functools import cache

from hub.access import Principal
from hub.api import Api, Created, Limit, Page, decode_cursor, encode_cursor
from hub.settings import StewardshipSettings
from hub.stewardship import models
from hub.stewardship.desk import Decisions
from hub.stewardship.models import DecisionId, State, StewardDecision

api = Api("decisions")
desk = cache(lambda: Decisions(StewardshipSettings.read()))
SEE = "/v1/decisions/{decision_id}"


@api.get("/v1/decisions", permission="decisions.read")
def list_decisions(
    principal: Principal, state: State | None = None, after: str | None = None, limit: Limit = 50
) -> Page[StewardDecision]:
    found = desk().all(principal, state, decode_cursor(after, prefix="d")[0] if after else None, limit)
    return Page(found, encode_cursor(found[-1].decision_id) if len(found) == limit else None)


@api.post("/v1/decisions", permission="decisions.write")
def propose_decision(principal: Principal, request: models.PersonDecisionRequest) -> Created[StewardDecision]:
    """Propose that records are one person, or that they are not; another person answers."""
    return Created(desk().propose(principal, request), see=SEE)


@api.post("/v1/customers/<customer_id>/edits", permission="edits.write")
def propose_edit(principal: Principal, customer_id: str, request: models.EditRequest) -> Created[StewardDecision]:
    """Propose values, or the record whose values hold; another person answers."""
    return Created(desk().edit(principal, customer_id, request), see=SEE)


@api.get("/v1/decisions/<decision_id>", permission="decisions.read")
def show_decision(principal: Principal, decision_id: DecisionId) -> StewardDecision:
    return desk().show(principal, decision_id)


@api.post("/v1/decisions/<decision_id>/answer", permission="decisions.approve")
def answer_decision(principal: Principal, decision_id: DecisionId, request: models.AnswerRequest) -> StewardDecision:
    return desk().answer(principal, decision_id, request)


@api.post("/v1/decisions/<decision_id>/withdraw", permission="edits.write")
def withdraw_decision(principal: Principal, decision_id: DecisionId) -> StewardDecision:
    return desk().withdraw(principal, decision_id)


@api.post("/v1/decisions/<decision_id>/undo", permission="edits.write")
def undo_decision(
    principal: Principal, decision_id: DecisionId, request: models.UndoRequest
) -> Created[StewardDecision]:
    """Propose to put back what was there before; another person answers."""
    return Created(desk().undo(principal, decision_id, request), see=SEE)


handler = api.resolve
