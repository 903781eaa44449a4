"""What a pull keeps in S3: landing, staging and quarantine of each batch, under names that a repeat overwrites."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import ClientError
from isal import igzip, isal_zlib
from xxhash import xxh3_128_hexdigest

from hub import aws
from hub.errors import HubError
from hub.pulls.batches import Landed
from hub.pulls.models import Pull
from hub.pulls.undoing import Undone
from hub.sources import json_text

DIGESTS = ("_record_hash", "_record_key")
SAMPLE = 2000  # rows
ATTEMPTS = 4


class Objects:
    """The vault bucket as the pull of one data set writes it. held: LeaseLost where the worker's lease is over."""

    def __init__(self, bucket: str, held: Callable[[], None] = lambda: None) -> None:
        self._bucket, self._held = bucket, held

    def land(self, pull: Pull, batch: int, landed: Landed) -> tuple[str, str]:
        """The bytes as they came, compressed; their key and their SHA-256."""
        key = f"landing/{pull.source}/{pull.data_set}/{pull.pull_id}/batch-{batch:05d}.{landed.kind}.gz"
        self._put(key, landed.gzip())
        return key, landed.sha256

    def stage(self, pull: Pull, batch: int, rows: pa.Table) -> tuple[str, str]:
        """The rows as Parquet; their key and ETag."""
        key = f"{staging_folder(pull)}batch-{batch:05d}.parquet"
        return key, self._put(key, _parquet(rows))

    def bury(self, pull: Pull, number: int, tombstones: pa.Table) -> None:
        """Put tombstones beside the pull's staged rows; they are published with them."""
        self._put(f"{staging_folder(pull)}deleted-{number:05d}.parquet", _parquet(tombstones))

    def unbury(self, pull: Pull, after: int) -> None:
        """Take away the tombstones behind number `after`, which an earlier worker wrote and did not publish."""
        self._forget(f"{staging_folder(pull)}deleted-", after=f"{staging_folder(pull)}deleted-{after:05d}.parquet")

    def quarantine(self, pull: Pull, batch: int, lines: Sequence[dict[str, Any]]) -> str:
        return self._lines("quarantine", pull, batch, lines)

    def fixes(self, pull: Pull, batch: int, lines: Sequence[dict[str, Any]]) -> str:
        """What was made of values, one by one; the key."""
        return self._lines("fixes", pull, batch, lines)

    def _lines(self, zone: str, pull: Pull, batch: int, lines: Sequence[dict[str, Any]]) -> str:
        key = f"{folder(zone, pull)}batch-{batch:05d}.jsonl.gz"
        self._put(key, _gzip(b"\n".join(json_text.dumps(line).encode() for line in lines)))
        return key

    def forget_uncommitted(self, pull: Pull, batch: int) -> None:
        """Take away what an earlier worker wrote of a batch that it never committed."""
        folders = [folder(zone, pull) for zone in ("landing", "quarantine", "fixes", "keys")]
        for each in [*folders, staging_folder(pull)]:
            self._forget(f"{each}batch-{batch:05d}.")

    def take_places(self, pull: Pull, batch: int, item: Mapping[str, Any], schema: pa.Schema) -> None:
        """Put nothing where a query would see what the batch has none of, by what the ledger shall say of it.

        An earlier worker's write may hang for longer than its lease and still arrive; it finds the place taken.
        """
        if not item.get("staging"):
            self.stage(pull, batch, schema.empty_table())
        if not item.get("fixes"):
            self.fixes(pull, batch, ())

    def _forget(self, prefix: str, after: str = "") -> None:
        s3 = aws.client("s3")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix, StartAfter=after):
            if page.get("Contents"):
                self._held()  # the list may have taken longer than the lease, and what it names be another's by now
            for item in page.get("Contents", []):
                s3.delete_object(Bucket=self._bucket, Key=item["Key"])

    def columns(self, key: str, names: Sequence[str]) -> pa.Table:
        """Some columns of a staged batch, in this order."""
        body = aws.client("s3").get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return pq.read_table(pa.BufferReader(body), columns=list(names)).select(list(names))

    def columns_if_there(self, key: str, names: Sequence[str]) -> pa.Table | None:
        """The same, None where the batch has expired or was staged before it had these columns."""
        try:
            return self.columns(key, names)
        except (KeyError, aws.client("s3").exceptions.NoSuchKey):
            return None

    def undone(self, pull: Pull) -> frozenset[str]:
        """The fixes of the pull's data set that are not made again."""
        return Undone(self._bucket, pull.source, pull.data_set).all()

    def tombstones(self, pull: Pull, names: Sequence[str]) -> list[pa.Table]:
        """Some columns of what a published pull says of records that are gone."""
        listed = aws.client("s3").list_objects_v2(Bucket=self._bucket, Prefix=f"{staging_folder(pull)}deleted-")
        return [self.columns(item["Key"], names) for item in listed.get("Contents", [])] if pull.deleted else []

    def is_as_committed(self, key: str, etag: str) -> bool:
        """Whether the object still is what its batch was committed with."""
        return bool(aws.client("s3").head_object(Bucket=self._bucket, Key=key)["ETag"] == etag)

    def _put(self, key: str, body: bytes) -> str:
        return put(self._bucket, key, body, self._held)


def put(bucket: str, key: str, body: bytes, held: Callable[[], None]) -> str:
    """Write an object of a pull; its ETag. One with other content is overwritten only while the lease is held.

    A worker may stand still between its last look at the lease and this, or its write hang for longer than that; what
    another one has committed stays.
    """
    s3, given = aws.client("s3"), {"Bucket": bucket, "Key": key}
    fingerprint, checksum = xxh3_128_hexdigest(body), isal_zlib.crc32(body).to_bytes(4, "big")
    content = {"Body": body, "Metadata": {"xxh3": fingerprint}, "ChecksumCRC32": b64encode(checksum).decode()}
    condition = {"IfNoneMatch": "*"}
    for _ in range(ATTEMPTS):
        try:
            return str(s3.put_object(**given, **content, **condition)["ETag"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise
        found = s3.head_object(**given)
        if found["Metadata"].get("xxh3") == fingerprint:  # this very write, its answer lost, or an earlier worker's
            return str(found["ETag"])
        held()
        condition = {"IfMatch": found["ETag"]}
    raise HubError(f"{key} is written by others all the time; ask who writes into the bucket")


def folder(zone: str, pull: Pull) -> str:
    return f"{zone}/{pull.source}/{pull.data_set}/{pull.pull_id}/"


def staging_folder(pull: Pull) -> str:
    day = pull.started_at[:10]
    return f"staging/{pull.source}/{pull.data_set}/pull_date={day}/pull_id={pull.pull_id}/"


def _parquet(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(
        rows,
        sink,
        store_schema=False,
        # Digests do not get smaller, and to try takes as long as all other columns.
        compression={name: "none" if name in DIGESTS else "snappy" for name in rows.column_names},
        use_dictionary=[name for name in rows.column_names if name not in DIGESTS and _repeats(rows[name])],
    )
    return bytes(sink.getvalue())


def _repeats(column: pa.ChunkedArray) -> bool:
    """Whether a dictionary of the column is much shorter than the column, by its first rows."""
    sample = column.slice(0, SAMPLE)
    return len(sample.unique()) * 2 <= len(sample)


def _gzip(data: bytes) -> bytes:
    """Without a time in it, so that the same bytes land the same."""
    return bytes(igzip.compress(data, 1, mtime=0))
