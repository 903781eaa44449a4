"""The consent table: what people said, and addresses that are never written to (by HMAC, never in clear).

`<customer_id>` / `consent#<channel>` is what a person said; `suppressed#<channel>#<address key>` / `-` is an address;
`<customer_id>` / `suppressed#<channel>` remembers that a person's address is one of those, for people who look.
"""

from collections.abc import Iterable
from typing import Final

from boto3.dynamodb.conditions import Attr

from hub import aws
from hub.campaigns.audience import Candidate, Person
from hub.campaigns.items import Item, get_all, holds, now_text, query
from hub.campaigns.models import Consent, Contact, Suppression

LIFTED_BY_CONSENT: Final = "unsubscribed"
"""A person who unsubscribed may come back; a bounce or a complaint stays."""
LIFTABLE: Final = Attr("reason").eq(LIFTED_BY_CONSENT)


class Consents:
    def __init__(self, table: str) -> None:
        self._table = table

    def stated(self, channel: str, people: Iterable[Candidate | Person]) -> dict[str, str]:
        """granted or withdrawn by customer_id, of those who said something. The last word counts, by whatever id."""
        owners: dict[str, list[str]] = {}
        for person in people:
            for customer_id in (person.customer_id, *person.earlier):
                owners.setdefault(customer_id, []).append(person.customer_id)
        said: dict[str, tuple[str, str]] = {}
        keys = ({"pk": customer_id, "sk": f"consent#{channel}"} for customer_id in owners)
        for item in get_all(self._table, keys):
            for owner in owners[item["pk"]]:
                said[owner] = max(said.get(owner, ("", "")), (item["at"], item["state"]))  # of two at once the no
        return {owner: state for owner, (_, state) in said.items()}

    def suppressed(self, channel: str, address_keys: Iterable[str]) -> set[str]:
        """Those of the addresses that are never written to."""
        found = get_all(self._table, (_address(channel, key) for key in address_keys))
        return {item["pk"].rpartition("#")[2] for item in found}

    def contact(self, customer_id: str) -> Contact:
        """Empty for somebody who never said anything; whether there is such a customer is not known here."""
        items = list(query(self._table, customer_id))
        consents = [_consent(item) for item in items if item["sk"].startswith("consent#")]
        suppressions = [
            Suppression(channel=item["sk"].partition("#")[2], reason=item["reason"], at=item["at"])
            for item in items
            if item["sk"].startswith("suppressed#")
        ]
        return Contact(customer_id=customer_id, consents=consents, suppressions=suppressions)

    def state(self, customer_id: str, channel: str, state: str, basis: str, source: str) -> None:
        """Write down what a person said. Consent lifts what only unsubscribing put in its way."""
        stated = {"state": state, "basis": basis, "source": source, "at": now_text()}
        aws.table(self._table).put_item(Item={"pk": customer_id, "sk": f"consent#{channel}"} | stated)
        if state == "granted":
            self._lift(customer_id, channel)

    def suppress(self, channel: str, address_key: str, reason: str, customer_id: str | None = None) -> None:
        """Never write to this address again. What is suppressed for a graver reason stays so."""
        item: Item = {"reason": reason, "at": now_text()}
        table = aws.table(self._table)
        graver_stays = Attr("pk").not_exists() | LIFTABLE if reason == LIFTED_BY_CONSENT else None
        condition = {"ConditionExpression": graver_stays} if graver_stays else {}
        if not holds(table.put_item, Item=_address(channel, address_key) | item, **condition):
            return
        if customer_id:
            table.put_item(Item={"pk": customer_id, "sk": f"suppressed#{channel}", "address_key": address_key} | item)

    def _lift(self, customer_id: str, channel: str) -> None:
        table = aws.table(self._table)
        remembered = {"pk": customer_id, "sk": f"suppressed#{channel}"}
        found = table.get_item(Key=remembered, ConsistentRead=True).get("Item")
        if found and found["reason"] == LIFTED_BY_CONSENT:
            holds(table.delete_item, Key=_address(channel, found["address_key"]), ConditionExpression=LIFTABLE)
            table.delete_item(Key=remembered)


def _address(channel: str, key: str) -> dict[str, str]:
    return {"pk": f"suppressed#{channel}#{key}", "sk": "-"}


def _consent(item: Item) -> Consent:
    return Consent(
        channel=item["sk"].partition("#")[2],
        state=item["state"],
        basis=item["basis"],
        source=item["source"],
        at=item["at"],
    )
