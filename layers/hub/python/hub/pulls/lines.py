"""What pulls keep line by line beside their staged rows, by batch: quarantine and fixes, as compressed JSON lines."""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hub import aws
from hub.errors import BadRequest, NotFound

Place = tuple[int, int]  # batch, and the number of a line in it


def read(bucket: str, key: str) -> bytes:
    """The text of an object; NotFound once its time is over."""
    s3 = aws.client("s3")
    try:
        return gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except s3.exceptions.NoSuchKey as error:
        raise NotFound("What this pull set aside is not kept any more; fetch the data set again") from error


def of_batches(
    bucket: str, batches: Iterable[Mapping[str, Any]], zone: str, from_batch: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line of `zone` (quarantine or fixes) with its batch, by row. batches: a pull's items in the ledger."""
    for item in batches:
        number = int(item["sk"].removeprefix("batch#"))
        if number >= from_batch and item.get(zone):
            lines = (json.loads(line) for line in read(bucket, item[zone]).splitlines())
            yield from ((number, line) for line in sorted(lines, key=lambda each: int(each["row"])))


def place(after: tuple[str, ...] | None) -> Place:
    """The place of the last line seen; BadRequest where it is none."""
    try:
        return (int(after[0]), int(after[1])) if after else (0, 0)
    except ValueError as error:
        raise BadRequest("The cursor `after` is not one that a list gave as `next`") from error
