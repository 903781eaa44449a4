"""What the hub asks of its stores: the same suite on moto in this process and on the laptop's emulator.

The hub speaks to DynamoDB and S3 through boto3 alone, so these are the laws that either twin has to keep.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TypeVar

import boto3
import pytest
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError
from moto import mock_aws

from hub import aws
from hub.campaigns.items import all_or_none, get_all, holds, query, some
from hub.capture.asked import AskedStore
from hub.capture.store import MOST_TRIES, VerificationStore
from hub.pulls.items import pages
from hub.pulls.objects import put
from infra.local import emulator
from tests.e2e.harness import new_laptop
from tests.stores import create_bucket, create_table

KEYS = {"AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "eu-west-1"}
T = TypeVar("T")
NEW = "attribute_not_exists(pk)"
TABLE, BUCKET = "twin", "twin-bucket"
LARGE = "x" * 350_000  # four of them are more than one page of a query


@pytest.fixture(scope="module", params=["moto", "emulator"])
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A table and a bucket with versions, as the stacks make them, on one of the twins."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        if request.param == "moto":
            with mock_aws():
                yield made(at_once=1)  # moto takes no lock between a condition and its write
        else:
            laptop = new_laptop(tmp_path_factory.mktemp("twin"))
            patch.setenv("AWS_ENDPOINT_URL", laptop.endpoint)
            process = emulator.emulator(laptop)
            process.start()
            try:
                process.wait()
                yield made(at_once=8)
            finally:
                process.stop()
    aws.reset()


def made(at_once: int) -> SimpleNamespace:
    aws.reset()
    create_table(aws.client("dynamodb"), TABLE, by_time=True)
    s3 = aws.client("s3")
    create_bucket(s3, BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def by_many(write: Callable[[int], T]) -> list[T]:
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(write, range(16)))

    return SimpleNamespace(table=aws.table(TABLE), s3=s3, by_many=by_many)


def test_of_many_writers_one_is_the_first(stores):
    def write(number):
        item = {"pk": "first", "sk": "-", "by": number}
        return holds(stores.table.put_item, Item=item, ConditionExpression=NEW)

    assert stores.by_many(write).count(True) == 1


def test_counting_at_once_loses_nothing_and_stops_at_the_limit(stores):
    def count(_):
        return holds(
            stores.table.update_item,
            Key={"pk": "count", "sk": "-"},
            UpdateExpression="ADD tries :one",
            ConditionExpression="attribute_not_exists(pk) OR tries < :most",
            ExpressionAttributeValues={":one": 1, ":most": 5},
        )

    assert stores.by_many(count).count(True) == 5
    assert stores.table.get_item(Key={"pk": "count", "sk": "-"}, ConsistentRead=True)["Item"]["tries"] == 5


def test_of_many_requests_at_once_one_asks(stores):
    def claim(number):
        """Two customers who are being merged: one record is theirs together."""
        records = ["crm:C1", f"shop:{number % 2}"]
        return AskedStore(TABLE, b"k").claim(records, "email", "web", "client:shop")

    assert stores.by_many(claim).count(True) == 1


def test_a_code_has_so_many_tries_and_no_more(stores):
    store, one = VerificationStore(TABLE), "v20260101t000000aaaaaa"
    item = {"verification_id": one, "customer_id": "c1", "field": "email", "method": "otp", "value_key": "0f"}
    store.begin(item | {"until": 200})
    assert store.try_code(one, 200) is None, "too late"
    assert sum(each is not None for each in stores.by_many(lambda _: store.try_code(one, 100))) == MOST_TRIES


def test_a_fence_keeps_out_who_is_late(stores):
    key = {"pk": "lease", "sk": "state"}
    stores.table.put_item(Item=key | {"fence": 2})
    change = {"Key": key, "UpdateExpression": "SET mark = :m", "ConditionExpression": Attr("fence").eq(1)}
    assert not holds(stores.table.update_item, **change, ExpressionAttributeValues={":m": "late"})
    change["ConditionExpression"] = Attr("fence").eq(2)
    assert holds(stores.table.update_item, **change, ExpressionAttributeValues={":m": "mine"})
    assert stores.table.get_item(Key=key)["Item"]["mark"] == "mine"


def test_a_transaction_is_all_or_nothing(stores):
    def put_new(*names):
        return [
            {"Put": {"TableName": TABLE, "Item": {"pk": "all", "sk": name}, "ConditionExpression": NEW}}
            for name in names
        ]

    assert all_or_none(TABLE, put_new("a", "b"))
    assert not all_or_none(TABLE, put_new("c", "b", "d")), "b is there"
    assert [item["sk"] for item in query(TABLE, "all")] == ["a", "b"]


def test_a_transaction_says_which_condition_did_not_hold(stores):
    stores.table.put_item(Item={"pk": "reasons", "sk": "b"})
    writes = [
        {"Put": {"TableName": TABLE, "Item": {"pk": "reasons", "sk": sk}, "ConditionExpression": NEW}}
        for sk in ("a", "b")
    ]
    with pytest.raises(ClientError) as error:
        stores.table.meta.client.transact_write_items(TransactItems=writes)
    assert error.value.response["Error"]["Code"] == "TransactionCanceledException"
    assert [each["Code"] for each in error.value.response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]


def test_a_query_gives_all_pages_in_order_and_goes_on_behind_a_key(stores):
    for number in range(7):
        stores.table.put_item(Item={"pk": "pages", "sk": f"n{number}", "odd": number % 2 == 1})
    names = [f"n{number}" for number in range(7)]
    assert [item["sk"] for item in query(TABLE, "pages", Limit=2)] == names
    assert [item["sk"] for item in query(TABLE, "pages", "n1")] == ["n1"]
    seen, after = [], None
    while True:
        items, after = some(TABLE, "pages", after, 3)
        seen.append([item["sk"] for item in items])
        if after is None:
            break
    assert seen == [["n6", "n5", "n4"], ["n3", "n2", "n1"], ["n0"]]
    odd = query(TABLE, "pages", Limit=2, FilterExpression=Attr("odd").eq(True))
    assert [item["sk"] for item in odd] == ["n1", "n3", "n5"], "a filter leaves out, a page may be empty"


def test_a_query_of_more_than_a_megabyte_comes_in_pages(stores):
    for number in range(4):
        stores.table.put_item(Item={"pk": "large", "sk": str(number), "text": LARGE})
    assert [item["sk"] for item in query(TABLE, "large")] == ["0", "1", "2", "3"]


def test_an_index_lists_the_newest_first(stores):
    for number in range(5):
        item = {"pk": f"pull#{number}", "sk": "-", "gsi1pk": "pulls", "gsi1sk": f"2026-01-0{number + 1}"}
        stores.table.put_item(Item=item)
    condition = boto3.dynamodb.conditions.Key("gsi1pk").eq("pulls")
    options = {"IndexName": "by_time", "KeyConditionExpression": condition, "ScanIndexForward": False, "Limit": 2}
    assert [item["pk"] for item in pages(stores.table, **options)] == [f"pull#{n}" for n in (4, 3, 2, 1, 0)]


def test_more_keys_than_one_batch_are_read_at_once(stores):
    with stores.table.batch_writer() as batch:
        for number in range(120):
            batch.put_item(Item={"pk": "many", "sk": str(number)})
    found = get_all(TABLE, ({"pk": "many", "sk": str(number)} for number in range(130)))
    assert len(list(found)) == 120, "those that are there"


def test_an_object_is_written_once_and_its_repeat_is_known(stores):
    fence = threading.Event()
    first = put(BUCKET, "once/a", b"one", fence.set)
    assert put(BUCKET, "once/a", b"one", fence.set) == first, "the same again"
    assert not fence.is_set()
    put(BUCKET, "once/a", b"two", fence.set)
    assert fence.is_set(), "something else is written by whoever still holds the lease"
    with pytest.raises(ClientError) as error:
        stores.s3.put_object(Bucket=BUCKET, Key="once/a", Body=b"three", IfNoneMatch="*")
    assert error.value.response["Error"]["Code"] == "PreconditionFailed"
    assert stores.s3.get_object(Bucket=BUCKET, Key="once/a")["Body"].read() == b"two"


def test_versions_are_kept_and_come_back(stores):
    for body in (b"old", b"new"):
        stores.s3.put_object(Bucket=BUCKET, Key="versions/a", Body=body)
    stores.s3.delete_object(Bucket=BUCKET, Key="versions/a")
    with pytest.raises(ClientError):
        stores.s3.head_object(Bucket=BUCKET, Key="versions/a")
    listed = stores.s3.list_object_versions(Bucket=BUCKET, Prefix="versions/")
    assert len(listed["DeleteMarkers"]) == 1
    ids = [each["VersionId"] for each in listed["Versions"]]
    bodies = {stores.s3.get_object(Bucket=BUCKET, Key="versions/a", VersionId=each)["Body"].read() for each in ids}
    assert bodies == {b"old", b"new"}


def test_a_listing_comes_in_pages_in_order_and_goes_on_behind_a_name(stores):
    names = [f"listing/{number:02d}" for number in range(7)]
    for name in (*names[::-1], "listing-other"):
        stores.s3.put_object(Bucket=BUCKET, Key=name, Body=b"")
    paginator = stores.s3.get_paginator("list_objects_v2")
    options = {"Bucket": BUCKET, "Prefix": "listing/", "PaginationConfig": {"PageSize": 3}}
    found = [[item["Key"] for item in page.get("Contents", [])] for page in paginator.paginate(**options)]
    assert found == [names[:3], names[3:6], names[6:]]
    behind = stores.s3.list_objects_v2(Bucket=BUCKET, Prefix="listing/", StartAfter=names[4])
    assert [item["Key"] for item in behind["Contents"]] == names[5:]
