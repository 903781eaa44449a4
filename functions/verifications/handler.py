"""Values and how sure they are: the API's /v1/verifications and /v1/customers/<id>/verifications."""

from functools import cache
from typing import Literal

from hub.access import Principal
from hub.api import Api, Created, Limit, Page, decode_cursor, encode_cursor
from hub.capture import models
from hub.capture.models import Status, Verification, VerificationId
from hub.capture.verifying import Verifications
from hub.settings import VerificationsSettings

api = Api("verifications")
desk = cache(lambda: Verifications(VerificationsSettings.read()))
Chosen = Literal["pending", "verified", "refused", "failed"] | None


@api.get("/v1/customers/<customer_id>/verifications", permission="customers.read")
def show_statuses(principal: Principal, customer_id: str) -> Page[Status]:
    """How sure each value of the golden record is, by which method, since when."""
    return Page(desk().statuses(principal, customer_id))


@api.get("/v1/verifications", permission="verifications.read")
def list_verifications(state: Chosen = None, after: str | None = None, limit: Limit = 50) -> Page[Verification]:
    found = desk().all(state, decode_cursor(after, prefix="v")[0] if after else None, limit)
    return Page(found, encode_cursor(found[-1].verification_id) if len(found) == limit else None)


@api.post("/v1/verifications", permission="verifications.write")
def begin_verification(principal: Principal, request: models.VerificationRequest) -> Created[Verification]:
    """Send a code or a link to the address, or make a task for two persons."""
    return Created(desk().begin(principal, request), see="/v1/verifications/{verification_id}")


@api.get("/v1/verifications/<verification_id>", permission="verifications.read")
def show_verification(verification_id: VerificationId) -> Verification:
    return desk().show(verification_id)


@api.post("/v1/verifications/<verification_id>/code", permission="verifications.write")
def try_code(principal: Principal, verification_id: VerificationId, request: models.CodeRequest) -> Verification:
    return desk().code(principal, verification_id, request.code)


@api.post("/v1/verifications/<verification_id>/assign", permission="verifications.write")
def assign_verification(
    principal: Principal, verification_id: VerificationId, request: models.AssignRequest
) -> Verification:
    return desk().assign(principal, verification_id, request)


@api.post("/v1/verifications/<verification_id>/decide", permission="verifications.decide")
def decide_verification(
    principal: Principal, verification_id: VerificationId, request: models.DecideRequest
) -> Verification:
    return desk().decide(principal, verification_id, request)


handler = api.resolve
