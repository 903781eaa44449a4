"""What shows that a value is right: links to objects of the vault, at the API's /v1/verifications/<id>/evidence."""

from functools import cache

from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.access import Principal
from hub.api import Api
from hub.capture.evidence import EvidenceDesk
from hub.capture.models import EvidenceId, EvidenceRequest, Link, VerificationId
from hub.settings import EvidenceSettings

api = Api("evidence")
desk = cache(lambda: EvidenceDesk(EvidenceSettings.read()))


@api.post("/v1/verifications/<verification_id>/evidence", permission="verifications.decide")
def send_evidence(principal: Principal, verification_id: VerificationId, request: EvidenceRequest) -> Link:
    """Where to send one photograph or paper by PUT."""
    return desk().send(principal, verification_id, request)


@api.get("/v1/verifications/<verification_id>/evidence/<evidence_id>", permission="verifications.decide")
def see_evidence(principal: Principal, verification_id: VerificationId, evidence_id: EvidenceId) -> Link:
    """Where to get it from, for a minute."""
    return desk().see(principal, verification_id, evidence_id)


def handler(event: dict, context: LambdaContext) -> dict:
    return api.resolve(event, context)
