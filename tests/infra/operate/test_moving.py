"""What moves a hub, piece by piece: places, names, hashes, values of items, keys."""

import dataclasses
import json
import re
from decimal import Decimal
from types import SimpleNamespace

import boto3
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from hub import aws
from hub.access.store import CustomRole, RoleStore
from infra.local.laptop import read
from infra.operate.__main__ import main
from infra.operate.moving import items
from infra.operate.moving.arriving import make_groups
from infra.operate.moving.digests import Tally
from infra.operate.moving.keys import take_over
from infra.operate.moving.manifest import File, deployed, differing
from infra.operate.moving.objects import _name
from infra.operate.moving.place import Bucket, Folder, place, sha256
from infra.operate.moving.state import users
from infra.operate.moving.stores import KEYS, TABLES, ZONES, Stores, of_stage
from infra.operate.stage import OperateError
from infra.stacks.storage import TABLES as MADE
from infra.stacks.storage import ZONES as DATABASES
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


def test_a_stage_with_a_hyphen_finds_its_databases():
    assert Stores("eu-prod", "eu-prod", {}, {}).database("vault") == "eu_prod_vault"


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


def test_every_store_of_a_deployed_stage_is_moved_or_meant_to_stay(cloud):
    """A new table or bucket of the stacks has to be thought of here too."""
    said = {}
    for function in cloud.of_type("AWS::Lambda::Function"):
        said |= function.properties.get("Environment", {}).get("Variables", {})
    found = of_stage(SimpleNamespace(name="test", settings=said))
    kept = {name for name in said if name.endswith(("_TABLE", "_BUCKET"))}
    names = {f"{name}_table" for name in found.tables} | {f"{name}_bucket" for name in found.buckets}
    assert kept == {name.upper() for name in names}
    made = {re.match("Bucket([a-z]+)", bucket.id)[1] for bucket in cloud.of_type("AWS::S3::Bucket")}
    assert made == {*found.buckets, "results", "logs"}, "results are seven days old at most, logs are of the place"
    assert set(MADE) == set(TABLES)
    assert set(DATABASES) == {*ZONES, "staging", "scratch"}


def test_a_stage_that_is_not_there_is_no_hub():
    with pytest.raises(OperateError, match="is not deployed here"):
        of_stage(SimpleNamespace(name="next", settings={}))


@pytest.mark.parametrize("verb", ["export-hub", "import-hub"])
def test_an_operator_says_where(verb, monkeypatch, capsys):
    monkeypatch.setenv("STAGE", "dev")
    assert main([verb, ""]) == 1
    assert "say where: a folder, or s3://" in capsys.readouterr().err


def test_a_laptop_waits_for_an_export():
    assert [read(arguments)[0].empty for arguments in ([], ["--empty"])] == [False, True]


def test_another_deployment_folder_is_told_file_by_file(tmp_path):
    for name, text in {"hub.yaml": "a", "sources/crm.yaml": "b", ".env": "secret", "x/__pycache__/y.pyc": ""}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert sorted(deployed(tmp_path)) == ["hub.yaml", "sources/crm.yaml"], "what is hidden stays"
    files = [File(name=f"deployment/{name}", bytes=1, sha256=sha256(path)) for name, path in deployed(tmp_path).items()]
    told = SimpleNamespace(deployment=files)
    assert differing(told, tmp_path) == []
    (tmp_path / "hub.yaml").write_text("c")
    (tmp_path / "sources/shop.yaml").write_text("d")
    assert differing(told, tmp_path) == ["hub.yaml", "sources/shop.yaml"]


def test_custom_roles_can_be_given_in_the_new_hub_and_users_are_only_counted(stores):
    cognito = boto3.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="next")["UserPool"]["Id"]
    there = dataclasses.replace(stores, user_pool=pool)
    RoleStore("access").put(CustomRole("desk", "Who answers.", frozenset({"customers.read"})), new=True)
    make_groups(there)
    make_groups(there)
    cognito.admin_create_user(UserPoolId=pool, Username="asha", UserAttributes=[{"Name": "email", "Value": "a@x.in"}])
    cognito.admin_add_user_to_group(UserPoolId=pool, Username="asha", GroupName="desk")
    assert users(there) == {"desk": 1}
