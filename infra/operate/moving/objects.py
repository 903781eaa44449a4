"""Objects as they are: each a file of the export, and a line of its bucket's index."""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from hub import aws
from infra.operate.moving.digests import Tally
from infra.operate.moving.manifest import File, Objects, keep
from infra.operate.moving.place import Place, scratch
from infra.operate.stage import OperateError

WORKERS = 8
PIECE = 1024 * 1024  # bytes
# What a run works with and leaves to expire, and what Iceberg's tables lie in: they are exported as rows.
NOT_CARRIED = ("scratch/", "vault/", "matching/")
PLAIN = re.compile(r"(?:[\w=+-][\w=+. -]*/)*[\w=+-][\w=+. -]*", re.ASCII)
ABOUT = ("ContentType", "ContentEncoding", "Metadata")
DROP = "drop/"
MOVED = "moved-sha256"  # of a dropped file that an import has put: to put it again would make it a new one
LONGEST = 200  # letters of a name

Line = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """A bucket to export. carried: folders below those that are not carried, which are. tables: folder -> its table."""

    name: str
    bucket: str
    carried: tuple[str, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)

    def wants(self, key: str) -> bool:
        return not key.startswith(NOT_CARRIED) or key.startswith(self.carried)


def export(where: Place, source: Source) -> tuple[Objects, dict[str, Tally]]:
    """Copy the objects of a bucket; what the manifest says of them, and the rows of the tables that they are of."""
    tally, size = Tally(), 0
    rows = {name: Tally() for name in source.tables.values()}
    with scratch() as index, ThreadPoolExecutor(WORKERS) as pool:
        with gzip.open(index, "wt", encoding="utf-8") as lines:
            for page in _pages(source.bucket):
                wanted = [item for item in page if source.wants(item["Key"])]
                for line, table, found in pool.map(lambda item: _copied(where, source, item), wanted):
                    if line is None:
                        continue
                    tally.add_items([{name: line[name] for name in ("key", "sha256")}])
                    size += line["bytes"]
                    if table and found:
                        rows[table].add_other(found)
                    lines.write(json.dumps(line, sort_keys=True) + "\n")
        file = keep(where, f"objects/{source.name}.jsonl.gz", index)
    told = Objects(bucket=source.name, count=tally.count, bytes=size, digest=tally.digest, index=file)
    return told, rows


def lines(where: Place, objects: Objects) -> Iterator[Line]:
    """The index of a bucket; OperateError behind the last line where it is not that of the export."""
    tally = Tally()
    with where.file(objects.index.name) as path, gzip.open(path, "rt", encoding="utf-8") as index:
        for text in index:
            line = json.loads(text)
            tally.add_items([{name: line[name] for name in ("key", "sha256")}])
            yield line
    if (tally.count, tally.digest) != (objects.count, objects.digest):
        raise OperateError(f"the export is damaged: {objects.index.name} does not list what was exported")


def as_file(line: Line) -> File:
    return File(name=line["file"], bytes=line["bytes"], sha256=line["sha256"])


def bring(where: Place, objects: Objects, bucket: str, done: Callable[[Line, str], None]) -> None:
    """Put the objects into a bucket; `done` hears of each with its new ETag.

    An object of the audit log that is there stays: nobody may change it.
    """
    there = _keys(bucket) if objects.bucket == "audit" else frozenset()
    with ThreadPoolExecutor(WORKERS) as pool:
        every = lines(where, objects)
        waiting = (line for line in every if line["key"] not in there and not line["key"].startswith(DROP))
        while some := [line for _, line in zip(range(1000), waiting, strict=False)]:
            for line, etag in zip(some, pool.map(lambda each: _put(where, bucket, each), some), strict=True):
                done(line, etag)
    bring_drops(where, lines(where, objects), bucket, done)


def bring_drops(where: Place, every: Iterator[Line], bucket: str, done: Callable[[Line, str], None]) -> None:
    """Put the dropped files among the objects, in the order of their age; one that was put already stays as it is."""
    s3 = aws.client("s3")
    dropped = [line for line in every if line["key"].startswith(DROP)]
    for line in sorted(dropped, key=lambda each: (each["modified"], each["key"])):
        try:
            found = s3.head_object(Bucket=bucket, Key=line["key"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("NoSuchKey", "404"):
                raise
            found = {}
        if found.get("Metadata", {}).get(MOVED) == line["sha256"]:
            done(line, found["ETag"])
        else:
            done(line, _put(where, bucket, line | {"Metadata": line.get("Metadata", {}) | {MOVED: line["sha256"]}}))


def _pages(bucket: str) -> Iterator[list[dict[str, Any]]]:
    for page in aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket):
        yield page.get("Contents", [])


def _keys(bucket: str) -> frozenset[str]:
    return frozenset(item["Key"] for page in _pages(bucket) for item in page)


def _copied(where: Place, source: Source, item: Mapping[str, Any]) -> tuple[Line | None, str | None, Tally | None]:
    """One object copied: its line, and its rows where it is of a table. None where it has expired meanwhile."""
    key, found = str(item["Key"]), hashlib.sha256()
    table = source.tables.get(key.rpartition("/")[0] + "/")
    with scratch() as path:
        try:
            answer = aws.client("s3").get_object(Bucket=source.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None, None, None
            raise
        with path.open("wb") as file:
            while piece := answer["Body"].read(PIECE):
                found.update(piece)
                file.write(piece)
        rows = _rows(path) if table else None
        line = {
            "key": key,
            "bytes": path.stat().st_size,
            "sha256": found.hexdigest(),
            "etag": answer["ETag"],
            "modified": item["LastModified"].isoformat(),
            "file": _name(source.name, key),
            **{name: answer[name] for name in ABOUT if answer.get(name)},
        }
        where.keep(line["file"], path)
    return line, table, rows


def _rows(path: Path) -> Tally:
    tally = Tally()
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches():
            tally.add_rows(batch)
    return tally


def _name(bucket: str, key: str) -> str:
    """The object's own key where any folder can hold it; names that people gave may not fit together in one."""
    if PLAIN.fullmatch(key) and len(key) < LONGEST and not key.startswith(DROP):
        return f"objects/{bucket}/{key}"
    flat = quote(key, safe=" ")
    return f"objects/{bucket}/_flat/{flat if len(flat) < LONGEST else hashlib.sha256(key.encode()).hexdigest()}"


def _put(where: Place, bucket: str, line: Line) -> str:
    about = {name: line[name] for name in ABOUT if name in line}
    s3 = aws.client("s3")
    with where.file(line["file"]) as path:
        s3.upload_file(str(path), bucket, line["key"], ExtraArgs=about or None)
    return str(s3.head_object(Bucket=bucket, Key=line["key"])["ETag"])
