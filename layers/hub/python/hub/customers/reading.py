"""Reads of the profile table that take more than one call: whole partitions, and many items by their keys."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

Item = dict[str, Any]
AT_ONCE: Final = 100
"""Items that DynamoDB gives in one batch."""


def pages(table: Any, condition: Any, **options: Any) -> Iterator[Item]:
    """The items of a query, page by page. table, condition on the keys, options: as boto3 has them."""
    query: Item = {"KeyConditionExpression": condition, **options}
    while True:
        page = table.query(**query)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def many(table: Any, keys: Iterable[Item]) -> Iterator[Item]:
    """The items that exist, in no order; keys are asked for once each, so none may repeat."""
    left = iter(keys)
    while batch := list(islice(left, AT_ONCE)):
        request: Item = {table.name: {"Keys": batch}}
        while request:
            answer = table.meta.client.batch_get_item(RequestItems=request)
            yield from answer["Responses"].get(table.name, ())
            request = answer.get("UnprocessedKeys") or {}
