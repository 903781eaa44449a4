"""What callers of the lists see and send."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Key = Literal["email", "phone", "name_postcode"]
Field_ = Literal["email", "phone", "name", "postcode", "changed_at"]
Part = Literal["kept", "fates"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Upload(Strict):
    """A list of people as CSV with a header. basis: why they may be kept and written to; without one it is refused."""

    csv: str = Field(min_length=1, max_length=1_000_000)
    basis: str = Field(min_length=10, max_length=500)
    description: str = Field("", max_length=500)


class UploadedList(BaseModel):
    name: str
    description: str
    basis: str
    rows: int
    columns: list[str]
    uploaded_by: str
    uploaded_at: str


class ListOf(Strict):
    """One list: a data set (`crm.contacts`) or an upload by its name. columns: where its names tell nothing."""

    data_set: str | None = Field(None, pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")
    upload: Name | None = None
    columns: dict[Field_, str] = {}

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.data_set is None) == (self.upload is None):
            raise ValueError("give either data_set or upload")
        return self

    @property
    def name(self) -> str:
        return self.data_set or self.upload or ""


class DropRule(Strict):
    """Rows that are left out before anything is compared: where a column has this value, or none."""

    rule: Name
    column: str
    equals: str | None = None


class MergeRequest(Strict):
    """Lists in the order of preference, and what to do with them.

    match: people are the same who share one of these in standard form. keep: which row of a person stays. fill: it
    takes what it lacks from the others. suppress: lists of people who are left out, with all that is merged with them.
    """

    title: str = Field(min_length=1, max_length=200)
    lists: list[ListOf] = Field(min_length=2, max_length=10)
    match: list[Key] = Field(default=["email", "phone", "name_postcode"], min_length=1)
    keep: Literal["first", "newest", "fullest"] = "first"
    fill: bool = True
    drop: list[DropRule] = Field(default=[], max_length=20)
    without_key: Literal["keep", "drop"] = "keep"
    suppress: list[ListOf] = Field(default=[], max_length=10)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [each.name for each in (*self.lists, *self.suppress)]
        if len(set(names)) < len(names):
            raise ValueError("a list stands there twice")
        return self


class Tally(BaseModel):
    """Of one list: rows = kept + merged + purged."""

    rows: int = 0
    kept: int = 0
    merged: int = 0
    purged: int = 0


class Report(BaseModel):
    """total: of all lists. reasons: how many rows were merged or purged for which reason. filled: values that a kept
    row took from a merged one, by column."""

    total: Tally
    lists: dict[str, Tally]
    reasons: dict[str, int]
    filled: dict[str, int]


class MergePurge(BaseModel):
    """A job. error: why it failed."""

    merge_id: str
    title: str
    state: Literal["queued", "running", "complete", "failed"]
    request: MergeRequest
    asked_by: str
    asked_at: str
    ended_at: str | None = None
    report: Report | None = None
    error: str | None = None


class Link(BaseModel):
    """Where the file is, for so many seconds."""

    url: str
    expires_in: int
