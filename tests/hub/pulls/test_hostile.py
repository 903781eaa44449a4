"""Sources that lie, loop, drip and change: the pull says which and why, counts every row, and goes on when mended."""

import json
import sqlite3
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import VAULT
from tests.hub.sources import double

CONTACTS, CALLS = "crm.contacts", "calls.calls"
HEADER, ROWS = "call_id,minutes\n", "".join(f"K{n},{n}\n" for n in range(25))


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("hub.sources.http.time.sleep", lambda seconds: None)


@pytest.fixture
def pulled(bench, deployment):
    """A pull of an API that answers with a fault, or a text, always."""

    def made(fault, paging=manifests.CURSOR, count=60, total=lambda count: count):
        with double.serving(double.Api([manifests.contact(n) for n in range(count)])) as api:
            api.always, api.total = double.says(fault) if isinstance(fault, str) else fault, total
            engine = bench(deployment(crm=manifests.crm(api.url, paging)))
            pull = engine.pull(CONTACTS)
        assert pull.received == pull.staged + pull.duplicate + pull.quarantined + pull.filtered
        return pull, engine, len(api.asked)

    return made


@pytest.fixture
def dropped(bench, deployment):
    """A pull of one file with these bytes."""

    def made(data, form="csv", engine=None):
        engine = engine or bench(deployment(calls=manifests.calls().replace("format: csv", f"format: {form}")))
        body = data.encode() if isinstance(data, str) else data
        boto3.client("s3").put_object(Bucket=VAULT, Key="drop/calls/a.csv", Body=body)
        pull = engine.pull(CALLS)
        assert pull.received == pull.staged + pull.duplicate + pull.quarantined + pull.filtered
        return pull, engine

    return made


def circle(request, body):
    """Cursors 0, 10, 20, 30 and then 10 again; no total."""
    at = parse_qs(urlsplit(request.path).query).get("cursor", ["0"])[0]
    following = {"0": "10", "10": "20", "20": "30"}.get(at, "10")
    double.whole(request, json.dumps({**json.loads(body), "next_cursor": following, "total": None}).encode())


def stamped(request, body):
    """The same rows whatever page is asked for, each time with another time of day."""
    items = [manifests.contact(n) for n in range(10)]
    double.whole(request, json.dumps({"items": items, "served_at": id(request)}).encode())


@pytest.mark.parametrize(
    ("fault", "paging", "told"),
    [(circle, manifests.CURSOR, "goes round in a circle"), (stamped, manifests.PAGE, "repeats a page")],
)
def test_pages_without_an_end(pulled, fault, paging, told):
    pull, _, asked = pulled(fault, paging)
    assert (pull.state, told in pull.error, asked < 12) == ("failed", True, True)


def test_a_total_that_is_too_low_at_the_end_of_a_page(pulled):
    pull, _, _ = pulled(double.whole, manifests.PAGE, total=lambda count: 20)
    assert (pull.state, pull.received) == ("held", 60)
    assert pull.reason.startswith("the source declares 20 rows, 60 were received")


@pytest.mark.parametrize(
    ("following", "told"),
    [
        ({"page": 2}, "the next cursor at $.next_cursor is no text or number"),
        (True, "the next cursor at $.next_cursor is no text or number"),
        (0, "repeats a page"),  # a place like any other, not the end
    ],
)
def test_a_next_cursor_that_is_none(pulled, following, told):
    items = [manifests.contact(n) for n in range(10)]
    pull, _, _ = pulled(json.dumps({"items": items, "next_cursor": following}))
    assert (pull.state, told in pull.error) == ("failed", True)


@pytest.mark.parametrize("total", ["²", "many", None, [30], True])
def test_a_total_that_is_no_number_is_not_compared(pulled, total):
    pull, _, _ = pulled(double.whole, count=30, total=lambda count: total)
    assert (pull.state, pull.declared_by_source) == ("complete", None)


@pytest.mark.parametrize("total", ["31", 31.0, 31])
def test_a_total_in_any_spelling_counts(pulled, total):
    assert pulled(double.whole, count=30, total=lambda count: total)[0].state == "held"


def test_a_row_on_the_border_of_two_windows_is_counted_twice_and_staged_once(bench, deployment):
    """Both windows hold it and count it in their totals; the ledger balances."""

    def window(request, body):
        asked = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        items = [row for row in rows if asked["from"] <= row["updated_at"] <= asked["to"]]
        double.whole(request, json.dumps({"items": items, "total": len(items)}).encode())

    rows = [manifests.contact(n, updated_at=f"2024-{n % 12 + 1:02d}-01T00:00:00.000000Z") for n in range(24)]
    paging = "window, from_parameter: from, to_parameter: to, start: 2024-01-01, span: 31 days"
    with double.serving(double.Api([])) as api:
        api.always = window
        text = manifests.crm(api.url, paging).replace(", size: 10", "").replace("parameter: updated_since, ", "")
        engine = bench(deployment(crm=text))
        first, second = engine.pull(CONTACTS), engine.pull(CONTACTS)
    assert (first.state, first.received, first.staged, first.duplicate) == ("complete", 26, 24, 2)
    assert first.declared_by_source == 26
    assert (second.state, second.staged) == ("complete", 2), "from the last change less the overlap"
    assert len(api.asked) < 80


def test_an_answer_that_drips_does_not_eat_the_workers_time(pulled, monkeypatch):
    monkeypatch.setattr("hub.sources.http.LONGEST_ANSWER", -1.0)
    pull, _, asked = pulled(double.whole)
    assert (pull.state, "still answering" in pull.error, asked) == ("failed", True, 1)


def test_one_odd_value_costs_its_row_only(pulled):
    items = [manifests.contact(n) for n in range(30)]
    items[1]["contact_id"], items[2]["age"], items[3]["more"] = 2**80, float("nan"), 2**90
    items[4]["updated_at"] = "0001-01-01T00:00:00+05:00"
    pull, engine, _ = pulled(json.dumps({"items": items, "total": 30}))
    assert (pull.state, pull.staged, pull.rules) == ("complete", 28, {"age: type": 1, "updated_at: type": 1})
    rows = {row["contact_id"]: row for row in engine.staged(CONTACTS).to_pylist()}
    assert str(2**80) in rows, "a key is never rounded"
    assert rows["C0003"]["_extra"] == f'{{"more":{2**90}}}'


def test_fields_that_are_called_like_persons_are_not_told(pulled):
    items = [{**manifests.contact(n), f"n{n}@example.com": 1, f"98450{n:05d}": 1, "nick": "x"} for n in range(25)]
    pull, _, _ = pulled(json.dumps({"items": items, "total": 25}))
    assert (pull.state, pull.new_fields) == ("complete", ["nick", "(fields whose names are no names)"])


@pytest.mark.parametrize("data", ["", "\n\n", "  \n", HEADER, HEADER.strip()])
def test_a_file_without_rows_has_none(dropped, data):
    pull, _ = dropped(data)
    assert (pull.state, pull.received) == ("complete", 0)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("Ravi Kumar,98450\n" + ROWS, "no header"),
        (HEADER.upper() + ROWS, "other capitals"),
        ("call_id\nK1\n", "a column is gone"),
        ("<html>sign in</html>", "a page of the export tool"),
    ],
)
def test_a_file_without_the_declared_columns_fails_and_names_them_alone(dropped, data, why):
    pull, engine = dropped(data)
    assert (pull.state, pull.received, pull.new_fields) == ("failed", 0, []), why
    assert "drop/calls/a.csv has no column" in pull.error
    assert "minutes" in pull.error
    assert "Ravi" not in pull.error
    mended, _ = dropped(HEADER + ROWS, engine=engine)
    assert (mended.state, mended.staged, mended.error) == ("complete", 25, None)


def test_a_quote_that_is_not_closed_hides_no_row(dropped):
    pull, _ = dropped(HEADER + ROWS + 'Kx,"1\n' + ROWS.replace("K", "L"))
    assert (pull.state, pull.received, pull.staged, pull.quarantined) == ("held", 51, 25, 26)


def test_two_quotes_that_are_each_not_closed_hide_no_row(dropped):
    """Together they look like one value of all the rows between them."""
    pull, _ = dropped(HEADER + ROWS + '"A,1\n' + "M1,1\nM2,2\n" + '"B,2\n' + ROWS.replace("K", "L"))
    assert (pull.state, pull.received, pull.staged, pull.quarantined) == ("complete", 54, 50, 4)


def test_values_and_names_over_several_lines_are_no_mistake(dropped):
    rows = "".join(f'"K\n{n}",{n},"said ""no"""\n' for n in range(25))
    pull, _ = dropped('call_id,minutes,"more\nof it"\n' + rows)
    assert (pull.state, pull.received, pull.staged) == ("complete", 25, 25)


def test_lines_that_end_as_on_old_macs(dropped):
    assert dropped((HEADER + ROWS).replace("\n", "\r"))[0].staged == 25


def parquet(**columns):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"call_id": [f"K{n}" for n in range(25)], "minutes": range(25), **columns}), sink)
    return sink.getvalue().to_pybytes()


def test_parquet_of_any_type_and_broken(dropped):
    odd = pa.array([{"a": Decimal("1.5"), "b": b"\xff"}] * 25)
    assert dropped(parquet(call_id=odd), "parquet")[0].state == "complete"
    odd = pa.array([b"\xff%d" % n for n in range(25)]).buffers()
    pull, _ = dropped(parquet(call_id=pa.Array.from_buffers(pa.string(), 25, odd)), "parquet")
    assert (pull.state, "text that is no UTF-8" in pull.error) == ("failed", True), "no engine could read it in staging"
    data = parquet()
    broken = data[:60] + bytes(each ^ 0xFF for each in data[60:120]) + data[120:]
    pull, _ = dropped(broken, "parquet")
    assert (pull.state, "is not readable as parquet" in pull.error) == ("failed", True)


def test_one_list_is_not_json_lines(dropped):
    pull, _ = dropped('[{"call_id": "K1"}, {"call_id": "K2"}]', "jsonl")
    assert (pull.state, "one object per line" in pull.error) == ("failed", True)


def test_a_column_that_a_database_has_no_more(bench, deployment, shop):
    database = shop("create table orders (order_id integer, customer_id integer, updated_at text);")
    pull = bench(deployment(shop=manifests.shop(f"sqlite:///{database}"))).pull("shop.orders")
    assert (pull.state, "orders has no column total" in pull.error) == ("failed", True)


@pytest.mark.parametrize(
    ("ids", "state", "told", "why"),
    [
        ("1, 1.5, 2, 3, 4.0, 5, 6, 7, 8", "held", "100 % of the rows", "whole numbers and fractions: all are read"),
        ("x'ff', x'01', x'02', x'03', x'04', x'05'", "held", "100 % of the rows", "blobs: all are read"),
        ("null, null, null, null, null, 6", "failed", "is empty in more rows", "no row could be the next"),
        (
            ", ".join(f"cast(x'ff{n:02x}' as text)" for n in range(9)),
            "failed",
            "does not put the rows in order",
            "what is no text comes again for ever",
        ),
    ],
)
def test_keys_that_a_database_should_not_have(bench, deployment, shop, monkeypatch, ids, state, told, why):
    monkeypatch.setattr("hub.pulls.ledger.gate.__defaults__", (1,))
    values = ", ".join(f"({each}, 1, 1, 'never')" for each in ids.split(", "))
    database = shop(
        f"create table orders (order_id, customer_id, total, updated_at); insert into orders values {values};"
    )
    pull = bench(deployment(shop=manifests.shop(f"sqlite:///{database}"))).pull("shop.orders")
    assert (pull.state, told in (pull.reason or "") + (pull.error or "")) == (state, True), (why, pull)
    assert pull.received == (len(ids.split(", ")) if state == "held" else 0), why


def test_rows_without_a_moment_of_change_are_always_read(bench, deployment, shop):
    database = shop(
        "create table orders (order_id integer, customer_id integer, total real, updated_at text);"
        "insert into orders values (1, 1, 1, '2024-05-01'), (2, 1, 1, '2024-05-02');"
    )
    manifest = manifests.shop(f"sqlite:///{database}", ", changed_since: {column: updated_at}")
    engine = bench(deployment(shop=manifest))
    assert engine.pull("shop.orders").staged == 2
    with sqlite3.connect(database) as connection:
        connection.execute("insert into orders values (3, 1, 1, null)")
    connection.close()
    pull = engine.pull("shop.orders")
    assert (pull.received, pull.staged, pull.quarantined) == (2, 1, 1), (
        "the newest again, and the one that says nothing"
    )
