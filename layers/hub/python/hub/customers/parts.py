"""What a customer consists of, in the profile table: records of sources, doubtful pairs, households.

`<customer>` / `record#<key>` is a record as its source gave it and `record#<key>` / `of` leads back from it; `doubt` /
`<place>#<left>#<right>` are pairs, those first whose decision is worth most; `household#<id>` / `<customer>`
are members, and so is each customer's `household#<id>`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Key

from hub import aws
from hub.customers.reading import Item, many, pages
from hub.errors import BadRequest

RECORD, DOUBT, HOUSEHOLD = "record#", "doubt", "household#"
INNER = ("pk", "sk", "release_id")
HIGHEST = 10**12 - 1

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class PartStore:
    table: str

    @property
    def _table(self) -> Any:
        return aws.table(self.table)

    # writing, after a release; each row says whether it is gone

    def put_records(self, rows: Iterable[Row], release_id: str) -> None:
        with self._table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
            for row in rows:
                key, now, earlier = str(row["record_key"]), row["customer_id"], row["earlier"]
                if earlier and earlier != now:
                    batch.delete_item(Key={"pk": earlier, "sk": RECORD + key})
                if now is None:
                    batch.delete_item(Key={"pk": RECORD + key, "sk": "of"})
                    continue
                item = {name: value for name, value in row.items() if value is not None and name != "earlier"}
                batch.put_item(Item={**item, "pk": now, "sk": RECORD + key, "release_id": release_id})
                batch.put_item(Item={"pk": RECORD + key, "sk": "of", "customer_id": now, "release_id": release_id})

    def put_doubts(self, rows: Iterable[Row], release_id: str) -> None:
        with self._table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
            for row in rows:
                key = {"pk": DOUBT, "sk": _place(row)}
                if row["gone"] == "true":
                    batch.delete_item(Key=key)
                else:
                    item = {name: value for name, value in row.items() if value is not None and name != "gone"}
                    batch.put_item(Item={**item, **key, "release_id": release_id})

    def put_households(self, rows: Iterable[Row], release_id: str) -> None:
        with self._table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
            for row in rows:
                customer_id, household = str(row["customer_id"]), str(row["household_id"])
                name = HOUSEHOLD + household
                for key in ({"pk": name, "sk": customer_id}, {"pk": customer_id, "sk": name}):
                    if row["gone"] == "true":
                        batch.delete_item(Key=key)
                    else:
                        about = {"household_id": household, "role": row["role"] or "member", "release_id": release_id}
                        batch.put_item(Item={**key, **about})

    # reading

    def records(self, customer_id: str) -> list[Item]:
        """The customer's records, in the order of their keys."""
        found = pages(self._table, Key("pk").eq(customer_id) & Key("sk").begins_with(RECORD))
        return [{name: value for name, value in item.items() if name not in INNER} for item in found]

    def owners(self, record_keys: Iterable[str]) -> dict[str, str]:
        """The customers of records; records that nobody has are left out."""
        keys = [{"pk": RECORD + key, "sk": "of"} for key in dict.fromkeys(record_keys)]
        return {item["pk"].removeprefix(RECORD): item["customer_id"] for item in many(self._table, keys)}

    def some_records(self, record_keys: Iterable[str]) -> dict[str, Item]:
        """Records by their keys, whoever has them."""
        keys = [{"pk": owner, "sk": RECORD + key} for key, owner in self.owners(record_keys).items()]
        return {
            item["record_key"]: {name: value for name, value in item.items() if name not in INNER}
            for item in many(self._table, keys)
        }

    def doubts(self, limit: int, after: str | None = None) -> tuple[list[Item], str | None]:
        """Doubtful pairs from the one whose decision is worth most, and the sort key to go on `after`."""
        if after and not after[:12].isdigit():
            raise BadRequest("The cursor `after` is not one that this list gave as `next`")
        condition = Key("pk").eq(DOUBT)
        query = {"KeyConditionExpression": condition & Key("sk").gt(after) if after else condition, "Limit": limit + 1}
        items = self._table.query(**query)["Items"]
        return items[:limit], items[limit - 1]["sk"] if len(items) > limit else None

    def household(self, customer_id: str) -> tuple[str | None, dict[str, str]]:
        """The household of a customer and the roles of its members by their ids."""
        found = next(pages(self._table, Key("pk").eq(customer_id) & Key("sk").begins_with(HOUSEHOLD)), None)
        if not found:
            return None, {}
        members = pages(self._table, Key("pk").eq(HOUSEHOLD + found["household_id"]))
        return str(found["household_id"]), {str(item["sk"]): str(item["role"]) for item in members}


def _place(row: Row) -> str:
    """Sorts by worth, the highest first."""
    worth = min(HIGHEST, max(0, int(row["worth"] or 0)))
    return f"{HIGHEST - worth:012d}#{row['left_key']}#{row['right_key']}"
