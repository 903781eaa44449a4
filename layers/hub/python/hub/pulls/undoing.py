"""Which fixes a person undid. Each is an empty object of the vault bucket: column, record, and a hash of the value.

So two people undo at once without harm, no value is kept, and another value of the source is repaired again.
"""

import hashlib

from hub import aws


def mark(column: str, record_key: str, before: str | None) -> str:
    """What an undone fix is known by. The record's token is in the hash: alike values of two records have two."""
    told = "-" if before is None else f"={before}"
    return f"{column}/{record_key}/{hashlib.sha256(f'{record_key}{told}'.encode()).hexdigest()[:32]}"


class Undone:
    """The undone fixes of one data set."""

    def __init__(self, bucket: str, source: str, data_set: str) -> None:
        self._bucket, self._folder = bucket, f"undone/{source}/{data_set}/"

    def all(self) -> frozenset[str]:
        pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._folder)
        return frozenset(item["Key"].removeprefix(self._folder) for page in pages for item in page.get("Contents", []))

    def put(self, undone: str) -> None:
        aws.client("s3").put_object(Bucket=self._bucket, Key=f"{self._folder}{undone}", Body=b"")

    def remove(self, undone: str) -> None:
        aws.client("s3").delete_object(Bucket=self._bucket, Key=f"{self._folder}{undone}")
