"""Decisions of two persons: proposed, answered, withdrawn, undone; each step is written down before it is done."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from hub.access import Principal, audit
from hub.campaigns.items import new_id, now_text
from hub.campaigns.keys import token_key
from hub.config.survivorship import CONSENT, GROUPS
from hub.customers.edits import edited, taken_back
from hub.customers.masking import masked
from hub.customers.store import ProfileStore
from hub.errors import Conflict, Forbidden, InvalidInput, NotFound
from hub.settings import StewardshipSettings
from hub.stewardship import models, rules
from hub.stewardship.models import StewardDecision
from hub.stewardship.rules import Item
from hub.stewardship.store import DecisionStore

STANDARD = {"email": "email_standard", "phone": "phone_standard"}
CHANGED = "This was changed meanwhile; look again"


class Decisions:
    def __init__(self, settings: StewardshipSettings) -> None:
        self._store = DecisionStore(settings.control_table)
        self._profiles = ProfileStore(settings.profiles_table, token_key(settings.token_key_parameter))

    def propose(self, principal: Principal, request: models.PersonDecisionRequest) -> StewardDecision:
        """One person's word on who is one person and who is not. Conflict while another one waits about the same."""
        rules.check_person(principal.client is not None)
        pairs = rules.pairs(request.left, request.right, request.kind)
        owners = self._owners([*request.left, *request.right])
        item = self._item(principal, request.kind, request.why, sorted(set(owners.values())))
        item |= {"left": sorted(request.left), "right": sorted(request.right)}
        return self._proposed(principal, item, [(rules.DECISION, rules.pair(*pair)) for pair in pairs])

    def edit(self, principal: Principal, customer_id: str, request: models.EditRequest) -> StewardDecision:
        """One person's word on which values of a group hold. NotFound, Conflict, InvalidInput."""
        rules.check_person(principal.client is not None)
        profile = self._profile(customer_id)
        who = profile["customer_id"]
        keys = [record["record_key"] for record in self._profiles.parts.records(who)]
        if not keys:
            raise Conflict("The hub has not loaded this customer's records yet; try again after the next run")
        if (request.values is None) == (request.value_from is None):
            raise InvalidInput("Give either values or value_from", [{"field": "values", "problem": "one of two"}])
        about: Item
        if request.group == CONSENT or request.values is not None:
            given = rules.with_kept(request.group, request.values or {}, profile)
            values = rules.check_values(request.group, given, datetime.now(UTC).date())
        if request.value_from is not None:
            if request.value_from not in keys:
                raise InvalidInput(
                    "This is no record of the customer", [{"field": "value_from", "problem": "is not his"}]
                )
            about = {"kind": "pin", "value_from": request.value_from, "record_key": request.value_from}
        else:
            about = {"kind": "edit", "values": values, "record_key": _anchor(profile, request.group, keys)}
        item = self._item(principal, about["kind"], request.why, [who]) | about | {"group": request.group}
        return self._proposed(principal, item, [(rules.EDIT, f"{who}#{request.group}")])

    def undo(self, principal: Principal, decision_id: str, request: models.UndoRequest) -> StewardDecision:
        """Propose to put back what was there before a decision. Conflict where it is not done, or changed since."""
        rules.check_person(principal.client is not None)
        done = self._store.get(decision_id)
        self._may(principal, done["kind"])
        if done["state"] != "done" or done["kind"] == "undo":
            raise Conflict("Only a decision that holds is undone; to have one back, propose it again")
        if done.get("forgotten"):
            raise Conflict("The person was erased; there is nothing left to put back")
        item = self._item(principal, "undo", request.why, done["customers"]) | {"undo_of": decision_id}
        return self._proposed(principal, item, [tuple(each.split("#", 1)) for each in done["locks"]])

    def answer(self, principal: Principal, decision_id: str, request: models.AnswerRequest) -> StewardDecision:
        """The second person's word. With his yes it is done at once; runs follow it from the next one on."""
        rules.check_person(principal.client is not None)
        item = self._store.get(decision_id)
        rules.check_answer(item, principal.id)
        audit.record(principal, "decisions.answer", decision_id, verdict=request.verdict, kind=item["kind"])
        at = now_text()
        about = {"answered_by": principal.id, "answered_at": at, "answer": request.why}
        if request.verdict == "refused":
            self._end(item, "refused", about)
            return self._told(principal, decision_id)
        effects = self._effects(item, principal.id, at)
        replaced = sum(1 for each in effects if each["before"])
        self._store.ask_for_run(at)
        self._end(item, "done", about | {"effects": effects, "replaces": replaced}, effects)
        self._show_at_once(effects)
        return self._told(principal, decision_id)

    def withdraw(self, principal: Principal, decision_id: str) -> StewardDecision:
        """Who proposed something takes it back before it is answered."""
        item = self._store.get(decision_id)
        if item["state"] != "proposed":
            raise Conflict(f"This decision is {item['state']} already")
        if item["decided_by"] != principal.id:
            raise Forbidden("Only who proposed it withdraws it; another person refuses it")
        audit.record(principal, "decisions.withdraw", decision_id)
        self._end(item, "withdrawn", {"answered_at": now_text()})
        return self._told(principal, decision_id)

    def show(self, principal: Principal, decision_id: str) -> StewardDecision:
        item = self._store.get(decision_id)
        audit.record(principal, "decisions.read", decision_id)
        return self._shown(principal, item)

    def all(self, principal: Principal, state: str | None, after: str | None, limit: int) -> list[StewardDecision]:
        """Newest first."""
        found = self._store.newest_first(state, after, limit)
        audit.record(principal, "decisions.list", count=len(found))
        return [self._shown(principal, each) for each in found]

    def _proposed(self, principal: Principal, item: Item, subjects: list[Any]) -> StewardDecision:
        audit.record(principal, "decisions.propose", item["decision_id"], *item["customers"], kind=item["kind"])
        if not self._store.propose(item, subjects):
            raise Conflict("A decision about the same waits for an answer already; answer or withdraw it first")
        return self._told(principal, item["decision_id"])

    def _effects(self, item: Item, approved_by: str, at: str) -> list[dict[str, Item | None]]:
        if item["kind"] == "undo":
            return rules.taken_back(self._store.get(item["undo_of"])["effects"])
        if item["kind"] in rules.PERSONS:
            self._owners([*item["left"], *item["right"]])
            made = rules.effects_of(item, approved_by, at)
            return rules.changes(made, self._store.items(rules.key_of(each) for each in made))
        who = self._profile(item["customers"][0])["customer_id"]
        keys = {record["record_key"] for record in self._profiles.parts.records(who)}
        if not {item["record_key"], item.get("value_from", item["record_key"])} <= keys:
            raise Conflict("The record that this was about is not the customer's any more; propose it anew")
        made = rules.effects_of(item, approved_by, at)
        return rules.changes(made, self._store.edits(keys | {item["record_key"]}, item["group"]))

    def _show_at_once(self, effects: list[dict[str, Item | None]]) -> None:
        """Profiles say what was decided about values before the next run does: those of who has the records now."""
        there = {str(edit["record_key"]): each for each in effects if (edit := _edit(each))}
        owners = self._profiles.parts.owners(there)
        for who in sorted(set(owners.values())):
            his = [each for key, each in there.items() if owners.get(key) == who]
            made = [each["after"] for each in his if each["after"]]
            gone = frozenset(each["before"]["proposal"] for each in his if each["before"])
            if made:
                holds = max(made, key=lambda edit: (edit["edited_at"], edit["record_key"]))
                change = partial(edited, group=str(holds["group"]), values=self._values(holds), about=_about(holds))
                self._profiles.change(who, change)
            else:
                self._profiles.change(who, partial(taken_back, decisions=gone))

    def _values(self, edit: Item) -> dict[str, str | None]:
        if edit["kind"] == "value":
            found: dict[str, str | None] = json.loads(edit["values"])
            return found
        record = self._profiles.parts.some_records([edit["value_from"]]).get(edit["value_from"], {})
        return {name: record.get(STANDARD.get(name, name)) for name in GROUPS[edit["group"]]}

    def _end(self, item: Item, state: str, about: Item, effects: Any = ()) -> None:
        if not self._store.end(item, state, about, effects):
            raise Conflict(CHANGED)

    def _item(self, principal: Principal, kind: str, why: str, customers: list[str]) -> Item:
        about = {"kind": kind, "why": why, "customers": customers}
        return {"decision_id": new_id("d"), "decided_by": principal.id, "decided_at": now_text(), **about}

    def _owners(self, record_keys: list[str]) -> dict[str, str]:
        owners = self._profiles.parts.owners(record_keys)
        if missing := sorted(set(record_keys) - owners.keys()):
            raise Conflict("A record is nobody's any more; look again", {"records": missing})
        return owners

    def _profile(self, customer_id: str) -> dict[str, Any]:
        profile = self._profiles.profile(self._profiles.follow(customer_id))
        if profile is None:
            raise NotFound("There is no such customer")
        return profile

    def _may(self, principal: Principal, kind: str) -> None:
        principal.require("edits.write" if kind in ("pin", "edit") else "decisions.write")

    def _told(self, principal: Principal, decision_id: str) -> StewardDecision:
        """The answer to a request that changes something, without values: it may be kept to answer a repeat."""
        return self._shown(principal, {**self._store.get(decision_id), "values": None})

    def _shown(self, principal: Principal, item: Item) -> StewardDecision:
        values = item.get("values")
        shown = {**item, "values": _masked(values, principal) if values else None}
        return StewardDecision.model_validate(shown)


def _masked(values: Mapping[str, Any], principal: Principal) -> dict[str, Any]:
    return {name: value for name, value in masked(values, principal.roles).items() if name != "masked"}


def _edit(change: Mapping[str, Item | None]) -> Item | None:
    """The edit or pin that a change makes or takes away; None for one about who is who."""
    item = change["after"] or change["before"]
    return item if item and item["pk"] == rules.EDIT else None


def _about(edit: Item) -> Item:
    told = {"at": edit["edited_at"], "by": edit["edited_by"], "decision_id": edit["proposal"]}
    told["record_key"] = edit["record_key"]
    return told | {"kind": "pin" if edit["kind"] == "pin" else "edit"}


def _anchor(profile: Mapping[str, Any], group: str, keys: list[str]) -> str:
    """The record that an edit is bound to: the one whose values it changes, so that a parting takes it along."""
    try:
        origin = json.loads(str(profile.get("provenance") or "{}")).get(group)
    except ValueError:
        origin = None
    key = origin.get("record_key") if isinstance(origin, dict) else origin
    return str(key) if key in keys else min(keys)
