"""Groups, their members and requests for them, in the library table. Ids of customers only, nothing of a person."""

from collections.abc import Iterable, Iterator
from typing import Any

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from hub import aws
from hub.customers.reading import pages
from hub.errors import Conflict
from hub.groups.models import Group, Request


class GroupStore:
    def __init__(self, table: str) -> None:
        self._name = table

    @property
    def _table(self) -> Any:
        return aws.table(self._name)

    def all(self) -> list[Group]:
        return [Group.model_validate_json(item["group"]) for item in self._items("group")]

    def get(self, group_id: str) -> Group | None:
        item = self._table.get_item(Key={"pk": "group", "sk": group_id}, ConsistentRead=True).get("Item")
        return Group.model_validate_json(item["group"]) if item else None

    def save(self, group: Group) -> None:
        """Store version n of a group; Conflict unless version n - 1 is what is stored."""
        content = aws.fitting(group.model_dump_json())
        item = {"pk": "group", "sk": group.group_id, "version": group.version, "group": content}
        before = Attr("pk").not_exists() if group.version == 1 else Attr("version").eq(group.version - 1)
        self._put(item, before, "The group was changed by somebody else; read it again")

    def delete(self, group_id: str) -> None:
        """The group goes first: nobody has a right to what is left of it."""
        self._table.delete_item(Key={"pk": "group", "sk": group_id})
        with self._table.batch_writer() as batch:
            for item in self._items(f"group#{group_id}"):
                batch.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})

    def members(self, group_id: str) -> list[str]:
        """Ids of customers, in order."""
        return [str(item["sk"]).removeprefix("member#") for item in self._items(f"group#{group_id}", "member#")]

    def change_members(self, group_id: str, add: Iterable[str], remove: Iterable[str]) -> None:
        with self._table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
            for customer_id in remove:
                batch.delete_item(Key=_member(group_id, customer_id))
            for customer_id in add:
                batch.put_item(Item=_member(group_id, customer_id))

    def requests(self, group_id: str) -> list[Request]:
        items = self._items(f"group#{group_id}", "request#")
        return sorted((Request.model_validate_json(item["request"]) for item in items), key=lambda each: each.asked_at)

    def ask(self, request: Request) -> None:
        self._put(_request(request), Attr("pk").not_exists(), "The request is there already")

    def settle(self, request: Request) -> None:
        """Write an answer down; Conflict where another was first."""
        self._put(_request(request), Attr("state").eq("waiting"), "The request has its answer already")

    def _put(self, item: dict[str, Any], condition: Any, told: str) -> None:
        try:
            self._table.put_item(Item=item, ConditionExpression=condition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise Conflict(told) from error

    def _items(self, pk: str, begins: str = "") -> Iterator[dict[str, Any]]:
        key = Key("pk").eq(pk) & Key("sk").begins_with(begins) if begins else Key("pk").eq(pk)
        return pages(self._table, key, ConsistentRead=True)


def _member(group_id: str, customer_id: str) -> dict[str, str]:
    return {"pk": f"group#{group_id}", "sk": f"member#{customer_id}"}


def _request(request: Request) -> dict[str, str]:
    key = {"pk": f"group#{request.group_id}", "sk": f"request#{request.request_id}", "state": request.state}
    return key | {"request": request.model_dump_json()}
