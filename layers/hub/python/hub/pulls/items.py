"""The control table's items of the pulls: their keys, their forms, their pages."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from hub.errors import BadRequest
from hub.pulls.models import Pull, parts


def state_key(data_set: str) -> dict[str, str]:
    return {"pk": f"data_set#{data_set}", "sk": "state"}


def pull_key(data_set: str, seq: int) -> dict[str, str]:
    return {"pk": f"data_set#{data_set}", "sk": f"pull#{seq:08d}"}


def read_pull(item: Mapping[str, Any]) -> Pull:
    read = plain(item)
    for name in ("cursor_from", "cursor_to"):
        read[name] = json.loads(read[name]) if read.get(name) else None
    return Pull.model_validate(read)


def plain(value: Any) -> Any:
    """DynamoDB's decimals as ints."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def pages(table: Any, **options: Any) -> Iterator[dict[str, Any]]:
    while True:
        answer = table.query(**options)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        options["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def start(after: tuple[str, ...], *, with_index: bool) -> dict[str, str]:
    """The key of the last pull seen; BadRequest where it is none."""
    started_at, pull = after
    try:
        source, name, seq = parts(pull)
    except ValueError as error:
        raise BadRequest("The cursor `after` is not one that a list gave as `next`") from error
    key = pull_key(f"{source}.{name}", seq)
    return key | ({"gsi1pk": "pulls", "gsi1sk": f"{started_at}#{pull}"} if with_index else {})
