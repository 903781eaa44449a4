"""Fields within fields: what a path leads to, and what becomes of the rest."""

import pytest

from hub.config import DataSet
from hub.sources import json_text
from hub.sources.nested import Nested
from hub.sources.tables import from_records

CASES = [
    # paths, record, what comes out, why
    (["$.a.b"], {"a": {"b": 1}}, {"$.a.b": 1}, "an object"),
    (["$.a.b"], {"a": {"b": 1, "c": 2}}, {"$.a.b": 1, "a.c": 2}, "what no path leads to is kept"),
    (["$.a.b"], {"a": {"b": 1, "c": None}}, {"$.a.b": 1}, "nothing is nothing to keep"),
    (["$.a.b"], {"a": None, "z": 1}, {"z": 1}, "an object that is not there"),
    (["$.a.b"], {"a": "text"}, {"a": "text"}, "another kind than was declared is not lost"),
    (["$.a.b.c", "$.a.b.d"], {"a": {"b": {"c": 1, "d": 2, "e": 3}}},
     {"$.a.b.c": 1, "$.a.b.d": 2, "a.b.e": 3}, "deeper"),
    (["$['odd name'].x"], {"odd name": {"x": 1}}, {"$['odd name'].x": 1}, "a name that is no word"),
    (["$.l[0].x"], {"l": [{"x": 1}, {"x": 2}]}, {"$.l[0].x": 1, "l": [{"x": 2}]}, "the first of a list"),
    (["$.l[3].x"], {"l": [{"x": 1}]}, {"l": [{"x": 1}]}, "a list that is too short"),
    (["$.f[name=e].v[0]"], {"f": [{"name": "e", "v": ["a", "b"]}]},
     {"$.f[name=e].v[0]": "a", "f[0].name": "e", "f[0].v": ["b"]}, "by the value of a field"),
    (["$.f[name=e].v[0]"], {"f": ["x", {"name": "p"}]}, {"f": ["x", {"name": "p"}]}, "nobody has that value"),
    (["$.a", "$.a.b"], {"a": {"b": 1, "c": 2}}, {"$.a": {"b": 1, "c": 2}, "$.a.b": 1}, "the whole and a part of it"),
    (["$.a.b"], {"$.a.b": 5}, {"$.a.b": 5}, "a record that was taken apart before, as a replay has it"),
]  # fmt: skip


@pytest.mark.parametrize(("paths", "record", "found", "why"), CASES, ids=[row[3] for row in CASES])
def test_paths(paths, record, found, why):
    assert Nested(paths).flat([record]) == [found], why


def test_the_rest_is_an_undeclared_field_unless_it_is_ignored():
    columns = {"email": {"type": "varchar", "source_name": "$.properties.email"}}
    given = {"description": "x", "fetch": {}, "frequency": {"class": "on-demand"}, "columns": columns}
    records = [{"properties": {"email": "a@example.com", "hobby": "tea"}, "id": 1}]
    rows, new = from_records(records, DataSet.model_validate(given))
    assert new == {"properties.hobby", "id"}
    assert json_text.loads(rows["_extra"][0].as_py().encode()) == {"id": 1, "properties.hobby": "tea"}
    rows, new = from_records(records, DataSet.model_validate({**given, "ignore": ["properties", "id"]}))
    assert (rows["email"].to_pylist(), rows["_extra"].to_pylist(), new) == (["a@example.com"], [None], frozenset())
