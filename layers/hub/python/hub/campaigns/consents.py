"""The consent table: what people said, and addresses that are never written to (by HMAC, never in clear).

`<customer_id>` / `consent#<channel>` is what a person said; `suppressed#<channel>#<address key>` / `-` is an address;
`<customer_id>` / `suppressed#<channel>` remembers that a person's address is one of those, for people who look.
"""

from collections.abc import Iterable

from hub import aws
from hub.campaigns.items import Item, get_all, now_text, query
from hub.campaigns.models import Consent, Contact, Suppression

LIFTED_BY_CONSENT = "unsubscribed"
"""A person who unsubscribed may come back; a bounce or a complaint stays."""


class Consents:
    def __init__(self, table: str) -> None:
        self._table = table

    def stated(self, channel: str, customer_ids: Iterable[str]) -> dict[str, str]:
        """granted or withdrawn, of those who said something."""
        keys = ({"pk": customer_id, "sk": f"consent#{channel}"} for customer_id in customer_ids)
        return {item["pk"]: item["state"] for item in get_all(self._table, keys)}

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
        if reason == LIFTED_BY_CONSENT:
            known = table.get_item(Key=_address(channel, address_key), ConsistentRead=True).get("Item")
            if known and known["reason"] != LIFTED_BY_CONSENT:
                return
        table.put_item(Item=_address(channel, address_key) | item)
        if customer_id:
            table.put_item(Item={"pk": customer_id, "sk": f"suppressed#{channel}", "address_key": address_key} | item)

    def _lift(self, customer_id: str, channel: str) -> None:
        table = aws.table(self._table)
        remembered = {"pk": customer_id, "sk": f"suppressed#{channel}"}
        found = table.get_item(Key=remembered, ConsistentRead=True).get("Item")
        if found and found["reason"] == LIFTED_BY_CONSENT:
            table.delete_item(Key=_address(channel, found["address_key"]))
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
