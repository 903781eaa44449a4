"""What the API's groups do: each step looks at the caller's right as it is now, and writes down who asked."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.access import Principal, audit
from hub.customers.lookup import SUMMARY
from hub.customers.masking import masked
from hub.customers.spelling import farness
from hub.customers.store import ProfileStore
from hub.customers.tokens import asked, latin_words, misspelt, token_key, words_of
from hub.errors import Conflict, Forbidden, InvalidInput, NotFound
from hub.groups.models import (
    ORDER,
    Answer,
    Change,
    Draft,
    Given,
    Group,
    Held,
    Request,
    Shown,
    Wish,
)
from hub.groups.store import GroupStore
from hub.settings import GroupsSettings

MOST_GROUPS, MOST_MEMBERS, MOST_SHARES = 1_000, 2_000, 200
NO_GROUP = "There is no such group"

Item = dict[str, Any]


class Groups:
    def __init__(self, settings: GroupsSettings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self._now = GroupStore(settings.library_table), now
        self._profiles = ProfileStore(settings.profiles_table, token_key(settings.token_key_parameter))

    def all(self, principal: Principal) -> list[Shown]:
        """The groups that the principal may see, and listed ones that he may ask for, by name."""
        found = [self._shown(principal, each) for each in self._store.all()]
        return sorted((each for each in found if each.right != "none" or each.listed), key=lambda each: each.name)

    def create(self, principal: Principal, draft: Draft) -> Shown:
        if len(self._store.all()) >= MOST_GROUPS:
            raise Conflict(f"A hub has at most {MOST_GROUPS} groups; delete one that nobody needs")
        key = uuid.uuid4().hex
        group = Group(group_id=key, owner=principal.id, created_at=self._at(), **draft.model_dump())
        self._store.save(group)
        audit.record(principal, "groups.create", key)
        return self._shown(principal, group)

    def change(self, principal: Principal, group_id: str, change: Change) -> Shown:
        """InvalidInput for an id of nobody, Conflict for more than a group holds."""
        shares = change.share is not None or change.unshare is not None
        group = self._group(principal, group_id, "own" if shares else "write")
        if change.add or change.remove:
            self._change_members(principal, group, change)
        if shares:
            group = self._change_shares(principal, group, change)
        return self._shown(principal, group)

    def delete(self, principal: Principal, group_id: str) -> None:
        self._store.delete(self._group(principal, group_id, "own").group_id)
        audit.record(principal, "groups.delete", group_id)

    def members(self, principal: Principal, group_id: str, query: str) -> list[Item]:
        """Its customers in short, or those whom a query means; a misspelt name is found behind those that fit."""
        group = self._group(principal, group_id, "read")
        ids = list(dict.fromkeys(self._profiles.follow(each) for each in self._store.members(group.group_id)))
        profiles = self._profiles.some(ids)
        found = _fitting(list(profiles.values()), query) if query.strip() else list(profiles.values())
        shown = [str(each["customer_id"]) for each in found]
        audit.record(principal, "groups.members", group_id, *shown, count=len(found))
        return [
            {name: each[name] for name in (*SUMMARY, "masked") if name in each}
            for each in (masked(profile, principal.roles) for profile in found)
        ]

    def ask(self, principal: Principal, group_id: str, wish: Wish) -> Request:
        """Conflict for who has the right already, or waits for an answer."""
        group = self._store.get(group_id)
        right = group.held_by(principal, self._now())[0] if group else "none"
        if group is None or (right == "none" and not group.listed):
            raise NotFound(NO_GROUP)
        if ORDER.index(right) >= ORDER.index(wish.right):
            raise Conflict("You have this right to the group already")
        if any(each.by == principal.id and each.state == "waiting" for each in self._store.requests(group_id)):
            raise Conflict("You have asked for this group and wait for its owner")
        told = {"group_id": group_id, "by": principal.id, "asked_at": self._at(), **wish.model_dump()}
        request = Request(request_id=uuid.uuid4().hex, **told)
        self._store.ask(request)
        audit.record(principal, "groups.ask", group_id, request.request_id, right=wish.right, days=wish.days)
        return request

    def requests(self, principal: Principal, group_id: str) -> list[Request]:
        """All of them for who owns the group, one's own for others."""
        group = self._store.get(group_id)
        if group is None:
            raise NotFound(NO_GROUP)
        owns = group.held_by(principal, self._now())[0] == "own"
        return [each for each in self._store.requests(group_id) if owns or each.by == principal.id]

    def answer(self, principal: Principal, group_id: str, request_id: str, answer: Answer) -> Request:
        """Approve or refuse; what is approved ends by itself. Nobody answers himself."""
        group = self._group(principal, group_id, "own")
        request = next((each for each in self._store.requests(group_id) if each.request_id == request_id), None)
        if request is None:
            raise NotFound("There is no such request")
        if request.by == principal.id:
            raise Forbidden("Nobody answers his own request")
        until = self._until(answer.days or request.days) if answer.verdict == "approve" else None
        state = "approved" if answer.verdict == "approve" else "refused"
        change = {"state": state, "answered_by": principal.id, "answered_at": self._at(), "until": until}
        settled = request.model_copy(update=change)
        self._store.settle(settled)
        if until:
            given = Given(right=request.right, until=until, by=principal.id, request_id=request_id)
            self._with_shares(principal, group, {**group.shares, f"user:{request.by}": given})
        audit.record(principal, "groups.answer", group_id, request_id, approved=until is not None)
        return settled

    def _group(self, principal: Principal, group_id: str, least: Held) -> Group:
        """The group, if the principal has the right; who may not even read it does not learn that it exists."""
        group = self._store.get(group_id)
        right = group.held_by(principal, self._now())[0] if group else "none"
        if group is None or (right == "none" and not group.listed):
            raise NotFound(NO_GROUP)
        if ORDER.index(right) < ORDER.index(least):
            raise Forbidden(f"This needs the right `{least}` to the group; ask its owner")
        return group

    def _change_members(self, principal: Principal, group: Group, change: Change) -> None:
        add = [self._profiles.follow(each) for each in change.add]
        known = self._profiles.some(add)
        if unknown := [each for each in add if each not in known]:
            raise InvalidInput("Only customers are members", [{"field": "add", "problem": f"nobody is {unknown[0]}"}])
        remove = set(change.remove) - set(add)
        if len((set(self._store.members(group.group_id)) - remove) | set(add)) > MOST_MEMBERS:
            raise Conflict(f"A group has at most {MOST_MEMBERS} members; for more write a segment")
        self._store.change_members(group.group_id, add, remove)
        audit.record(principal, "groups.change", group.group_id, *add, *sorted(remove), added=len(add))

    def _change_shares(self, principal: Principal, group: Group, change: Change) -> Group:
        shares = {to: given for to, given in group.shares.items() if to != change.unshare}
        if change.share:
            until = self._until(change.share.days)
            shares[change.share.to] = Given(right=change.share.right, until=until, by=principal.id)
        if len(shares) > MOST_SHARES:
            raise Conflict(f"A group is shared with at most {MOST_SHARES} roles and users; take one back first")
        return self._with_shares(principal, group, shares)

    def _with_shares(self, principal: Principal, group: Group, shares: dict[str, Given]) -> Group:
        changed = group.model_copy(update={"shares": shares, "version": group.version + 1})
        self._store.save(changed)
        touched = sorted(to for to in shares.keys() | group.shares.keys() if shares.get(to) != group.shares.get(to))
        audit.record(principal, "groups.share", group.group_id, *touched)
        return changed

    def _shown(self, principal: Principal, group: Group) -> Shown:
        right, until = group.held_by(principal, self._now())
        told = group.model_dump(exclude={"shares", "created_at"})
        return Shown(**told, right=right, until=until, shares=group.shares if right == "own" else None)

    def _until(self, days: int | None) -> str | None:
        return (self._now() + timedelta(days=days)).isoformat(timespec="seconds") if days else None

    def _at(self) -> str:
        return self._now().isoformat(timespec="seconds")


def _fitting(profiles: list[Item], query: str) -> list[Item]:
    """Whom the query means: by each of its readings that fits anybody first, then by names nearly like it."""
    exact: list[Item] = []
    for words in asked(query):
        exact = [each for each in profiles if set(words) <= words_of(each)]
        if exact:
            break
    names = misspelt(query)
    rest = [each for each in profiles if each not in exact] if names else []
    far = [(farness(names, latin_words(each)), str(each["customer_id"]), each) for each in rest]
    near = sorted((each for each in far if each[0] is not None), key=lambda each: each[:2])
    return [*exact, *(profile for _, _, profile in near)]
