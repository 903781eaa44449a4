"""What the API takes and gives about decisions, doubtful pairs and explanations."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from hub.api import Request
from hub.config.reasons import Reason
from hub.config.survivorship import Group

RecordKey = Annotated[str, StringConstraints(pattern=r"^[\w.:-]{1,128}$")]
DecisionId = Annotated[str, StringConstraints(pattern=r"^d\d{8}t\d{6}[0-9a-f]{6}$")]
Kind = Literal["merge", "apart", "believe", "pin", "edit", "undo"]
State = Literal["proposed", "done", "refused", "withdrawn", "undone"]
Value = Annotated[str, StringConstraints(max_length=300)]


class PersonDecisionRequest(Request):
    """merge: two records are one person. apart: none of the one side is any of the other; of one customer: un-merge.

    believe: all records that are held with the one on the left are one person; nothing stands on the right.
    """

    kind: Literal["merge", "apart", "believe"]
    left: list[RecordKey] = Field(min_length=1, max_length=45)
    right: list[RecordKey] = Field([], max_length=45)
    why: Reason


class EditRequest(Request):
    """Values of a group, or the record whose values hold (a pin). Values that are not named become nothing."""

    group: Group
    values: dict[str, Value | None] | None = Field(None, max_length=8)
    value_from: RecordKey | None = None
    why: Reason


class AnswerRequest(Request):
    """What the second person says."""

    verdict: Literal["approved", "refused"]
    why: Reason


class UndoRequest(Request):
    why: Reason


class StewardDecision(BaseModel):
    """A proposal of one person and what became of it. replaces: how many earlier decisions it takes the place of.

    undo_of, undone_by: the other half of a decision that was taken back.
    """

    decision_id: str
    kind: Kind
    state: State
    customers: list[str]
    left: list[str] = []
    right: list[str] = []
    group: str | None = None
    values: dict[str, Any] | None = None
    value_from: str | None = None
    why: str
    decided_by: str
    decided_at: str
    answered_by: str | None = None
    answered_at: str | None = None
    answer: str | None = None
    replaces: int = 0
    undo_of: str | None = None
    undone_by: str | None = None


class Side(BaseModel):
    """One record as its source gave it, masked as the role asks."""

    record_key: str
    customer_id: str | None
    source: str | None = None
    values: dict[str, Any] = {}
    changed_at: str | None = None


class Likeness(BaseModel):
    """How one thing compares. agreement: in one word; bits: what it says for one person, where a model is known."""

    field: str
    says: str
    level: str
    agreement: Literal["same", "alike", "different", "unknown"]
    bits: float | None = None


class Comparison(BaseModel):
    """Two records side by side. probability: that they are one person, by the model in use; None where none is."""

    left: Side
    right: Side
    reasons: list[Likeness]
    bits: float | None = None
    probability: float | None = None
    decided: Literal["together", "apart"] | None = None


class Doubt(BaseModel):
    """A pair to decide. worth: how many pairs of records are wrong now as far as anybody can tell, in thousandths.

    records: of a person held because so many are like this record, which stands on both sides then; None for a pair.
    """

    left_key: str
    right_key: str
    left_customer: str
    right_customer: str
    left_name: str | None = None
    right_name: str | None = None
    bits: float
    probability: float
    worth: int
    records: int | None = None


class RecordLink(BaseModel):
    """Why a record belongs to the customer: the record it is most like, and the heaviest reasons."""

    record_key: str
    source: str | None
    with_record: str | None
    reasons: list[Likeness]
    bits: float | None = None
    decided: bool = False


class Explanation(BaseModel):
    """most: only so many records were looked at."""

    customer_id: str
    links: list[RecordLink]
    most: int | None = None


class MatchRequest(Request):
    """A person as somebody gives him; what is not known is left out."""

    full_name: Value | None = None
    given_name: Value | None = None
    family_name: Value | None = None
    email: Value | None = None
    phone: Value | None = None
    birth_date: Value | None = None
    gender: Value | None = None
    address: Value | None = None
    city: Value | None = None
    region: Value | None = None
    postcode: Value | None = None
    country: Value | None = None
    company: Value | None = None


class Match(BaseModel):
    """A customer that the record may be, without his values. verdict: same from the runs' threshold on."""

    customer_id: str
    verdict: Literal["same", "household", "doubtful"]
    bits: float | None = None
    probability: float | None = None
    reasons: list[Likeness]


class Matches(BaseModel):
    """looked_at: how many customers shared something. crowded: what too many share to look at all of them."""

    items: list[Match]
    looked_at: int
    crowded: list[str] = []
