"""What the quick reader says of an answer is what the slow one says."""

import json

import pyarrow as pa
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hub.config import RestDataSet
from hub.config.connections import FilesFetch
from hub.quality.cast import to_type
from hub.sources import json_text
from hub.sources.containers import members
from hub.sources.declared import Declared, Rows
from hub.sources.formats import reader
from hub.sources.records import at
from hub.sources.tables import EXTRA, from_records
from tests.hub.sources.reading import ranged

DATA_SET = RestDataSet.model_validate(
    yaml.safe_load("""
description: Orders.
fetch: {path: /orders, records: $.data.items, paging: {kind: page, parameter: page, size: 10}}
frequency: {class: on-demand}
keys: {business: [id]}
ignore: [etag]
columns:
  id:     {type: bigint, required: true}
  few:    {type: integer, source_name: few.of them}
  price:  {type: "decimal(18,4)"}
  share:  {type: double}
  paid:   {type: boolean}
  name:   {type: varchar}
  day:    {type: date}
  at:     {type: timestamp}
  detail: {type: json}
""")
)
FIELDS = {column.source_name or name: name for name, column in DATA_SET.columns.items()}
RECORDS, NEXT, MORE = ("data", "items"), ("data", "next"), ("meta", "more")
DECLARED = Declared(DATA_SET, RECORDS, [NEXT, MORE, ("errors",)])


def table(records: object) -> pa.Table:
    found, new = from_records(records, DATA_SET)
    assert not new
    return pa.table(
        {**{name: to_type(found[name].combine_chunks(), DATA_SET.columns[name])[0] for name in FIELDS.values()}}
    )


def page(*records: object, **around: object) -> bytes:
    return json.dumps({"data": {"items": records, **around}, "meta": {"more": True}}).encode()


FULL = {
    "id": 1, "few.of them": 2, "price": 12.5, "share": 0.25, "paid": True, "name": "Ä", "day": "2024-02-29",
    "at": "2024-02-29T12:00:00Z", "detail": {"a": [1, None]}, "etag": "x",
}  # fmt: skip
READ = [
    (page(FULL, FULL), "all as declared"),
    (page({}, FULL), "a record without any field"),
    (page(dict.fromkeys(FULL)), "nothing but null"),
    (page(FULL | {"price": "12.50", "id": "7", "share": "0.1"}), "numbers written as text"),
    (page(FULL, FULL | {"price": 3}), "an amount without its fraction beside one with it"),
    (page(FULL | {"name": 17, "day": 20240229}), "text written as numbers"),
    (page(FULL | {"name": {"first": "A"}}), "an object where text is declared"),
    (page(FULL | {"few.of them": 2**40}), "more than the type holds"),
    (page(FULL | {"price": 9007199254740993}), "a whole number that no double holds"),
    (b'{"data":{"items":[{"id":1,"id":2}],"next":"n"},"meta":{"more":1}}', "a field twice: the last counts"),
    (page(next=None), "no records and no next page"),
    (page(FULL, next={"after": [1]}), "an odd next page is somebody else's to judge"),
]
LEFT = [
    (page(FULL | {"id": 2**62}), "a number of 19 digits"),
    (page(FULL | {"new": 1}), "a field that nobody declared"),
    (page(FULL, 17), "a record that is no object"),
    (page(FULL, None), "null for a record"),
    (b'{"data":{"items":[{"price":0.12345678901234567}]}}', "more digits than a double holds"),
    (b'{"data":{"items":[{"price":NaN}]}}', "no number"),
    (b'{"data":{"items":[{"name":"\\ud800"}]}}', "half a character"),
    (b'{"data":{"items":[{"name":"\xff"}]}}', "bytes that are no UTF-8"),
    (b'{"data":{"items":[{"id":1}', "cut off"),
    (b'{"data":{"items":{"id":1}}}', "no list"),
    (b'{"data":null}', "nothing on the way to the list"),
    (b"[]", "a list where an object is expected"),
    (b'{"data":{"items":[{"detail":' + b"[" * 5000 + b"]" * 5000 + b"}]}}", "nested too deep"),
    (b"\xef\xbb\xbf" + page(FULL), "a mark at the start"),
]


@pytest.mark.parametrize(("data", "why"), READ, ids=[why for _, why in READ])
def test_what_it_reads_is_the_same(data, why):
    quick, slow = DECLARED.answer(data), json_text.loads(data)
    assert [at(quick, path) for path in (NEXT, MORE)] == [at(slow, path) for path in (NEXT, MORE)], why
    records = at(quick, RECORDS)
    assert not records or isinstance(records, Rows)
    assert table(records).equals(table([{**each} for each in at(slow, RECORDS)])), why


@pytest.mark.parametrize(("data", "why"), LEFT, ids=[why for _, why in LEFT])
def test_what_is_odd_it_leaves_to_the_other(data, why):
    assert DECLARED.answer(data) is None, why


def test_what_it_leaves_out_around_the_records_nobody_asked_for():
    data = page(FULL, total=3)
    assert sorted(DECLARED.answer(data)["data"]) == ["items"]
    assert DECLARED.answer(b'{"meta": {"more": 1}}') == {"meta": {"more": 1}}


def test_a_bare_list():
    assert next(Declared(DATA_SET).answer(b'[{"id": 3}]').tuples())[:2] == (3, None)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5), st.sampled_from(["12.50", "2024-01-31", "2024-01-31T10:00:00+05:30", "true", " 7 ", ""]),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from([*FIELDS]), VALUES), min_size=1, max_size=4))
def test_any_answer(records):
    data = page(*records)
    quick = DECLARED.answer(data)
    if quick is not None:
        assert table(at(quick, RECORDS)).equals(table(at(json_text.loads(data), RECORDS)))


def test_its_columns_are_those_of_a_piece():
    found, _ = from_records(at(DECLARED.answer(page(FULL)), RECORDS), DATA_SET)
    assert found.column_names == [*FIELDS.values(), EXTRA]


LINES = [
    (b'{"id": 1}\n{"id": 2, "name": "x"}\n', True, "declared fields alone"),
    (b'{"id": 1}\r\n\r\n', True, "the ends of lines as Windows writes them"),
    (b'{"id": 1}\n{"id": 2, "new": 3}\n', False, "a field that nobody declared"),
    (b'{"id": 1} {"id": 2}\n{"id": 3}\n', False, "two objects on a line"),
    (b'{"id": 1}\n17\n', False, "a line that is no object"),
]


@pytest.mark.parametrize(("text", "quick", "why"), LINES, ids=[row[2] for row in LINES])
def test_lines_of_a_file(text, quick, why):
    fetch = FilesFetch(pattern="*", format="jsonl")
    found = {}
    for name, data_set in (("declared", DATA_SET), ("any", None)):
        (member,) = members(ranged(text), "drop/x/file", fetch)
        (found[name],) = reader("jsonl", data_set)(member, fetch, {})
    assert isinstance(found["declared"].rows, Rows) is quick, why
    if quick:
        assert table(found["declared"].rows).equals(table(found["any"].rows))
    assert found["declared"].unreadable == found["any"].unreadable
