"""Objects in S3: files that applications drop. New and changed objects are told apart from read ones by their ETag."""

import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from hub.aws import client
from hub.config import FilesDataSet, FilesSource
from hub.sources.formats import Decoded, decode
from hub.sources.piece import Piece, Position, SourceError
from hub.sources.tables import ORIGIN, from_arrow, origins, require_columns

LARGEST = 512 * 1024 * 1024
ROWS = 150_000
KINDS = {"csv": "csv", "jsonl": "json", "parquet": "bin"}


@dataclass(frozen=True, slots=True)
class Dropped:
    key: str
    etag: str
    size: int


class Files:
    """The objects of one data set. Cursor: {"objects": {key: ETag}} read by now; position: object and row reached."""

    def __init__(self, source: FilesSource, data_set: FilesDataSet, vault_bucket: str) -> None:
        location = source.connection.location or f"s3://{vault_bucket}/drop/{source.name}/"
        match = re.fullmatch(r"s3://([^/]+)/(.*)", location)
        assert match, "the manifest's rules allow no other location"
        self._bucket, self._prefix = match[1], match[2]
        self._data_set, self._fetch = data_set, data_set.fetch

    def pieces(self, cursor: Position | None, position: Position | None) -> Iterator[Piece]:
        read = dict((cursor or {}).get("objects", {}))
        place: dict[str, Any] = dict(position or {"object": None, "etag": None, "row": 0, "done": {}})
        done = dict(place["done"])
        waiting = [each for each in self._listed() if {**read, **done}.get(each.key) != each.etag]
        for at, dropped in enumerate(waiting):
            resumed = (dropped.key, dropped.etag) == (place["object"], place["etag"])
            yield from self._object(dropped, place["row"] if resumed else 0, read, done, at == len(waiting) - 1)

    def _listed(self) -> list[Dropped]:
        """The objects that fit the pattern, oldest first: of two versions of a row the later is read later."""
        found = []
        for page in client("s3").get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix):
            for item in page.get("Contents", []):
                if fnmatch.fnmatchcase(item["Key"].removeprefix(self._prefix), self._fetch.pattern):
                    etag = item["ETag"].strip('"')
                    found.append((item["LastModified"], item["Key"], Dropped(item["Key"], etag, item["Size"])))
        return [dropped for _, _, dropped in sorted(found, key=lambda each: each[:2])]

    def _object(
        self, dropped: Dropped, from_row: int, read: dict[str, str], done: dict[str, str], last: bool
    ) -> Iterator[Piece]:
        data = self._bytes(dropped)
        decoded = decode(data, self._fetch, dropped.key)
        if self._fetch.format != "jsonl" and decoded.table.num_columns:  # a field that JSON leaves out is empty
            require_columns(decoded.table, self._data_set, dropped.key)
        total = len(decoded.table)
        row = from_row
        while True:
            # Arrow believes the length that it is told where a table has no columns.
            part = decoded.table.slice(row, min(ROWS, total - row))
            finished = row + len(part) >= total
            if finished:
                done[dropped.key] = dropped.etag
            here = {"object": None, "etag": None, "row": 0} if finished else _reached(dropped, row + len(part))
            rows, new_fields = from_arrow(self._with_origin(part, dropped, decoded, row), self._data_set)
            yield Piece(
                rows=rows,
                raw=data if row == 0 else b"",
                kind=KINDS[self._fetch.format],
                position={**here, "done": dict(done)},
                cursor={"objects": {**read, **done}},
                # Lines that could not be taken apart have no place among the rows; they go with the object's start.
                unreadable=decoded.unreadable if row == 0 else (),
                new_fields=new_fields,
                last=last and finished,
                part=dropped.key.removeprefix(self._prefix),
                version=dropped.etag,
            )
            if finished:
                return
            row += len(part)

    def _with_origin(self, part: pa.Table, dropped: Dropped, decoded: Decoded, row: int) -> pa.Table:
        if self._data_set.keys.business:
            return part
        return part.append_column(ORIGIN, origins(dropped.key.removeprefix(self._prefix), row + 1, len(part)))

    def _bytes(self, dropped: Dropped) -> bytes:
        if dropped.size > LARGEST:
            raise SourceError(
                f"{dropped.key} has {dropped.size >> 20} MB; split it into files of at most {LARGEST >> 20} MB"
            )
        s3 = client("s3")
        try:
            return bytes(s3.get_object(Bucket=self._bucket, Key=dropped.key, IfMatch=dropped.etag)["Body"].read())
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("PreconditionFailed", "412", "NoSuchKey"):
                raise SourceError(
                    f"{dropped.key} was replaced while it was being read; the pull goes on later"
                ) from error
            raise


def _reached(dropped: Dropped, row: int) -> dict[str, Any]:
    return {"object": dropped.key, "etag": dropped.etag, "row": row}
