"""Records within lists of an answer, and what they take from around them."""

import pytest

from hub.sources import SourceError
from hub.sources.records import Records, at, steps

ORDERS = {
    "orders": [
        {"id": 1, "lines": [{"sku": "a"}, {"sku": "b"}], "by": {"name": "x"}},
        {"id": 2, "lines": []},
        {"id": 3},
        {"id": 4, "lines": None},
        {"id": 5, "lines": [{"sku": "c"}]},
    ]
}
DEEP = {"shops": [{"id": "S", "orders": [{"id": 1, "lines": [{"n": 1}, {"n": 2}]}, {"id": 2, "lines": [{"n": 3}]}]}]}

FOUND = [
    ({"items": [1]}, "$.items", {}, [1], 1, "a plain list"),
    ([{"a": 1}], "$", {}, [{"a": 1}], 1, "the answer itself"),
    ([{"a": 1}], "$[*]", {}, [{"a": 1}], 1, "written so"),
    ({"items": [{"a": 1}]}, "$.items[*]", {}, [{"a": 1}], 1, "each of a list is that list"),
    (ORDERS, "$.orders[*].lines", {}, [{"sku": "a"}, {"sku": "b"}, {"sku": "c"}], 5, "no lines are no rows"),
    (
        ORDERS,
        "$.orders[*].lines",
        {"order_id": "id"},
        [{"sku": "a", "order_id": 1}, {"sku": "b", "order_id": 1}, {"sku": "c", "order_id": 5}],
        5,
        "a field from around",
    ),
    ([{"l": [{"a": 1}]}], "$[*].l", {"x": "none"}, [{"a": 1, "x": None}], 1, "a field that is not there"),
    (
        DEEP,
        "$.shops[*].orders[*].lines",
        {"order": "id", "shop": "shops.id"},
        [{"n": 1, "order": 1, "shop": "S"}, {"n": 2, "order": 1, "shop": "S"}, {"n": 3, "order": 2, "shop": "S"}],
        1,
        "from two levels",
    ),
    ({"o": [{"x": {"l": [{"a": 1}]}}]}, "$.o[*].x.l", {}, [{"a": 1}], 1, "objects between"),
    ({"o": ["odd", {"l": [{"a": 1}, 7]}]}, "$.o[*].l", {"p": "q"}, ["odd", {"a": 1, "p": None}, 7], 2, "no objects"),
    ({"@odata.value": [1]}, "$['@odata.value']", {}, [1], 1, "a name with a dot"),
]


@pytest.mark.parametrize(("answer", "path", "parent", "records", "outer", "why"), FOUND, ids=[row[5] for row in FOUND])
def test_records(answer, path, parent, records, outer, why):
    found = Records(path, parent).of(answer, "GET /x")
    assert (found.records, len(found.outer)) == (records, outer)


def test_the_answer_stays_as_it_came():
    answer = {"o": [{"id": 1, "l": [{"a": 1}]}]}
    Records("$.o[*].l", {"p": "id"}).of(answer, "GET /x")
    assert answer == {"o": [{"id": 1, "l": [{"a": 1}]}]}


REFUSED = [
    ({"items": {}}, "$.items", {}, r"no list at \$.items", "an object"),
    ({}, "$.items", {}, "no list at", "nothing"),
    ("text", "$.items", {}, "no list at", "text"),
    ({"o": [{"l": {"a": 1}}]}, "$.o[*].l", {}, "no list at", "one object where many are usual"),
    ({"o": [{"id": 1, "l": [{"id": 9}]}]}, "$.o[*].l", {"id": "id"}, "have a field id of their own", "both have it"),
]


@pytest.mark.parametrize(("answer", "path", "parent", "told", "why"), REFUSED, ids=[row[4] for row in REFUSED])
def test_what_is_no_list(answer, path, parent, told, why):
    with pytest.raises(SourceError, match=told):
        Records(path, parent).of(answer, "GET /x")


@pytest.mark.parametrize(
    ("path", "value"),
    [("$.a.b", 1), ("$['c.d']", 2), ("$.x.y", None), ("$.a.b.c", None), ("$.e['f g'].h", 3)],
)
def test_values_at_a_path(path, value):
    assert at({"a": {"b": 1}, "c.d": 2, "e": {"f g": {"h": 3}}}, steps(path)) == value
