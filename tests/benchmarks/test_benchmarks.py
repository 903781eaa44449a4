"""The benchmark's programs run, without peers and on few rows, so that they are whole when somebody measures."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import checks, environments
from benchmarks.pull import __main__ as program
from benchmarks.pull import api, cost, records, sources, verify
from benchmarks.pull.cases import cases
from benchmarks.pull.measure import Figure, median, run

ROWS = 1_200


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch):
    monkeypatch.setattr(environments, "python", lambda peer: Path(sys.executable))


def test_the_hub_is_measured_and_its_output_is_looked_through(tmp_path):
    hub = next(case for case in cases(ROWS) if (case.work, case.peer) == ("rest", "hub"))
    with sources.source("rest", ROWS, tmp_path) as place:
        figure = run(hub, place, ROWS)
    assert figure.verdict == "same"
    assert figure.requests["s3 PUT"] >= 2, "landing and staging"
    dlt = replace(figure, cpu=figure.cpu * 2, start=figure.cpu)
    told = program.table({"rest": {"hub": replace(figure, start=figure.cpu / 2), "dlt": dlt}}, ROWS)
    assert re.search(r"\| rest \| hub \| [\d,]+ \|  \|  \|( [\d.]+ \|){3} [\d,]+ \| same \|  \|", told[2])
    assert "| 2.0 times | 2.0 times |" in told[3]
    assert "s3 PUT" in program.prices({"rest": {"hub": figure}}, ROWS)[2]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows, "same"),
        (lambda rows: list(reversed(rows)), "same"),
        (lambda rows: rows[1:], "1 rows lost"),
        (lambda rows: [*rows[1:], rows[1]], "1 rows lost"),
        (lambda rows: [*rows, rows[3], rows[4]], "2 rows twice"),
        (lambda rows: [{**rows[0], "unit_price": 0.01}, *rows[1:]], "values differ"),
        (lambda rows: [{**rows[0], "updated_at": "2026-01-01T00:00:00+01:00"}, *rows[1:]], "values differ"),
    ],
)
def test_an_output_is_compared_with_the_source_row_by_row(tmp_path, change, told):
    pq.write_table(pa.Table.from_pylist(change(list(records.records(20)))), tmp_path / "1.parquet")
    assert verify.compared(20, f"{tmp_path}/*.parquet", verify.content_of(20)) == told


def test_flat_pages_hold_every_number_once():
    page, numbers = api.flat(3 * records.PAGE), []
    for at in (1, 2, 3):
        answer = json.loads(page(at))
        assert answer["total"] == 3 * records.PAGE
        assert all(each["order_no"] == f"SO-{each['id']}" for each in answer["items"])
        numbers += [each["id"] for each in answer["items"]]
    assert numbers == list(range(10_000_000, 10_003_000))
    assert page(4) is None


def test_a_price_is_of_the_requests_and_the_seconds():
    cents = cost.per_million(
        2_000_000, 20.0, {"s3 PUT": 100, "s3 GET": 10, "dynamodb write": 200, "ssm GetParameter": 9}
    )
    assert {name: round(each, 4) for name, each in cents.items()} == {
        "Lambda": 0.0267,
        "S3": 0.0252,
        "DynamoDB": 0.0071,
        "others": 0.0,
    }


def test_medians_tell_every_verdict():
    runs = [
        Figure(wall, cpu, 10.0, verdict)
        for wall, cpu, verdict in [(1, 9, "same"), (2, 8, "same"), (9, 1, "1 rows lost")]
    ]
    assert median(runs, 0.5) == Figure(2, 8, 10.0, "same, 1 rows lost", {}, 0.5)


def test_the_hub_finds_the_broken_rows_that_were_made(tmp_path):
    pq.write_table(checks.rows(5_000), tmp_path / "rows.parquet")
    found = checks.hub(str(tmp_path / "rows.parquet"))()
    table = checks.rows(5_000)
    wrong = [at for at, each in enumerate(table.to_pylist()) if each["status"] == "unknown" or each["sku"] == "sku1"]
    assert wrong
    assert set(wrong) <= set(found)
    assert len(found) < 100


@pytest.mark.parametrize("peer", sorted({case.peer for case in cases(1)} | set(checks.TOOLS.values())))
def test_every_peer_is_pinned_with_hashes(peer):
    told = "".join(file.read_text() for file in environments.pinned(peer))
    pinned = re.findall(r"^[\w.-]+(?:\[[\w,-]+\])?==\S+", told, re.MULTILINE)
    assert pinned
    assert len(re.findall(r"^\S+==.*\\$\n    --hash", told, re.MULTILINE)) == len(pinned)
    assert peer in environments.NAMED
    assert environments.versions().count(f"; {peer}: ") == 1
