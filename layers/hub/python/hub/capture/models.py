"""What the API takes and gives about verifications."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from hub.api import Request
from hub.config.capture import Wanted
from hub.config.reasons import Reason

Method = Literal["otp", "double_opt_in", "person"]
State = Literal["unverified", "pending", "verified", "refused"]
Verdict = Literal["verified", "refused"]
VerificationId = Annotated[str, StringConstraints(pattern=r"^v\d{8}t\d{6}[0-9a-f]{6}$")]
EvidenceId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
TYPES = ("image/jpeg", "image/png", "application/pdf")


class VerificationRequest(Request):
    """Verify the value that the golden record has now: by a code or a link to it, or by two persons."""

    customer_id: str = Field(min_length=1, max_length=60)
    field: Wanted
    method: Method


class CodeRequest(Request):
    code: Annotated[str, StringConstraints(pattern=r"^\d{6}$")]


class AssignRequest(Request):
    """to: a user's id; None for whoever asks."""

    to: str | None = Field(None, min_length=1, max_length=128)


class EvidenceRequest(Request):
    type: Literal["image/jpeg", "image/png", "application/pdf"]
    size: int = Field(ge=1, le=10_000_000)


class DecideRequest(Request):
    """evidence: ids of objects that were sent for this verification."""

    verdict: Verdict
    why: Reason
    evidence: list[EvidenceId] = Field([], max_length=20)


class Decision(BaseModel):
    verdict: Verdict
    by: str
    at: str
    why: str
    evidence: list[str] = []


class Evidence(BaseModel):
    """A reference to an object in the vault; what it shows stands nowhere else."""

    evidence_id: str
    type: str
    size: int
    by: str
    at: str


class Verification(BaseModel):
    """One try to verify a value. until: when its code or link ends. failed: why the message did not go out."""

    verification_id: str
    customer_id: str
    field: str
    method: Method
    state: Literal["pending", "verified", "refused", "failed"]
    created_by: str
    created_at: str
    until: str | None = None
    assigned_to: str | None = None
    decisions: list[Decision] = []
    evidence: list[Evidence] = []


class Link(BaseModel):
    """Where an object is sent to or got from, for a short time."""

    evidence_id: str
    url: str
    headers: dict[str, str] = {}


class Status(BaseModel):
    """How sure the hub is of the value that the golden record has now."""

    field: str
    state: State
    method: Method | None = None
    at: str | None = None
    verification_id: str | None = None
