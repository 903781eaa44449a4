"""The control table and the bucket of a storm, in memory: what the pulls ask of DynamoDB and S3, and nothing else.

moto does all of both and takes half a run's time for it. `test_stores` holds these to what moto answers.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.storm.pulls.expressions import Given, Item, holds, updated

Answer = tuple[int, dict[str, str], bytes]
MOMENT = "2027-01-15T08:00:00.000Z", "Fri, 15 Jan 2027 08:00:00 GMT"
FAILED = "ConditionalCheckFailed"
BASE = "com.amazonaws.dynamodb.v20120810#"


class Refused(Exception):
    """What DynamoDB answers instead."""


@dataclass
class Control:
    """One table with the keys pk and sk."""

    items: dict[str, dict[str, Item]] = field(default_factory=dict)

    def answer(self, target: str, body: bytes) -> Answer:
        asked: dict[str, Callable[[Any], Any]] = {
            "GetItem": self._get,
            "PutItem": self._put,
            "UpdateItem": self._update,
            "Query": self._query,
            "TransactWriteItems": self._transact,
        }
        try:
            status, told = 200, asked[target.rpartition(".")[2]](json.loads(body))
        except Refused as refused:
            status, told = 400, refused.args[0]
        return status, {"content-type": "application/x-amz-json-1.0"}, json.dumps(told).encode()

    def _get(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = self._item(asked["Key"])
        return {"Item": found} if found else {}

    def _put(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._check(asked, asked["Item"])
        self._keep(asked["Item"])
        return {}

    def _update(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._check(asked, asked["Key"])
        after = self._changed(asked)
        self._keep(after)
        return {"Attributes": after} if asked.get("ReturnValues") == "ALL_NEW" else {}

    def _query(self, asked: dict[str, Any]) -> dict[str, Any]:
        condition = asked["KeyConditionExpression"]
        found = [item for rows in self.items.values() for item in rows.values()]
        found = [item for item in found if holds(condition, _given(asked, item))]
        found = [item for item in found if holds(asked.get("FilterExpression"), _given(asked, item))]
        found.sort(key=lambda item: item["sk"]["S"].encode(), reverse=not asked.get("ScanIndexForward", True))
        return {"Items": found, "Count": len(found), "ScannedCount": len(found)}

    def _transact(self, asked: dict[str, Any]) -> dict[str, Any]:
        steps = [next(iter(each.items())) for each in asked["TransactItems"]]
        reasons = []
        for kind, step in steps:
            given = _given(step, self._item(step["Item" if kind == "Put" else "Key"]))
            reasons.append("None" if holds(step.get("ConditionExpression"), given) else FAILED)
        if FAILED in reasons:
            told = (
                f"Transaction cancelled, please refer cancellation reasons for specific reasons [{', '.join(reasons)}]"
            )
            codes = [{"Code": reason} for reason in reasons]
            raise Refused(
                {"__type": f"{BASE}TransactionCanceledException", "Message": told, "CancellationReasons": codes}
            )
        for after in [step["Item"] if kind == "Put" else self._changed(step) for kind, step in steps]:
            self._keep(after)
        return {}

    def _check(self, asked: dict[str, Any], key: Item) -> None:
        if not holds(asked.get("ConditionExpression"), _given(asked, self._item(key))):
            told = "The conditional request failed"
            raise Refused({"__type": f"{BASE}{FAILED}Exception", "message": told})

    def _changed(self, asked: dict[str, Any]) -> Item:
        key: Item = asked["Key"]
        return {**key, **updated(asked["UpdateExpression"], _given(asked, self._item(key)))}

    def _item(self, key: Item) -> Item:
        return self.items.get(key["pk"]["S"], {}).get(key["sk"]["S"], {})

    def _keep(self, item: Item) -> None:
        self.items.setdefault(item["pk"]["S"], {})[item["sk"]["S"]] = item


def _given(asked: dict[str, Any], item: Item) -> Given:
    return Given(item, asked.get("ExpressionAttributeNames", {}), asked.get("ExpressionAttributeValues", {}))


@dataclass
class Stored:
    """An object with its own headers."""

    body: bytes
    told: dict[str, str]

    @property
    def etag(self) -> str:
        return hashlib.md5(self.body, usedforsecurity=False).hexdigest()


@dataclass
class Bucket:
    """One bucket, asked by its own host name."""

    objects: dict[str, Stored] = field(default_factory=dict)

    def answer(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        split, given = urlsplit(url), {name.lower(): value for name, value in headers.items()}
        key = unquote(split.path).removeprefix("/")
        if not key:
            return self._list(dict(parse_qsl(split.query)))
        if method == "PUT":
            return self._put(key, given, body)
        if method == "DELETE":
            self.objects.pop(key, None)
            return 204, {}, b""
        return self._get(key, given, method == "HEAD")

    def put(self, key: str, body: bytes) -> None:
        """As another program does it."""
        self.objects[key] = Stored(body, {})

    def _put(self, key: str, given: dict[str, str], body: bytes) -> Answer:
        if given.get("if-none-match") == "*" and key in self.objects:
            return _error(412, "PreconditionFailed")
        if "if-match" in given and (key not in self.objects or given["if-match"].strip('"') != self.objects[key].etag):
            return _error(412 if key in self.objects else 404, "PreconditionFailed")
        kept = {name: value for name, value in given.items() if name.startswith("x-amz-meta-")}
        self.objects[key] = Stored(body, kept)
        return 200, {"etag": f'"{self.objects[key].etag}"'}, b""

    def _get(self, key: str, given: dict[str, str], head: bool) -> Answer:
        if key not in self.objects:
            return (404, {}, b"") if head else _error(404, "NoSuchKey")
        found = self.objects[key]
        if given.get("if-match", found.etag).strip('"') != found.etag:
            return _error(412, "PreconditionFailed")
        status, body = 200, found.body
        if "range" in given:
            first, last = given["range"].removeprefix("bytes=").split("-")
            status, body = 206, body[int(first) : int(last or len(body)) + 1]
        told = {"etag": f'"{found.etag}"', "last-modified": MOMENT[1], "content-length": str(len(body)), **found.told}
        return status, told, b"" if head else body

    def _list(self, asked: dict[str, str]) -> Answer:
        begin, after = asked.get("prefix", ""), asked.get("continuation-token") or asked.get("start-after", "")
        keys = sorted(key for key in self.objects if key.startswith(begin) and key > after)
        page = keys[: int(asked.get("max-keys", 1000))]
        rows = "".join(
            f"<Contents><Key>{escape(quote(key))}</Key><LastModified>{MOMENT[0]}</LastModified>"
            f"<ETag>&quot;{self.objects[key].etag}&quot;</ETag><Size>{len(self.objects[key].body)}</Size></Contents>"
            for key in page
        )
        more = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if len(page) < len(keys) else ""
        told = (
            f"<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{str(bool(more)).lower()}</IsTruncated>"
            f"<KeyCount>{len(page)}</KeyCount>{more}{rows}</ListBucketResult>"
        )
        return 200, {"content-type": "application/xml"}, told.encode()


def _error(status: int, code: str) -> Answer:
    return status, {}, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()


@dataclass
class Stores:
    """What a run's pulls keep."""

    control: Control = field(default_factory=Control)
    bucket: Bucket = field(default_factory=Bucket)

    def answer(self, service: str, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer | None:
        """None for a service that is none of these."""
        if service == "s3":
            return self.bucket.answer(method, url, headers, body)
        return self.control.answer(headers["X-Amz-Target"], body) if service == "dynamodb" else None
