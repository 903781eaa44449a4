"""Look a customer up: search, one record with its time line. Every look is written down before it is answered."""

from dataclasses import dataclass
from typing import Any

from hub.access import Principal, audit
from hub.customers.masking import masked
from hub.customers.store import ProfileStore
from hub.customers.tokens import asked, misspelt, token_key, words_of
from hub.errors import InvalidInput, NotFound
from hub.settings import CustomersSettings

SUMMARY = ("customer_id", "full_name", "email", "phone", "city", "country", "sources", "release_id")
INNER = ("pk", "sk", "found_by", "edits", "expires_at")
FIRST_EVENTS = 20

Item = dict[str, Any]


@dataclass(frozen=True)
class Lookup:
    profiles: ProfileStore

    @classmethod
    def of(cls, settings: CustomersSettings) -> "Lookup":
        return cls(ProfileStore(settings.profiles_table, token_key(settings.token_key_parameter)))

    def search(self, principal: Principal, query: str, limit: int, after: str | None) -> tuple[list[Item], str | None]:
        """Customers that a query may mean, in short, and the id to go on `after`. InvalidInput for an empty query."""
        if not query.strip():
            raise InvalidInput(
                "Say what to look for: a name, an e-mail, a telephone number, an order number or a key", {"q": "empty"}
            )
        found, more = self._find(query, limit, after)
        audit.record(principal, "customers.search", *(str(each["customer_id"]) for each in found), count=len(found))
        return [_summary(masked(each, principal.roles)) for each in found], more

    def show(self, principal: Principal, customer_id: str) -> Item:
        """The golden record and the newest of the time line. A merged id leads to who has its records."""
        now = self.profiles.follow(customer_id)
        profile = self.profiles.profile(now)
        if profile is None:
            raise NotFound("There is no such customer")
        audit.record(principal, "customers.read", now)
        events, more = self.profiles.events(now, FIRST_EVENTS)
        shown = {name: value for name, value in masked(profile, principal.roles).items() if name not in INNER}
        moved = {"redirected_from": customer_id} if now != customer_id else {}
        told = ("at", "by", "decision_id", "kind", "known")
        edited = {
            group: {name: mark[name] for name in told if name in mark}
            for group, mark in profile.get("edits", {}).items()
        }
        return {
            **shown,
            **moved,
            "edited": edited,
            "events": {"items": [_event(each) for each in events], "next": more},
        }

    def events(
        self, principal: Principal, customer_id: str, limit: int, before: str | None
    ) -> tuple[list[Item], str | None]:
        now = self.profiles.follow(customer_id)
        if self.profiles.profile(now) is None:
            raise NotFound("There is no such customer")
        audit.record(principal, "customers.events", now)
        events, more = self.profiles.events(now, limit, before)
        return [_event(each) for each in events], more

    def _find(self, query: str, limit: int, after: str | None) -> tuple[list[Item], str | None]:
        if (profile := self.profiles.profile(self.profiles.follow(query.strip()))) is not None:
            return [profile], None
        found: list[Item] = []
        for words in asked(query):
            found, more = self.profiles.find(words, limit, after)
            if more:
                return found, more
            if found:
                break
        return self._with_near(query, found, limit), None

    def _with_near(self, query: str, found: list[Item], limit: int) -> list[Item]:
        """Behind those that fit, those whose name is nearly what was asked, where there is room for them."""
        names = misspelt(query)
        if not names or len(found) >= limit:
            return found
        exact = [set(words) for words in asked(query)]
        near = self.profiles.near(names, limit)
        return [*found, *(each for each in near if not any(words <= words_of(each) for words in exact))][:limit]


def _summary(profile: Item) -> Item:
    return {name: profile[name] for name in (*SUMMARY, "masked") if name in profile}


def _event(item: Item) -> Item:
    return {name: value for name, value in item.items() if name not in (*INNER, "customer_id")}
