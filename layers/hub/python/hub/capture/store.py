"""Verifications in the consent table, beside the state of the value that they are about.

`verification` / `<id>` is one try; `<customer_id>` / `verified#<field>` the state of a value, known by an HMAC of it;
`<customer_id>` / `codes#<day>` counts the messages that were sent. No value and no code is kept.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from hub import aws
from hub.campaigns.items import Item, all_or_none, holds, newest_first, now_text, query
from hub.errors import NotFound

PARTITION: Final = "verification"
MOST_TRIES: Final = 5
MOST_MESSAGES: Final = 5
"""Codes and links that one customer gets in a day."""
PAUSE: Final = 60
"""Seconds between two of them."""
DAYS: Final = 2 * 86_400


class VerificationStore:
    def __init__(self, consent_table: str) -> None:
        self._name, self._table = consent_table, aws.table(consent_table)

    def get(self, verification_id: str) -> Item:
        """NotFound for one that was never begun."""
        item = self._table.get_item(Key=_key(verification_id), ConsistentRead=True).get("Item")
        if item is None:
            raise NotFound("There is no such verification")
        return dict(item)

    def newest_first(self, state: str | None, after: str | None, limit: int) -> list[Item]:
        return newest_first(self._name, PARTITION, state, after, limit)

    def statuses(self, customer_id: str) -> dict[str, Item]:
        """The states of a customer's values by field."""
        found = query(self._name, customer_id, "verified#")
        return {item["sk"].partition("#")[2]: item for item in found}

    def count_message(self, customer_id: str) -> bool:
        """True where one more message may go to this customer now: some a day, and not two at once."""
        now = int(time.time())
        return holds(
            self._table.update_item,
            Key={"pk": customer_id, "sk": f"codes#{datetime.now(UTC):%Y-%m-%d}"},
            UpdateExpression="SET last_at = :now, expires_at = :gone ADD sent :one",
            ConditionExpression="attribute_not_exists(pk) OR (sent < :most AND last_at <= :before)",
            ExpressionAttributeValues={
                ":now": now, ":gone": now + DAYS, ":one": 1, ":most": MOST_MESSAGES, ":before": now - PAUSE,
            },
        )  # fmt: skip

    def begin(self, item: Item) -> None:
        made = {**item, **_key(item["verification_id"]), "state": "pending", "version": 1, "tries": 0}
        put: Item = {"TableName": self._name, "Item": made, "ConditionExpression": "attribute_not_exists(pk)"}
        if not all_or_none(self._name, [{"Put": put}, self._status(made, "pending")]):
            raise AssertionError("an id was given twice")

    def settle(self, item: Item, state: str, changes: Item) -> bool:
        """End a pending verification, and the value has its state, both or none; False if it was changed meanwhile."""
        writes = [self._change(item, {"state": state, **changes})]
        return all_or_none(self._name, [*writes, self._status(item, "unverified" if state == "failed" else state)])

    def change(self, item: Item, changes: Item) -> bool:
        """Change a pending verification; False if it was changed meanwhile."""
        return all_or_none(self._name, [self._change(item, changes)])

    def try_code(self, verification_id: str, now: int) -> Item | None:
        """Use up one try of a code: the verification, or None where no try is left or its time is over."""
        try:
            answer = self._table.update_item(
                Key=_key(verification_id),
                UpdateExpression="ADD tries :one, version :one",
                ConditionExpression="#state = :pending AND #method = :otp AND tries < :most AND #until > :now",
                ExpressionAttributeNames={"#state": "state", "#method": "method", "#until": "until"},
                ExpressionAttributeValues={
                    ":one": 1, ":pending": "pending", ":otp": "otp", ":most": MOST_TRIES, ":now": now,
                },
                ReturnValues="ALL_NEW",
            )  # fmt: skip
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return None
            raise
        return dict(answer["Attributes"])

    def _change(self, item: Item, changes: Item) -> Item:
        names = {f"#{name}": name for name in changes}
        values: dict[str, Any] = {f":{name}": value for name, value in changes.items()}
        return {
            "Update": {
                "TableName": self._name,
                "Key": _key(item["verification_id"]),
                "UpdateExpression": "SET " + ", ".join(f"{mark} = :{mark[1:]}" for mark in names) + " ADD version :one",
                "ConditionExpression": "#now = :pending AND version = :version",
                "ExpressionAttributeNames": names | {"#now": "state"},
                "ExpressionAttributeValues": values | {":one": 1, ":pending": "pending", ":version": item["version"]},
            }
        }

    def _status(self, item: Item, state: str) -> Item:
        kept = {name: item[name] for name in ("value_key", "method", "verification_id")}
        if "until" in item and state == "pending":
            kept["until"] = item["until"]
        key = {"pk": item["customer_id"], "sk": f"verified#{item['field']}"}
        return {"Put": {"TableName": self._name, "Item": {**key, **kept, "state": state, "at": now_text()}}}


def shown(items: Sequence[Item]) -> list[Item]:
    """Items as the API's models read them."""
    return [
        {**item, "until": f"{datetime.fromtimestamp(int(item['until']), UTC):%Y-%m-%dT%H:%M:%SZ}"}
        if item.get("until")
        else item
        for item in items
    ]


def _key(verification_id: str) -> dict[str, str]:
    return {"pk": PARTITION, "sk": verification_id}
