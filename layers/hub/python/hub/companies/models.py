"""What the API says and takes of companies, trees and relations."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

NodeId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,39}$")]
Search = Annotated[str, StringConstraints(max_length=200)]
Steps = Annotated[int, Field(ge=1, le=6)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(BaseModel):
    """similar_to: a company whose name is nearly the same, in thousandths of its letters; a steward decides."""

    company_id: str
    name: str
    spellings: list[str]
    contacts: int
    purchases: int
    net_amount: str
    known_since: str
    similar_to: str | None = None
    similarity: int | None = None
    alike: str | None = None


class Contact(BaseModel):
    """job_title: as it was written. buying_role: decision_maker, approver, buyer, evaluator ..."""

    customer_id: str
    full_name: str | None = None
    job_title: str | None = None
    job_position: str | None = None
    job_level: str | None = None
    buying_role: str | None = None


class WholeCompany(Company):
    """people: the first thousand of the contacts. parent_id: the company above it."""

    people: list[Contact]
    parent_id: str | None
    children: list[str]


class SpellingRequest(Strict):
    """together: true puts the company into the other one, false says that the two are not one."""

    other_id: NodeId
    together: bool


class Spelling(BaseModel):
    company_id: str
    other_id: str
    together: bool


class ParentRequest(Strict):
    parent_id: NodeId


class Totals(BaseModel):
    """In the hub's currency."""

    purchases: int
    net_amount: str
    contacts: int | None = None


class Node(BaseModel):
    """One of a tree; `depth` 0 is its root. own: of itself. all: with everybody below."""

    id: str
    name: str | None
    parent_id: str | None
    depth: int
    own: Totals
    all: Totals


class Tree(BaseModel):
    """kind: company, or customer (a family). nodes: each behind its parent, at most five hundred."""

    kind: Literal["company", "customer"]
    root: str
    nodes: list[Node]


class RelationRequest(Strict):
    """Who stands so to whom: `refers`, `works_with`, or a word of one's own. Companies and customers, also mixed."""

    from_id: NodeId
    kind: Kind
    to_id: NodeId


class Relation(BaseModel):
    relation_id: str
    from_id: str
    kind: str
    to_id: str


class Neighbour(BaseModel):
    """steps: the least number of relations that lead there."""

    id: str
    name: str | None
    steps: int


class Network(BaseModel):
    """relations: those among the neighbours and the one who was asked for. complete: nothing was left out."""

    of: str
    neighbours: list[Neighbour]
    relations: list[Relation]
    complete: bool
