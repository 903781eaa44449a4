"""The consent table: what people said, and addresses that are never written to (by HMAC, never in clear).

`<customer_id>` / `consent#<channel>` is what a person said of a channel, `consent#<channel>#<address key>` of one
address. Of a number that gets texts a no, and that nothing arrives there, holds also where it was said of the telephone
(`phone`); a yes to be called is none to texts. `suppressed#<channel>#<address key>` / `-` is an address;
`<customer_id>` / `suppressed#<channel>` remembers that a person's address is one of those, for people who look.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from boto3.dynamodb.conditions import Attr

from hub import aws
from hub.campaigns.audience import Candidate, Person
from hub.campaigns.choosing import ANSWERED, OPENED, POINTS, Act, Channel, telling
from hub.campaigns.items import Item, get_all, holds, now_text, query
from hub.campaigns.models import Consent, Contact, Response, Suppression
from hub.campaigns.points import UNDELIVERABLE

LIFTED_BY_CONSENT: Final = "unsubscribed"
"""A person who unsubscribed may come back; a bounce or a complaint stays."""
LIFTABLE: Final = Attr("reason").eq(LIFTED_BY_CONSENT)
GRAVER_STAYS: Final = {
    LIFTED_BY_CONSENT: Attr("pk").not_exists() | Attr("reason").is_in([LIFTED_BY_CONSENT, UNDELIVERABLE]),
    UNDELIVERABLE: Attr("pk").not_exists(),
}
"""What can be taken back stands in for nothing that cannot."""
Word = tuple[str, str]
"""When something was said, and what: granted or withdrawn."""
NOTHING: Final[Word] = ("", "")
KINDS: Final[Mapping[str, str]] = {channel: kind for channel, kind in POINTS.items() if kind != channel}
"""The kind of contact point that a channel writes to, where it has another name than the channel."""
ACTS: Final[Mapping[str, int]] = {"clicked": ANSWERED, "opened": OPENED}


class Consents:
    def __init__(self, table: str) -> None:
        self._table = table

    def stated(
        self, channel: str, people: Iterable[Candidate | Person], points: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """granted or withdrawn by customer_id, of those who said something. The last word counts, by whatever id.

        points: customer_id -> the key of the address that is meant; what was said of it counts beside what was said of
        the channel, and a no to it stays whatever is said of the channel.
        """
        owners: dict[tuple[str, str], list[str]] = {}
        for person in people:
            key = (points or {}).get(person.customer_id)
            ways = [channel, *(f"{kind}#{key}" for kind in _kinds(channel) if key)]
            for customer_id in (person.customer_id, *person.earlier):
                for way in ways:
                    owners.setdefault((customer_id, f"consent#{way}"), []).append(person.customer_id)
        said: dict[tuple[str, bool], Word] = {}
        for item in get_all(self._table, ({"pk": pk, "sk": sk} for pk, sk in owners)):
            of_point = item["sk"].count("#") > 1
            if of_point and not item["sk"].startswith(f"consent#{channel}#") and item["state"] != "withdrawn":
                continue
            for owner in owners[item["pk"], item["sk"]]:
                place = owner, of_point
                said[place] = max(said.get(place, NOTHING), (item["at"], item["state"]))  # of two at once the no
        everybody = {owner for owner, _ in said}
        return {each: both(said.get((each, False)), said.get((each, True))) for each in everybody}

    def reasons(self, keys: Iterable[tuple[str, str]]) -> dict[str, tuple[str, str]]:
        """Why and since when nobody writes to an address, by its key; of (channel, address key)."""
        found = get_all(self._table, (_address(channel, key) for channel, key in keys))
        return {item["pk"].rpartition("#")[2]: (item["reason"], item["at"]) for item in found}

    def unsuppress(self, channel: str, address_key: str, reason: str) -> bool:
        """Take back a suppression of this reason and no other; False where there is none."""
        same = Attr("reason").eq(reason)
        return holds(aws.table(self._table).delete_item, Key=_address(channel, address_key), ConditionExpression=same)

    def suppressed(self, channel: str, address_keys: Iterable[str]) -> set[str]:
        """Those of the addresses that are never written to."""
        asked = (_address(kind, key) for key in address_keys for kind in _kinds(channel))
        return {item["pk"].rpartition("#")[2] for item in get_all(self._table, asked)}

    def acts(self, people: Iterable[Candidate], since: str) -> dict[str, dict[Channel, Act]]:
        """By customer_id the most telling thing that he did with the hub's own mail since a moment.

        Of texts nobody tells the hub what was done with them.
        """
        owners: dict[tuple[str, str], list[str]] = {}
        for person in people:
            for customer_id in (person.customer_id, *person.earlier):
                for kind in ACTS:
                    owners.setdefault((customer_id, f"response#email#{kind}"), []).append(person.customer_id)
        found: dict[str, dict[Channel, Act]] = {}
        for item in get_all(self._table, ({"pk": pk, "sk": sk} for pk, sk in owners)):
            act = (ACTS[item["sk"].rpartition("#")[2]], moment(item.get("last_at", "")))
            for owner in owners[item["pk"], item["sk"]] if act[1] >= since else ():
                found[owner] = telling(found.get(owner, {}), {"email": act})
        return found

    def contact(self, customer_id: str) -> Contact:
        """Empty for somebody who never said anything; whether there is such a customer is not known here."""
        items = list(query(self._table, customer_id))
        consents = [_consent(item) for item in items if item["sk"].startswith("consent#")]
        suppressions = [
            Suppression(channel=item["sk"].partition("#")[2], reason=item["reason"], at=item["at"])
            for item in items
            if item["sk"].startswith("suppressed#")
        ]
        responses = [_response(item) for item in items if item["sk"].startswith("response#")]
        return Contact(customer_id=customer_id, consents=consents, suppressions=suppressions, responses=responses)

    def respond(self, customer_id: str, channel: str, kind: str, message: str, at: str) -> None:
        """Note what a person did with a message. A repeat, in whatever order, changes nothing: messages are a set."""
        table, key = aws.table(self._table), {"pk": customer_id, "sk": f"response#{channel}#{kind}"}
        table.update_item(Key=key, UpdateExpression="ADD messages :one", ExpressionAttributeValues={":one": {message}})
        holds(
            table.update_item,
            Key=key,
            UpdateExpression="SET last_at = :at",
            ConditionExpression=Attr("last_at").not_exists() | Attr("last_at").lt(at),
            ExpressionAttributeValues={":at": at},
        )

    def state(
        self, customer_id: str, channel: str, state: str, basis: str, source: str, point: str | None = None
    ) -> None:
        """Write down what a person said, of a channel or one address (`point`, its key).

        Consent lifts what only unsubscribing put in its way.
        """
        stated = {"state": state, "basis": basis, "source": source, "at": now_text()}
        way = f"{channel}#{point}" if point else channel
        aws.table(self._table).put_item(Item={"pk": customer_id, "sk": f"consent#{way}"} | stated)
        if state == "granted":
            self._lift(customer_id, channel, point)

    def suppress(self, channel: str, address_key: str, reason: str, customer_id: str | None = None) -> None:
        """Never write to this address again. What is suppressed for a graver reason stays so."""
        item: Item = {"reason": reason, "at": now_text()}
        table = aws.table(self._table)
        condition = {"ConditionExpression": GRAVER_STAYS[reason]} if reason in GRAVER_STAYS else {}
        if not holds(table.put_item, Item=_address(channel, address_key) | item, **condition):
            return
        if customer_id:
            table.put_item(Item={"pk": customer_id, "sk": f"suppressed#{channel}", "address_key": address_key} | item)

    def _lift(self, customer_id: str, channel: str, point: str | None) -> None:
        table = aws.table(self._table)
        remembered = {"pk": customer_id, "sk": f"suppressed#{channel}"}
        found = table.get_item(Key=remembered, ConsistentRead=True).get("Item")
        if found and found["reason"] == LIFTED_BY_CONSENT and point in (None, found["address_key"]):
            holds(table.delete_item, Key=_address(channel, found["address_key"]), ConditionExpression=LIFTABLE)
            table.delete_item(Key=remembered)


def moment(text: str) -> str:
    """`2026-01-31 08:00:00` of a moment in UTC however it is written."""
    return text.replace("T", " ")[:19]


def _kinds(channel: str) -> Collection[str]:
    """By which names an address of the channel is spoken of."""
    return (channel, *filter(None, (KINDS.get(channel),)))


def _address(channel: str, key: str) -> dict[str, str]:
    return {"pk": f"suppressed#{channel}#{key}", "sk": "-"}


def both(of_channel: Word | None, of_point: Word | None) -> str:
    """What holds of two words: a no to the address itself, else the later one."""
    if of_point and of_point[1] == "withdrawn":
        return "withdrawn"
    return max(of_channel or NOTHING, of_point or NOTHING)[1]


def _response(item: Item) -> Response:
    _, channel, kind = item["sk"].split("#")
    return Response(channel=channel, kind=kind, messages=len(item["messages"]), last_at=item.get("last_at", ""))


def _consent(item: Item) -> Consent:
    channel, _, point = item["sk"].partition("#")[2].partition("#")
    return Consent(
        channel=channel,
        point_id=point or None,
        state=item["state"],
        basis=item["basis"],
        source=item["source"],
        at=item["at"],
    )
