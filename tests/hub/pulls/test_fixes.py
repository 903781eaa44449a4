"""Fixes and drift as a pull keeps them: lines in the vault, counts in the ledger, holds and refusals."""

import gzip
import json
import sqlite3
from contextlib import closing

import boto3
import pytest

from hub.pulls.undoing import Undone, mark
from tests.hub.pulls.conftest import VAULT
from tests.hub.pulls.manifests import SQL_SHOP

SHOP = (
    SQL_SHOP
    + """\
  people:
    description: People.
    fetch: {table: people, rows: 30}
    frequency: {class: on-demand}
    keys: {business: [id]}
    hard_deletes: ignore
    on_drift: %s
    gate: {undecided: fetch_again}
    columns:
      id:     {type: bigint, required: true}
      gender: {type: varchar, check: gender, on_failure: fix}
      city:   {type: varchar}
      stage:  {type: varchar, check: {one_of: [lead]}}
"""
)


def fill(path, rows, columns="id integer, gender text, city text, stage text"):
    with closing(sqlite3.connect(path)) as database:
        database.execute("drop table if exists people")
        database.execute(f"create table people ({columns})")
        database.executemany(f"insert into people values ({','.join('?' * len(rows[0]))})", rows)
        database.commit()


@pytest.fixture
def hub(bench, deployment, tmp_path):
    def made(rows, on_drift="keep", **more):
        path = tmp_path / "shop.sqlite"
        fill(path, rows, **more)
        return path, bench(deployment(shop=SHOP % (f"sqlite:///{path}", on_drift)))

    return made


PEOPLE = [(n, "f", "Pune", "lead") for n in range(25)]


def test_fixes_are_lines_in_the_vault(hub):
    rows = [(1, "F", "x", "lead"), (2, "female", "x", "lead"), (3, "7", "x", "lead"), (4, "m", "x", "none")]
    _, bench = hub(rows)
    pull = bench.pull("shop.people")
    assert (pull.staged, pull.quarantined) == (3, 1)
    assert pull.fixed == {"gender: gender": 1}
    assert pull.warned == {"gender: gender": 1}, "what no repair was found for"
    key = f"fixes/shop/people/{pull.pull_id}/batch-00001.jsonl.gz"
    body = boto3.client("s3").get_object(Bucket=VAULT, Key=key)["Body"].read()
    lines = [json.loads(line) for line in gzip.decompress(body).splitlines()]
    assert [(each["row"], each["before"], each["after"], each["certainty"]) for each in lines] == [
        (1, "F", "female", 1.0),
        (3, "7", None, 0.0),
    ], "a refused row is in quarantine as the source wrote it, not among the fixes"
    staged = {row["_record_key"]: row for row in bench.staged("shop.people").to_pylist()}
    assert [staged[each["record_key"]]["gender"] for each in lines] == ["female", None]
    assert {(each["column"], each["rule"]) for each in lines} == {("gender", "gender")}


def test_fixes_are_one_table_for_all_data_sets(hub):
    _, bench = hub([(1, "F", "x", "lead")])
    first, second = bench.pull("shop.people"), bench.pull("shop.people")
    glue = boto3.client("glue")
    found = glue.get_partitions(DatabaseName="test_staging", TableName="fixes")["Partitions"]
    assert sorted(each["Values"] for each in found) == [
        ["shop", "people", first.pull_id],
        ["shop", "people", second.pull_id],
    ]
    assert found[0]["StorageDescriptor"]["Location"].startswith(f"s3://{VAULT}/fixes/shop/people/")


GONE = [(n, "f", None, "lead") for n in range(25)]
NUMBERS = [(n, "f", 7, "lead") for n in range(25)]


@pytest.mark.parametrize(
    ("rows", "columns", "notice", "why"),
    [
        (PEOPLE, "text", ([], {}), "nothing changed"),
        (GONE, "text", (["city"], {}), "a column without any value, which had some"),
        (NUMBERS, "integer", ([], {"city": "text before, number now"}), "another type"),
        (GONE[:19], "text", ([], {}), "of few rows it says nothing"),
    ],
)
def test_notices(hub, rows, columns, notice, why):
    path, bench = hub(PEOPLE)
    bench.pull("shop.people")
    fill(path, rows, f"id integer, gender text, city {columns}, stage text")
    pull = bench.pull("shop.people")
    assert (pull.state, (pull.vanished_fields, pull.changed_types)) == ("complete", notice), why
    again = bench.pull("shop.people")
    assert again.vanished_fields == notice[0], "it is told until it is settled"
    assert again.changed_types == {}, "the new type is known from then on"


def test_hold(hub):
    path, bench = hub(PEOPLE, "hold")
    assert bench.pull("shop.people").state == "complete"
    fill(path, NUMBERS, "id integer, gender text, city integer, stage text")
    pull = bench.pull("shop.people")
    assert (pull.state, pull.reason) == (
        "held",
        "other types than before in city (text before, number now); release it if that is right",
    )
    bench.abandon(pull)
    again = bench.pull("shop.people")
    assert again.state == "held", "what was held is not known"
    bench.abandon(again)
    fill(path, GONE)
    assert "no value any more in city" in bench.pull("shop.people").reason


def test_quarantine(hub):
    path, bench = hub(PEOPLE, "quarantine")
    bench.pull("shop.people")
    rows = [(n, "f", "Pune", "lead", "x" if n < 3 else None) for n in range(25)]
    fill(path, rows, "id integer, gender text, city text, stage text, nick text")
    pull = bench.pull("shop.people")
    assert (pull.state, pull.staged, pull.rules) == ("complete", 22, {": drift": 3})
    fill(path, [(n, "f", 7 if n < 3 else None, "lead") for n in range(25)], "id, gender, city, stage")
    pull = bench.pull("shop.people")
    assert (pull.state, pull.staged, pull.rules) == ("complete", 22, {"city: drift": 3})


def undo(pull, column, before, key):
    Undone(VAULT, pull.source, pull.data_set).put(mark(column, key, before))


def genders(bench, pull):
    rows = bench.staged("shop.people", [pull.pull_id]).to_pylist()
    return {row["id"]: row["gender"] for row in rows}


def test_what_is_undone_stays_undone_at_the_next_pull(hub):
    rows = [(1, "F", "x", "lead"), (2, "F", "x", "lead"), (3, "M", "x", "lead")]
    path, bench = hub(rows)
    first = bench.pull("shop.people")
    assert genders(bench, first) == {1: "female", 2: "female", 3: "male"}
    keys = {row["id"]: row["_record_key"] for row in bench.staged("shop.people").to_pylist()}
    undo(first, "gender", "F", keys[1])
    second = bench.pull("shop.people")
    assert genders(bench, second) == {1: "F", 2: "female", 3: "male"}, "of this record alone"
    assert second.fixed == {"gender: gender": 2}, "what is undone is no fix"
    assert genders(bench, bench.pull("shop.people"))[1] == "F", "and so at every later pull"
    fill(path, [(1, "W", "x", "lead"), *rows[1:]])
    assert genders(bench, bench.pull("shop.people"))[1] == "female", "another value of the source is mended again"
    Undone(VAULT, "shop", "people").remove(mark("gender", keys[1], "F"))
    fill(path, rows)
    assert genders(bench, bench.pull("shop.people"))[1] == "female", "taken back"
