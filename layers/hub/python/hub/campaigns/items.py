"""Small helpers for DynamoDB items: ids, times, conditional writes, pages."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from hub import aws
from hub.errors import BadRequest

Item = dict[str, Any]
BATCH_GET = 100
TRIES = 5


def now_text() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def new_id(letter: str) -> str:
    """An id that sorts by the time it was made: a letter, the second, six hex characters."""
    return f"{letter}{datetime.now(UTC):%Y%m%dt%H%M%S}{secrets.token_hex(3)}"


def holds(write: Callable[..., Any], **arguments: Any) -> bool:
    """Do a conditional write; False where its condition did not hold."""
    try:
        write(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return False
        raise
    return True


def all_or_none(table: str, writes: list[Item]) -> bool:
    """One transaction; False where a condition did not hold. Another writer at the same moment makes it try again."""
    client = aws.table(table).meta.client
    for attempt in range(TRIES):
        try:
            client.transact_write_items(TransactItems=writes)
            return True
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            codes = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
            if "ConditionalCheckFailed" in codes:
                return False
            if "TransactionConflict" not in codes or attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def query(table: str, pk: str, prefix: str = "", **options: Any) -> Iterator[Item]:
    """All items of a partition in the order of the sort key, page by page."""
    arguments = {"KeyConditionExpression": _of(pk, prefix), **options}
    while True:
        page = aws.table(table).query(**arguments)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def newest_first(table: str, pk: str, state: str | None, after: str | None, limit: int) -> list[Item]:
    """At most `limit` items of a partition from the newest on, where asked of one `state`, after a sort key."""
    options: Item = {"ScanIndexForward": False}
    if state:
        options["FilterExpression"] = Attr("state").eq(state)
    if after:
        options["ExclusiveStartKey"] = {"pk": pk, "sk": after}
    return list(islice(query(table, pk, **options), limit))


def some(
    table: str, pk: str, after: str | None, limit: int, prefix: str = "", forward: bool = False
) -> tuple[list[Item], str | None]:
    """At most `limit` items of a partition after a sort key, and the sort key to go on after, or None at the end."""
    if after is not None and not after.startswith(prefix):
        raise BadRequest("The cursor `after` is not one that this list gave as `next`")
    arguments: Item = {"KeyConditionExpression": _of(pk, prefix), "ScanIndexForward": forward, "Limit": limit + 1}
    if after:
        arguments["ExclusiveStartKey"] = {"pk": pk, "sk": after}
    page = aws.table(table).query(**arguments)
    items = page["Items"]
    if len(items) > limit:  # one more was asked for, to know whether there is one
        return items[:limit], items[limit - 1]["sk"]
    more = page.get("LastEvaluatedKey")
    return items, more["sk"] if more else None


def _of(pk: str, prefix: str) -> Any:
    return Key("pk").eq(pk) & Key("sk").begins_with(prefix) if prefix else Key("pk").eq(pk)


def get_all(table: str, keys: Iterable[Mapping[str, str]]) -> Iterator[Item]:
    """The items of many keys that exist, read consistently, a hundred at a time."""
    client = aws.table(table).meta.client
    distinct = iter({(key["pk"], key["sk"]) for key in keys})
    while batch := list(islice(distinct, BATCH_GET)):
        wanted: Item = {table: {"Keys": [{"pk": pk, "sk": sk} for pk, sk in batch], "ConsistentRead": True}}
        while wanted:
            answer = client.batch_get_item(RequestItems=wanted)
            yield from answer["Responses"].get(table, [])
            wanted = answer.get("UnprocessedKeys") or {}
