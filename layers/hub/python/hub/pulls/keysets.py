"""The record keys that the last complete pull of a data set had, in S3: what the next one is compared with.

Staging is kept for days only, so the keys have a place of their own. They are tokens; no value of a person is in them.
An index lists, for each part of the data set (all of it, or one object of a source of files), the objects of its keys.
It is written once; the pull that completes with it makes it the one that counts.
"""

import gzip
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from hub import aws
from hub.pulls.models import Pull, parts
from hub.pulls.objects import put

Entry = Mapping[str, Any]  # key: the object, "" where there is no record; records: rows in it
Index = dict[str, Sequence[Entry]]


class KeySets:
    """The key objects of one data set, as its pull writes and reads them."""

    def __init__(self, bucket: str, pull: Pull, held: Callable[[], None]) -> None:
        self._bucket, self._pull, self._held = bucket, pull, held
        self._folder = f"keys/{pull.source}/{pull.data_set}/"

    def write(self, name: str, keys: pa.Table) -> Entry:
        """Put record keys under a name of this pull."""
        if not len(keys):
            return {"key": "", "records": 0}
        sink = io.BytesIO()
        pq.write_table(keys, sink, compression="none", use_dictionary=False)
        return {"key": self._put(f"{name}.parquet", sink.getvalue()), "records": len(keys)}

    def read(self, entry: Entry) -> pa.Table:
        return pq.read_table(pa.BufferReader(self._get(entry["key"])))

    def index(self, key: str | None) -> Index:
        """The index of an earlier pull; empty where there is none."""
        return orjson.loads(gzip.decompress(self._get(key))) if key else {}

    def put_index(self, index: Index) -> str:
        """Write this pull's index; its key."""
        return self._put("index.json.gz", gzip.compress(orjson.dumps(index), mtime=0))

    def tidy(self, kept: set[str]) -> None:
        """Delete what earlier pulls left and neither the last complete pull nor this one needs.

        A worker that lost its lease does no harm here: later pulls need nothing else of pulls before this one.
        """
        s3 = aws.client("s3")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._folder):
            for item in page.get("Contents", []):
                _, _, number = parts(item["Key"].removeprefix(self._folder).partition("/")[0])
                if number < self._pull.pull_seq and item["Key"] not in kept:
                    s3.delete_object(Bucket=self._bucket, Key=item["Key"])

    def _get(self, key: str) -> bytes:
        return bytes(aws.client("s3").get_object(Bucket=self._bucket, Key=key)["Body"].read())

    def _put(self, name: str, body: bytes) -> str:
        key = f"{self._folder}{self._pull.pull_id}/{name}"
        put(self._bucket, key, body, self._held)
        return key
