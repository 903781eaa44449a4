"""The storm's own control table and bucket answer as moto does, in one long sequence of all that the pulls ask."""

import json
import re

import pytest
from botocore.awsrequest import AWSPreparedRequest
from moto.core.models import botocore_stubber

from hub import aws
from tests.hub.pulls.conftest import CONTROL, VAULT, in_memory
from tests.storm.pulls.stores import Stores

TABLE = f"https://dynamodb.eu-west-1.amazonaws.com/{CONTROL}"
BUCKET = f"https://{VAULT}.s3.eu-west-1.amazonaws.com/"
SIGNED = "AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/{}/aws4_request"
KEY = {"pk": {"S": "data_set#a"}, "sk": {"S": "state"}}
PULL = {"pk": {"S": "data_set#a"}, "sk": {"S": "pull#1"}}
LEASE = "attribute_not_exists(lease_until) OR lease_until < :now"
WAITS = "attribute_not_exists(replays) OR (NOT contains(replays, :one) AND size(replays) < :most)"
APPEND = "SET replays = list_append(if_not_exists(replays, :none), :many)"
TAKE = "SET lease_until = :until, lease_owner = :owner ADD lease_fence :one"


def numbers(**values):
    return {f":{name}": {"N": str(value)} for name, value in values.items()}


def update(key, text, condition=None, names=None, **values):
    step = {"TableName": CONTROL, "Key": key, "UpdateExpression": text, "ConditionExpression": condition}
    step |= {
        "ExpressionAttributeValues": values.pop("given", {}) | numbers(**values),
        "ExpressionAttributeNames": names,
    }
    return {name: value for name, value in step.items() if value}


def put(sort_key, condition="attribute_not_exists(pk)", **item):
    step = {"TableName": CONTROL, "Item": {**PULL, "sk": {"S": sort_key}, **item}, "ConditionExpression": condition}
    return {name: value for name, value in step.items() if value}


def taken(now):
    return update(KEY, TAKE, LEASE, given={":owner": {"S": "w"}}, now=now, until=now + 120, one=1) | {
        "ReturnValues": "ALL_NEW"
    }


def waiting(number, most=3):
    given = {":one": {"S": number}, ":many": {"L": [{"S": number}]}, ":none": {"L": []}}
    return update(KEY, APPEND, WAITS, given=given, most=most)


def both(fence, *others):
    return {"TransactItems": [{"Update": update(KEY, "SET seq = :seq", "lease_fence = :f", f=fence, seq=7)}, *others]}


COUNTS = update(PULL, "ADD #a :a, #b :b SET told = :t", names={"#a": "a", "#b": "b"}, a=3, b=4, t=9)
QUERY = {
    "TableName": CONTROL,
    "KeyConditionExpression": "(#p = :p AND begins_with(#s, :s))",
    "ExpressionAttributeNames": {"#p": "pk", "#s": "sk"},
    "ExpressionAttributeValues": {":p": {"S": "data_set#a"}, ":s": {"S": "pull#"}},
}
ASKED = [
    ("GetItem", {"TableName": CONTROL, "Key": KEY}, "nothing is there"),
    ("UpdateItem", update(KEY, "SET x = :x", "lease_fence = :x", x=1), "a fence that nobody has"),
    ("UpdateItem", taken(1000), "the first lease"),
    ("UpdateItem", taken(1100), "while it runs"),
    ("UpdateItem", taken(1121), "when it is over"),
    ("UpdateItem", waiting("1"), "a list that is not there"),
    ("UpdateItem", waiting("1"), "what waits already"),
    ("UpdateItem", waiting("2"), "behind it"),
    ("UpdateItem", waiting("3", most=2), "too many"),
    ("UpdateItem", update(KEY, "REMOVE replays[0], lease_owner"), "the first of a list, and a whole one"),
    ("UpdateItem", update(KEY, "SET y = :y, x = :x REMOVE y2", x=1, y=2), "several at once"),
    ("TransactWriteItems", both(1, {"Put": put("pull#1")}), "an old fence"),
    ("GetItem", {"TableName": CONTROL, "Key": PULL}, "nothing of it was done"),
    ("TransactWriteItems", both(2, {"Put": put("pull#1", a={"N": "1"})}), "the right fence"),
    ("TransactWriteItems", both(2, {"Put": put("pull#1")}), "it is there already"),
    ("TransactWriteItems", both(2, {"Update": COUNTS}, {"Put": put("pull#2")}), "counts go up"),
    ("TransactWriteItems", both(2, {"Update": update(PULL, "SET a = :a", "b = :b", a=1, b=5)}), "another state"),
    ("PutItem", put("pull#3", None, s={"S": "b"}), "no condition"),
    ("PutItem", put("pull#3"), "a condition that does not hold"),
    ("Query", QUERY, "in order"),
    ("Query", {**QUERY, "ScanIndexForward": False}, "the last first"),
    ("UpdateItem", update(KEY, "SET z = :z", "attribute_exists(lease_until) AND seq >= :z", z=7), "a bound"),
    ("UpdateItem", update(KEY, "SET z = :z", "x <> :z", z=1), "the same"),
    ("GetItem", {"TableName": CONTROL, "Key": KEY}, "what is left of the state"),
]
FILES = [
    ("GET", "a/1", {}, b"", "nothing is there"),
    ("HEAD", "a/1", {}, b"", "the same"),
    ("PUT", "a/1", {"If-None-Match": "*", "x-amz-meta-sha256": "d"}, b"first", "the first write"),
    ("PUT", "a/1", {"If-None-Match": "*"}, b"second", "it is there"),
    ("HEAD", "a/1", {}, b"", "its head"),
    ("GET", "a/1", {}, b"", "its body"),
    ("GET", "a/1", {"Range": "bytes=1-2", "If-Match": '"8b04d5e3775d298e78455efc5ca404d5"'}, b"", "a part"),
    ("GET", "a/1", {"Range": "bytes=0-2", "If-Match": '"0"'}, b"", "another version"),
    ("PUT", "a/1", {"If-Match": '"0"'}, b"third", "overwritten, but of another version"),
    ("PUT", "a/1", {"If-Match": '"8b04d5e3775d298e78455efc5ca404d5"'}, b"third", "overwritten"),
    ("GET", "a/1", {}, b"", "the new one"),
    ("PUT", "a/x%3D2", {}, b"", "an odd name, no bytes"),
    ("DELETE", "a/1", {}, b"", "taken away"),
    ("DELETE", "a/1", {}, b"", "and once more"),
    ("GET", "a/1", {}, b"", "it is gone"),
]


@pytest.fixture(scope="module")
def moto():
    with pytest.MonkeyPatch.context() as patch, in_memory(patch):
        aws.reset()
        yield lambda *asked: botocore_stubber.process_request(AWSPreparedRequest(*asked, stream_output=False))


def test_the_table_answers_as_moto_does(moto):
    own = Stores()
    for name, asked, why in ASKED:
        headers = {"X-Amz-Target": f"DynamoDB_20120810.{name}", "Authorization": SIGNED.format("dynamodb")}
        request = "POST", TABLE, headers, json.dumps(asked).encode()
        theirs, ours = moto(*request), own.answer("dynamodb", *request)
        found = [(status, told(json.loads(body))) for status, _, body in (theirs, ours)]
        assert found[0] == found[1], why
    assert len(own.control.items["data_set#a"]) == 4


def told(body):
    """What the engine goes by: what kind of refusal, which items."""
    kept = {name: body[name] for name in ("Item", "Items", "Attributes", "Count") if name in body}
    reasons = [each["Code"] for each in body.get("CancellationReasons", [])]
    return body.get("__type", "").rpartition("#")[2], reasons, kept


def test_the_bucket_answers_as_moto_does(moto):
    own = Stores()
    for method, key, headers, body, why in FILES:
        request = method, BUCKET + key, {**headers, "Authorization": SIGNED.format("s3")}, body
        theirs, ours = moto(*request), own.answer("s3", *request)
        found = [(status, shown(headers), part(body)) for status, headers, body in (theirs, ours)]
        assert found[0] == found[1], why


def shown(headers):
    kept = {name.lower(): str(value) for name, value in headers.items()}
    return {name: kept.get(name) for name in ("etag", "x-amz-meta-sha256")}


def part(body):
    """A body, of an error its code."""
    text = body.decode() if isinstance(body, bytes) else body
    return text.partition("<Code>")[2].partition("</Code>")[0] or text


@pytest.mark.parametrize("asked", [{}, {"prefix": "l/a/"}, {"start_after": "l/a/1"}, {"most": 1}])
def test_a_list_is_as_moto_gives_it(moto, asked):
    own, s3 = Stores(), aws.client("s3")
    for key in ("l/b/1", "l/a/2", "l/a/1", "l/a/pull_date=1/x"):
        own.bucket.put(key, key.encode())
        s3.put_object(Bucket=VAULT, Key=key, Body=key.encode())
    query = {"list-type": "2", "encoding-type": "url", "prefix": asked.get("prefix", "l/")}
    query |= {"start-after": asked.get("start_after", ""), "max-keys": str(asked.get("most", 1000))}
    url = f"{BUCKET}?{'&'.join(f'{name}={value}' for name, value in query.items() if value)}"
    request = "GET", url, {"Authorization": SIGNED.format("s3")}, b""
    found = [listed(body) for _, _, body in (moto(*request), own.answer("s3", *request))]
    assert found[0] == found[1]


def listed(body):
    text = body.decode() if isinstance(body, bytes) else body
    return [
        re.findall(f"<{name}>(.*?)</{name}>", text.replace("&quot;", '"'))
        for name in ("Key", "ETag", "Size", "IsTruncated")
    ]
