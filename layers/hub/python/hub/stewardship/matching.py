"""Which customers a person may be: candidates by what they share, scored as a run would score them."""

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from hub.access import Principal, audit
from hub.customers.store import ProfileStore
from hub.customers.tokens import Words, phone_digits, plain, words_of
from hub.errors import InvalidInput
from hub.stewardship.comparing import RARE, Compared, Comparing, exactly_one
from hub.stewardship.models import Match, Matches, MatchRequest

KEYS = ("email", "phone", "both", "born", "post")
MOST_SHARED = 100
"""Who is found by a thing that more customers have is not looked at for it."""
MOST_LOOKED_AT = 200
LEAST = 0.01
AT_ONCE = 8
REASONS = 6


class Matching:
    """records: how many the runs' model was learned from; with it a value that few have counts as rare."""

    def __init__(self, profiles: ProfileStore, comparing: Comparing, records: int) -> None:
        self._profiles, self._comparing, self._records = profiles, comparing, records

    def find(self, principal: Principal, request: MatchRequest, limit: int) -> Matches:
        """The likeliest first. InvalidInput where nothing is given to look by."""
        told = ((name, unicodedata.normalize("NFC", value).strip()) for name, value in request if value)
        given = {name: value for name, value in told if value}
        words = sorted(word for word in words_of(_as_profile(given)) if word[0] in KEYS)
        if not words:
            needed = "Give an e-mail address, a telephone number, or a name of two words or with a birth date"
            raise InvalidInput(needed, [{"field": "body", "problem": "holds nothing to look by"}])
        holders = self._holders(words)
        crowded = sorted({word[0] for word, found in holders.items() if len(found) > MOST_SHARED})
        shared = Counter(each for found in holders.values() if len(found) <= MOST_SHARED for each in found)
        ids = sorted(shared, key=lambda each: (-shared[each], each))[:MOST_LOOKED_AT]
        profiles = self._profiles.some(ids)
        features = self._comparing.features(given, self._rarities(holders))
        found = [self._match(given, features, profile) for profile in profiles.values()]
        items = sorted(filter(None, found), key=lambda each: (-_rank(each), each.customer_id))[:limit]
        audit.record(principal, "matches.find", *(each.customer_id for each in items), count=len(items))
        return Matches(items=items, looked_at=len(profiles), crowded=crowded)

    def _holders(self, words: list[Words]) -> dict[Words, list[str]]:
        found = _pool().map(lambda word: self._profiles.holders(word, MOST_SHARED + 1), words)
        return dict(zip(words, found, strict=True))

    def _rarities(self, holders: Mapping[Words, list[str]]) -> dict[str, int]:
        found = {}
        for (field, _), ids in holders.items():
            if field in ("email", "phone") and self._records and len(ids) <= MOST_SHARED:
                found[field] = min(RARE, max(0, round(8 * math.log2(self._records / max(1, len(ids))))))
        return found

    def _match(self, given: Mapping[str, Any], features: Any, profile: Mapping[str, Any]) -> Match | None:
        found = self._comparing.compare(features, self._comparing.features(_nearest(given, profile)))
        verdict = self._verdict(found)
        if verdict is None:
            return None
        return Match(
            customer_id=profile["customer_id"],
            verdict=verdict,
            bits=found.bits,
            probability=found.probability,
            reasons=[each for each in found.reasons if each.agreement != "unknown"][:REASONS],
        )

    def _verdict(self, found: Compared) -> Any:
        if found.probability is None:
            same = sum(each.agreement in ("same", "alike") for each in found.reasons)
            return "same" if exactly_one(found.levels, self._comparing.known) else "doubtful" if same > 1 else None
        if found.probability >= 0.5:
            return "same"
        if (found.household_bits or 0) > 0:
            return "household"
        return "doubtful" if found.probability >= LEAST else None


@cache
def _pool() -> ThreadPoolExecutor:
    """One for the process: threads of its own for each request would take longer than what they ask."""
    return ThreadPoolExecutor(AT_ONCE)


def _rank(match: Match) -> float:
    if match.bits is not None:
        return match.bits
    return (100 if match.verdict == "same" else 0) + sum(each.agreement == "same" for each in match.reasons)


def _as_profile(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a person is found by is what his golden record would be found by."""
    name = given.get("full_name") or " ".join(filter(None, (given.get("given_name"), given.get("family_name"))))
    return {**given, "full_name": name}


def _nearest(given: Mapping[str, Any], profile: Mapping[str, Any]) -> dict[str, Any]:
    """The golden record; of several addresses and numbers the one that was given, where he has it."""
    found = dict(profile)
    email, digits = plain(str(given.get("email") or "")), phone_digits(str(given.get("phone") or ""))
    found["email"] = next((each for each in profile.get("emails", ()) if plain(each) == email), profile.get("email"))
    found["phone"] = next(
        (each for each in profile.get("phones", ()) if digits and phone_digits(each) == digits), profile.get("phone")
    )
    return found
