"""What moves a hub, piece by piece: places, names, hashes, values of items, keys."""

import json
from decimal import Decimal
from types import SimpleNamespace

import boto3
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from hub import aws
from infra.operate.moving import items
from infra.operate.moving.digests import Tally
from infra.operate.moving.keys import take_over
from infra.operate.moving.objects import _name
from infra.operate.moving.place import Bucket, Folder, place
from infra.operate.moving.stores import KEYS, TABLES, Stores
from infra.operate.stage import OperateError
from tests.stores import create_table

OLD = "ab" * 32
LINKS = json.dumps({"current": "k1", "keys": {"k0": "01" * 32, "k1": OLD}})


@pytest.mark.parametrize(
    ("text", "found", "why"),
    [
        ("s3://exports/2026/hub/", ("exports", "2026/hub/"), "a prefix ends with a line"),
        ("s3://exports/2026", ("exports", "2026/"), "also where none was written"),
        ("s3://exports", ("exports", ""), "a whole bucket"),
        ("out", None, "a folder"),
    ],
)
def test_a_place_is_a_folder_or_a_bucket(text, found, why):
    where = place(text)
    assert isinstance(where, Bucket if found else Folder), why
    assert not found or (where.bucket, where.prefix) == found, why


@pytest.mark.parametrize(("text", "why"), [("", "none was named"), ("gs://x/y", "not S3"), ("s3:///x", "no bucket")])
def test_what_is_no_place_is_refused(text, why):
    with pytest.raises(OperateError, match="folder, or s3://"):
        place(text)


@pytest.mark.parametrize(
    ("key", "name", "why"),
    [
        ("staging/crm/c/pull_date=2026-01-01/batch-00001.parquet", None, "as it is"),
        ("drop/calls/a", "objects/vault/_flat/drop%2Fcalls%2Fa", "beside it may lie drop/calls/a/b"),
        ("landing/../x", "objects/vault/_flat/landing%2F..%2Fx", "leaves no folder"),
        ("landing/ä", "objects/vault/_flat/landing%2F%C3%A4", "no disk writes it otherwise"),
        ("lists/", "objects/vault/_flat/lists%2F", "a key that ends like a folder"),
        ("landing/" + "a" * 300, None, "too long for a disk"),
    ],
)
def test_each_key_has_a_file_that_any_disk_takes(key, name, why):
    found = _name("vault", key)
    assert found == (name or f"objects/vault/{key}") or len(key) > 200, why
    assert max(map(len, found.split("/"))) <= 255 and ".." not in found.split("/"), why


ROWS = [{"a": "x", "n": 1}, {"a": None, "n": 2}, {"a": "x;n=1:1", "n": None}]


def digest(rows, **columns):
    tally = Tally()
    tally.add_rows(pa.Table.from_pylist(rows, pa.schema(columns or {"a": pa.string(), "n": pa.int64()})))
    return tally.count, tally.digest


def test_a_hash_depends_on_rows_and_on_nothing_else():
    whole = digest(ROWS)
    assert digest(ROWS[::-1]) == whole, "in any order"
    assert digest(ROWS, n=pa.int32(), a=pa.large_string()) == whole, "however it is stored"
    assert digest(ROWS, a=pa.string(), n=pa.int64(), new=pa.date32()) == whole, "a column that nobody has filled"
    for other in ([*ROWS, ROWS[0]], [*ROWS[1:], {"a": "x", "n": 2}], [*ROWS[1:], {"a": "1", "n": "x"}][:2]):
        assert digest(other) != whole
    assert digest([{"a": "x;n=1:1", "n": None}]) != digest([{"a": "x", "n": 1}]), "no value looks like two"
    assert digest([{"a": ""}]) != digest([{"a": None}]), "nothing is not the empty text"


KINDS = st.recursive(
    st.one_of(
        st.text().map(lambda text: {"S": text}),
        st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: {"N": str(number)}),
        st.binary().map(lambda some: {"B": some}),
        st.booleans().map(lambda yes: {"BOOL": yes}),
        st.just({"NULL": True}),
        st.sets(st.binary(), min_size=1).map(lambda some: {"BS": sorted(some)}),
        st.sets(st.text(), min_size=1).map(lambda some: {"SS": sorted(some)}),
    ),
    lambda inner: st.one_of(
        st.lists(inner).map(lambda some: {"L": some}),
        st.dictionaries(st.sampled_from(["a", "SS", "L", "B"]), inner).map(lambda some: {"M": some}),
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["pk", "SS", "NS", "x"]), KINDS))
def test_an_item_is_itself_again(item):
    line = json.loads(json.dumps(items.plain(item)))
    assert in_order(items.typed(line)) == in_order(item)


def in_order(value):
    """Sets of bytes are sorted by their text in base64."""
    if isinstance(value, dict):
        return {name: sorted(each) if name == "BS" and isinstance(each, list) else in_order(each)
                for name, each in value.items()}  # fmt: skip
    return [in_order(each) for each in value] if isinstance(value, list) else value


@pytest.fixture
def stores(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    aws.reset()
    with mock_aws():
        for name in TABLES:
            create_table(aws.client("dynamodb"), name)
        for zone in ("vault", "reporting"):
            aws.client("glue").create_database(DatabaseInput={"Name": f"next_{zone}"})
        parameters = {name: f"/hub/next/{name}" for name in KEYS}
        yield Stores("next", "next", {}, {name: name for name in TABLES}, parameters)
    aws.reset()


GIVEN = [
    ("token-key", OLD, None, "64 letters"),
    ("token-key", OLD + "\n", None, "as a pipe gives it"),
    ("link-keys", LINKS, None, "with those before it"),
    ("token-key", OLD[:-1], "64 hexadecimal", "one letter lacks"),
    ("token-key", "", "64 hexadecimal", "an empty pipe"),
    ("link-keys", OLD, "current", "the other key"),
    ("link-keys", '{"current": "k2", "keys": {}}', "current", "the current one is not among them"),
    ("link-keys", '["k1"]', "current", "another form"),
]


@pytest.mark.parametrize(("name", "value", "refused", "why"), GIVEN, ids=[why for *_, why in GIVEN])
def test_an_empty_hub_takes_the_keys_of_another(stores, name, value, refused, why):
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    stage = SimpleNamespace(name="next", outputs={"HubKey": key})
    if refused:
        with pytest.raises(OperateError, match=refused):
            take_over(stage, stores, name, value)
        return
    take_over(stage, stores, name, value)
    kept = boto3.client("ssm").get_parameter(Name=f"/hub/next/{name}", WithDecryption=True)["Parameter"]
    assert (kept["Type"], kept["Value"]) == ("SecureString", value.strip()), why


def test_a_hub_in_use_keeps_its_keys(stores):
    aws.table("consent").put_item(Item={"pk": "c1", "sk": "consent#email", "at": Decimal(1)})
    with pytest.raises(OperateError, match="is not empty: its table consent has items"):
        take_over(SimpleNamespace(name="next"), stores, "token-key", OLD)
