"""What applications pushed: objects that wait in S3 until a pull has taken them in.

Nothing is told by a position behind which something late could appear. What waits is what is there: a pull lists all of
it, writes down which objects are its own (the plan), reads them, and once it is complete they are taken away. An object
that comes back, because its writer's answer was lost, is known by the plans before.
"""

import gzip
import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from hub.aws import client
from hub.config import PushDataSet
from hub.config.names import plans, pushed
from hub.config.push import RECEIVED_AT
from hub.sources import json_text
from hub.sources.piece import NO_OBJECT, Piece, Position, SourceError, Unreadable
from hub.sources.records import Records
from hub.sources.tables import ORIGIN, from_records, origins

MOST_OBJECTS = 20_000  # of one pull; the next one takes the rest
PIECE_OBJECTS, PIECE_BYTES = 256, 8 << 20
AT_ONCE = 8
REMEMBERED = 900.0  # seconds; a writer lives for 29
SHOWN = 4_000  # characters that are kept of what cannot be read


@dataclass(frozen=True, slots=True)
class Plan:
    """objects: names and sizes of what a pull takes. taken: what pulls before it took, and when that was noticed."""

    objects: Sequence[tuple[str, int]]
    taken: Mapping[str, float]


NO_PLAN = Plan((), {})


class Push:
    """One data set. Cursor: {"plan": key} of the last complete pull; position: that of this one, and how many of its
    objects are read."""

    def __init__(self, source: str, name: str, data_set: PushDataSet, vault_bucket: str) -> None:
        self._folder, self._plans = pushed(source, name), plans(source, name)
        self._told, self._data_set, self._bucket = f"{source}.{name}", data_set, vault_bucket
        self._records = Records(data_set.fetch.records, data_set.fetch.parent)
        self._whole = data_set.fetch.records == "$"
        self._received_at = any(column.source_name == RECEIVED_AT for column in data_set.columns.values())

    def pieces(self, cursor: Position | None, position: Position | None) -> Iterator[Piece]:
        if position:
            key, done = position["plan"], position["done"]
            plan = _read(self._bucket, key)
            if plan is NO_PLAN:
                raise SourceError(f"{self._told}: the list of what this pull takes is gone; abandon the pull")
        else:
            key, plan = self._planned(cursor)
            done = 0
        declared = sum(_count(name) for name, _ in plan.objects) if self._whole else None
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while done < len(plan.objects):
                some = _some(plan.objects, done)
                arrived = list(pool.map(self._fetched, some))
                done += len(some)
                yield self._piece(some, arrived, {"plan": key, "done": done}, declared)

    def _planned(self, cursor: Position | None) -> tuple[str, Plan]:
        """Write down what this pull takes: all that is there and was not taken before."""
        now = time.time()
        before = _read(self._bucket, cursor["plan"]) if cursor else NO_PLAN
        taken = {name: at for name, at in before.taken.items() if at > now - REMEMBERED}
        taken |= {name: now for name, _ in before.objects}
        found: list[tuple[str, int]] = []
        again: list[str] = []
        for name, size in self._listed():
            if name in taken:
                again.append(name)
            elif len(found) < MOST_OBJECTS:
                found.append((name, size))
        forget(self._bucket, self._folder, again)
        plan = Plan(found, taken)
        if not found:
            return "", plan
        body = json.dumps({"objects": found, "taken": taken, "at": now}).encode()
        key = f"{self._plans}{hashlib.sha256(body).hexdigest()[:24]}.json.gz"
        client("s3").put_object(Bucket=self._bucket, Key=key, Body=gzip.compress(body, 1, mtime=0))
        return key, plan

    def _listed(self) -> Iterator[tuple[str, int]]:
        """All that is there, in the order in which it came: a name begins with the moment of its first arrival."""
        pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._folder)
        for page in pages:
            for item in page.get("Contents", []):
                yield item["Key"].removeprefix(self._folder), item["Size"]

    def _fetched(self, listed: tuple[str, int]) -> tuple[bytes, dict[str, str]]:
        """The body of a request, and the fields from its headers."""
        s3 = client("s3")
        try:
            answer = s3.get_object(Bucket=self._bucket, Key=self._folder + listed[0])
        except s3.exceptions.NoSuchKey as error:
            raise SourceError(
                f"{self._told}: an object was taken away before it was read; the next pull goes on without it"
            ) from error
        return answer["Body"].read(), json.loads(unquote(answer["Metadata"].get("fields", "%7B%7D")))

    def _piece(
        self,
        some: Sequence[tuple[str, int]],
        arrived: Sequence[tuple[bytes, dict[str, str]]],
        position: Position,
        declared: int | None,
    ) -> Piece:
        rows: list[dict[str, Any]] = []
        of: list[pa.Array] = []
        refused: list[Unreadable] = []
        for (name, _), (body, fields) in zip(some, arrived, strict=True):
            added = fields | ({RECEIVED_AT: _received_at(name)} if self._received_at else {})
            own = [{**record, **added} for record in self._events(body, name.partition(".")[0], refused)]
            of.append(origins(name, 1, len(own)))
            rows += own
        table, new_fields = from_records(rows, self._data_set)
        if not self._data_set.keys.business:
            table = table.append_column(ORIGIN, pa.concat_arrays(of))
        return Piece(
            rows=table,
            raw=b"\n".join(body for body, _ in arrived),
            kind="json",
            position=position,
            cursor={"plan": position["plan"]},
            declared=declared,
            unreadable=tuple(refused),
            new_fields=new_fields,
        )

    def _events(self, body: bytes, arrival: str, refused: list[Unreadable]) -> Iterator[dict[str, Any]]:
        """The records of a body; what is none is put beside."""
        try:
            documents = _documents(body)
        except json_text.NotJson as error:  # one body must not stop all that wait behind it
            refused.append(Unreadable(body[:SHOWN].decode("utf-8", "replace"), f"{arrival}: is not JSON: {error}"))
            return
        for at, document in enumerate(documents, 1):
            told = f"event {at} of {arrival}"
            try:
                found = [document] if self._whole else self._records.of(document, told).records
            except SourceError as error:
                refused.append(Unreadable(json_text.dumps(document)[:SHOWN], error.message))
                continue
            for record in found:
                if isinstance(record, dict):
                    yield record
                else:
                    refused.append(Unreadable(json_text.dumps(record)[:SHOWN], f"{told}: {NO_OBJECT}"))


def clear(bucket: str, source: str, data_set: str, cursor: Any) -> None:
    """Take away what a complete pull has taken in. Where nobody comes to it, the next pull does."""
    if cursor and "plan" in cursor:
        forget(bucket, pushed(source, data_set), [name for name, _ in _read(bucket, cursor["plan"]).objects])


def forget(bucket: str, folder: str, names: Sequence[str]) -> None:
    for start in range(0, len(names), 1000):
        keys = [{"Key": folder + name} for name in names[start : start + 1000]]
        client("s3").delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})


def _documents(body: bytes) -> list[Any]:
    """The events of one body: a document, the members of a list, or a document on each line."""
    try:
        whole = json_text.loads(body)
    except json_text.NotJson:
        return [json_text.loads(line) for line in body.split(b"\n") if line.strip()]
    return whole if isinstance(whole, list) else [whole]


def _some(objects: Sequence[tuple[str, int]], start: int) -> Sequence[tuple[str, int]]:
    """As many of the objects as one piece may hold, at least one."""
    end, size = start, 0
    while end < len(objects) and end - start < PIECE_OBJECTS and (end == start or size + objects[end][1] < PIECE_BYTES):
        size += objects[end][1]
        end += 1
    return objects[start:end]


def _read(bucket: str, key: str) -> Plan:
    """A plan; NO_PLAN where it has expired."""
    s3 = client("s3")
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return NO_PLAN
    found = json.loads(gzip.decompress(body))
    return Plan([(name, size) for name, size in found["objects"]], found["taken"])


def _count(name: str) -> int:
    """How many events an object holds: the last part of its name."""
    return int(name.partition(".")[0].rpartition("-")[2])


def _received_at(name: str) -> str:
    """The moment of arrival, which a name begins with."""
    seconds, rest = divmod(int(name.partition("-")[0]), 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"
