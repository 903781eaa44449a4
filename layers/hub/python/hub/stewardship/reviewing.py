"""What a steward looks at: the queue of doubtful pairs, two records side by side, why records are one customer."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from hub.access import Principal, audit
from hub.campaigns.keys import token_key
from hub.customers.masking import masked
from hub.customers.store import ProfileStore
from hub.errors import NotFound
from hub.identity.model import Model
from hub.identity.twin import probability
from hub.settings import StewardshipSettings
from hub.stewardship import rules
from hub.stewardship.comparing import Comparing
from hub.stewardship.matching import Matching
from hub.stewardship.models import Comparison, Doubt, Explanation, Matches, MatchRequest, RecordLink, Side
from hub.stewardship.rules import Item
from hub.stewardship.store import DecisionStore

MOST_RECORDS = 30
FRESH_SECONDS = 60
VALUES = (
    "full_name", "given_name", "family_name", "email", "phone", "birth_date", "gender", "address", "city", "region",
    "postcode", "country", "company", "language", "source_key",
)  # fmt: skip
REASONS = 6


class Review:
    def __init__(self, settings: StewardshipSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock, self._looked = settings, clock, 0.0
        self._comparing: Comparing | None = None
        self._kept: Item | None = None
        self._store = DecisionStore(settings.control_table)
        self._profiles = ProfileStore(settings.profiles_table, token_key(settings.token_key_parameter))

    def compare(self) -> Comparing:
        """By the model in use, looked for once a minute: reading the statements takes longest."""
        if self._comparing is None or self._clock() - self._looked >= FRESH_SECONDS:
            kept = self._store.matching()
            if self._comparing is None or kept != self._kept:
                model = Model.from_json(str(kept["model"])) if kept else None
                self._comparing, self._kept = Comparing(self._settings.hub_home, model), kept
            self._looked = self._clock()
        return self._comparing

    def matches(self, principal: Principal, request: MatchRequest, limit: int) -> Matches:
        """Whom a person may be."""
        comparing = self.compare()
        records = int(self._kept["records"]) if self._kept else 0
        return Matching(self._profiles, comparing, records).find(principal, request, limit)

    def queue(self, principal: Principal, limit: int, after: str | None) -> tuple[list[Doubt], str | None]:
        """Doubtful pairs, and held persons, that nobody decided; the one first whose decision is worth most."""
        found, more = self._profiles.parts.doubts(limit, after)
        decided = self._decided((each["left_key"], each["right_key"]) for each in found)
        open_ = [each for each in found if rules.pair(each["left_key"], each["right_key"]) not in decided]
        records = self._profiles.parts.some_records(
            key for each in open_ for key in (each["left_key"], each["right_key"])
        )
        audit.record(principal, "doubts.list", *sorted(_customers(open_)), count=len(open_))
        return [self._doubt(each, records) for each in open_], more

    def side_by_side(self, principal: Principal, left: str, right: str) -> Comparison:
        """NotFound for a record that no customer has."""
        records = self._profiles.parts.some_records([left, right])
        if len(records) < len({left, right}):
            raise NotFound("One of these records is nobody's any more")
        audit.record(principal, "comparisons.read", *sorted({each["customer_id"] for each in records.values()}))
        comparing = self.compare()
        found = comparing.compare(*(comparing.features(records[key]) for key in (left, right)))
        decided = self._decided([(left, right)]).get(rules.pair(left, right))
        return Comparison(
            left=_side(records[left], principal),
            right=_side(records[right], principal),
            reasons=found.reasons,
            bits=found.bits,
            probability=found.probability,
            decided=None if decided is None else "together" if decided else "apart",
        )

    def explain(self, principal: Principal, customer_id: str) -> Explanation:
        """Why each record belongs to the customer: what links it most to those before it, the oldest first."""
        who = self._profiles.follow(customer_id)
        if self._profiles.profile(who) is None:
            raise NotFound("There is no such customer")
        records = sorted(
            self._profiles.parts.records(who), key=lambda each: (each["first_seen_at"], each["record_key"])
        )
        audit.record(principal, "customers.explain", who, count=len(records))
        some = records[:MOST_RECORDS]
        comparing = self.compare()
        features = {each["record_key"]: comparing.features(each) for each in some}
        keys = list(features)
        decided = self._decided((a, b) for at, b in enumerate(keys) for a in keys[:at])
        links = [_link(comparing, record, keys[:at], features, decided) for at, record in enumerate(some)]
        return Explanation(customer_id=who, links=links, most=MOST_RECORDS if len(records) > MOST_RECORDS else None)

    def _decided(self, pairs: Any) -> dict[str, bool]:
        found = self._store.items({(rules.DECISION, rules.pair(a, b)) for a, b in pairs})
        return {item["sk"]: bool(item["together"]) for item in found}

    def _doubt(self, item: Mapping[str, Any], records: Mapping[str, Mapping[str, Any]]) -> Doubt:
        names = {side: records.get(item[f"{side}_key"], {}).get("full_name") for side in ("left", "right")}
        bits = float(item["bits"])
        return Doubt.model_validate(
            {**item, "bits": bits, "probability": round(probability(bits), 6), "worth": int(item["worth"])}
            | ({"records": int(item["records"])} if item.get("records") else {})
            | {f"{side}_name": name for side, name in names.items()}
        )


def _link(
    comparing: Comparing,
    record: Mapping[str, Any],
    earlier: list[str],
    features: Mapping[str, Any],
    decided: Mapping[str, bool],
) -> RecordLink:
    key, best = record["record_key"], None
    for other in earlier:
        found = comparing.compare(features[other], features[key])
        same = sum(each.agreement == "same" for each in found.reasons)
        rank = (decided.get(rules.pair(other, key), False), found.bits if found.bits is not None else same, other)
        if best is None or rank > best[0]:
            best = rank, found
    if best is None:
        return RecordLink(record_key=key, source=record.get("source"), with_record=None, reasons=[])
    (by_hand, _, other), found = best
    return RecordLink(
        record_key=key,
        source=record.get("source"),
        with_record=other,
        reasons=[each for each in found.reasons if each.agreement != "unknown"][:REASONS],
        bits=found.bits,
        decided=by_hand,
    )


def _customers(doubts: list[dict[str, Any]]) -> set[str]:
    return {str(each[f"{side}_customer"]) for each in doubts for side in ("left", "right")}


def _side(record: Mapping[str, Any], principal: Principal) -> Side:
    values = {name: record[name] for name in VALUES if record.get(name)}
    shown = masked({**values, "source_keys": values.pop("source_key", None)}, principal.roles)
    shown["source_key"] = shown.pop("source_keys")
    return Side(
        record_key=record["record_key"],
        customer_id=record.get("customer_id"),
        source=record.get("source"),
        values={name: value for name, value in shown.items() if name != "masked" and value},
        changed_at=record.get("changed_at"),
    )
