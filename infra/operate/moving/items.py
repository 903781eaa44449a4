"""Tables of DynamoDB as JSON lines, in DynamoDB's own JSON: numbers, bytes and sets stay what they are."""

import base64
import gzip
import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from hub import aws
from infra.operate.moving.digests import Tally
from infra.operate.moving.manifest import File, Items, keep
from infra.operate.moving.place import Place, scratch
from infra.operate.stage import OperateError

LINES_PER_FILE = 50_000
PER_WRITE = 25
ATTEMPTS = 8
SETS = ("SS", "NS", "BS")
# What is of the hub where it lies: sessions are sealed by its key, the others live for minutes or a day.
OF_THE_PLACE = ("session#", "challenge#", "tries#", "quota#", "idempotency#")
MARK = {"pk": "moving", "sk": "import"}  # of an import that has begun and not ended

Item = dict[str, dict[str, Any]]


def scanned(table: str) -> Iterator[Item]:
    """All items that are carried over."""
    return (item for item in _all(table) if kind_left_out(item) is None)


def kind_left_out(item: Item) -> str | None:
    """The kind of an item that stays where it is."""
    pk = item["pk"]["S"]
    if pk == MARK["pk"]:
        return MARK["pk"]
    return next((kind for kind in OF_THE_PLACE if pk.startswith(kind)), None)


def export(where: Place, name: str, table: str) -> Items:
    """Write the items of a table into the export."""
    tally, files = Tally(), list[File]()
    left_out: dict[str, int] = {}

    def wanted() -> Iterator[Item]:
        for item in _all(table):
            if kind := kind_left_out(item):
                left_out[kind] = left_out.get(kind, 0) + 1
            else:
                yield item

    items = wanted()
    while lines := _some(items):
        tally.add_items(lines)
        files.append(_file(where, f"items/{name}/part-{len(files) + 1:05d}.jsonl.gz", lines))
    return Items(table=name, count=tally.count, digest=tally.digest, left_out=left_out, files=files)


def digest(table: str) -> str:
    """The hash of the items that are carried over, as they are now."""
    tally = Tally()
    tally.add_items(plain(item) for item in scanned(table))
    return tally.digest


def read(where: Place, items: Items) -> Iterator[Item]:
    """The items of an export; OperateError behind the last where they are not those that were exported."""
    tally = Tally()
    for file in items.files:
        with where.file(file.name) as path, gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                item = json.loads(line)
                tally.add_items([item])
                yield typed(item)
    if (tally.count, tally.digest) != (items.count, items.digest):
        raise OperateError(f"the export is damaged: the items of {items.table} are not those that were exported")


def write(table: str, items: Iterable[Item]) -> None:
    """Put items as they are; one that is there is replaced."""
    waiting: list[Item] = []
    for item in items:
        waiting.append(item)
        if len(waiting) == PER_WRITE:
            _batch(table, [{"PutRequest": {"Item": each}} for each in waiting])
            waiting = []
    if waiting:
        _batch(table, [{"PutRequest": {"Item": each}} for each in waiting])


def put_unless(table: str, item: Item, attribute: str) -> None:
    """Put an item, unless one that has the attribute is there."""
    try:
        aws.client("dynamodb").put_item(
            TableName=table,
            Item=item,
            ConditionExpression="attribute_not_exists(#there)",
            ExpressionAttributeNames={"#there": attribute},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise


def delete(table: str, wanted: Callable[[Item], bool]) -> None:
    keys = [{"pk": item["pk"], "sk": item["sk"]} for item in _all(table) if wanted(item)]
    for at in range(0, len(keys), PER_WRITE):
        _batch(table, [{"DeleteRequest": {"Key": key}} for key in keys[at : at + PER_WRITE]])


def plain(value: Any) -> Any:
    """A typed value as JSON says it: bytes as base64, sets in order."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: sorted(plain(each)) if name in SETS and isinstance(each, list) else plain(each)
                for name, each in value.items()}  # fmt: skip
    return [plain(each) for each in value] if isinstance(value, list) else value


def typed(item: dict[str, Any]) -> Item:
    """The way back."""
    return {name: _value(value) for name, value in item.items()}


def _value(value: dict[str, Any]) -> dict[str, Any]:
    ((kind, said),) = value.items()
    if kind == "B":
        return {kind: base64.b64decode(said)}
    if kind == "BS":
        return {kind: [base64.b64decode(each) for each in said]}
    if kind == "L":
        return {kind: [_value(each) for each in said]}
    if kind == "M":
        return {kind: {name: _value(each) for name, each in said.items()}}
    return value


def _all(table: str) -> Iterator[Item]:
    pages = aws.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return (item for page in pages for item in page["Items"])


def _some(items: Iterator[Item]) -> list[dict[str, Any]]:
    lines = []
    for item in items:
        lines.append(plain(item))
        if len(lines) == LINES_PER_FILE:
            break
    return lines


def _file(where: Place, name: str, lines: Iterable[dict[str, Any]]) -> File:
    with scratch() as path:
        with gzip.open(path, "wt", encoding="utf-8") as file:
            for line in lines:
                file.write(json.dumps(line, sort_keys=True, ensure_ascii=False) + "\n")
        return keep(where, name, path)


def _batch(table: str, requests: list[dict[str, Any]]) -> None:
    left = {table: requests}
    for attempt in range(ATTEMPTS):
        left = aws.client("dynamodb").batch_write_item(RequestItems=left).get("UnprocessedItems") or {}
        if not left:
            return
        time.sleep(min(0.1 * 2**attempt, 5))
    raise OperateError(f"DynamoDB takes no more writes to {table} for now; import again, it goes on")
