"""What a group is and who has which right to it.

Rights are worked out at each request, so one that has ended gives nothing.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hub.access import Principal

Right = Literal["read", "write"]
Held = Literal["none", "read", "write", "own"]
ORDER: tuple[Held, ...] = ("none", "read", "write", "own")
MANAGE = "users.manage"
To = Annotated[str, StringConstraints(pattern=r"^(role:[a-z][a-z0-9_]{0,62}|user:[A-Za-z0-9-]{1,64})$")]
Text = Annotated[str, StringConstraints(max_length=500)]
CustomerId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Search = Annotated[str, StringConstraints(max_length=200)]
Days = Annotated[int, Field(ge=1, le=366)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Draft(Strict):
    """listed: others see that there is such a group, and may ask for it."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
    description: Text = ""
    listed: bool = True


class Share(Strict):
    """to: `role:<name>`, a department say, or `user:<id>`. days: for how long; None until it is taken back."""

    to: To
    right: Right = "read"
    days: Days | None = None


class Given(BaseModel):
    """until: from when on the share gives nothing. request_id: that it was asked for."""

    right: Right
    until: str | None
    by: str
    request_id: str | None = None


class Group(BaseModel):
    group_id: str
    name: str
    description: str
    listed: bool
    owner: str
    created_at: str
    version: int = 1
    shares: dict[str, Given] = {}

    def held_by(self, principal: Principal, now: datetime) -> tuple[Held, str | None]:
        """The principal's right to the group, and until when he has it."""
        if principal.id == self.owner or principal.may(MANAGE):
            return "own", None
        keys = [f"user:{principal.id}", *(f"role:{role}" for role in principal.roles)]
        live = [given for key in keys if (given := self.shares.get(key)) and not ended(given.until, now)]
        best = max(live, key=_extent, default=None)
        return (best.right, best.until) if best else ("none", None)


class Shown(BaseModel):
    """A group as the caller sees it. right: `none` where he may only ask. shares: told to who owns it alone."""

    group_id: str
    name: str
    description: str
    listed: bool
    owner: str
    right: Held
    until: str | None
    version: int
    shares: dict[str, Given] | None = None


class Change(Strict):
    """Customers to add and to take out, by id: needs `write`. A share to give or to take back: needs `own`."""

    add: list[CustomerId] = Field(default=[], max_length=500)
    remove: list[CustomerId] = Field(default=[], max_length=500)
    share: Share | None = None
    unshare: To | None = None


class Wish(Strict):
    """Ask for a right to a group, for so many days, and say why; the reason names no person."""

    right: Right = "read"
    days: Days = 30
    why: Annotated[str, StringConstraints(min_length=3, max_length=500, strip_whitespace=True)]


class Request(BaseModel):
    request_id: str
    group_id: str
    by: str
    right: Right
    days: int
    why: str
    asked_at: str
    state: Literal["waiting", "approved", "refused"] = "waiting"
    answered_by: str | None = None
    answered_at: str | None = None
    until: str | None = None


class Answer(Strict):
    """days: fewer or more than was asked for; what was asked for where it is not said."""

    verdict: Literal["approve", "refuse"]
    days: Days | None = None


def _extent(given: Given) -> tuple[int, bool, str]:
    return ORDER.index(given.right), given.until is None, given.until or ""


def ended(until: str | None, now: datetime) -> bool:
    return until is not None and datetime.fromisoformat(until) <= now
