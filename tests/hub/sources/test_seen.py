"""A page that is given again where another belongs is known again, asked for again, and no row is lost by it."""

import json

import pyarrow as pa
import pytest

from hub.sources import SourceError, seen
from tests.hub.sources import double
from tests.hub.sources.paged import KINDS, WINDOW, Paged, connector, ids, row

PAGE = [("a", 1), ("b", 2), ("c", 3)]
SAME = [
    (PAGE, True, "the same page"),
    ([("c", 3), ("a", 1), ("b", 2)], True, "in another order"),
    ([("a", 1), ("b", 9), ("c", 3)], True, "one row has changed"),
    ([("a", 7), ("b", 8), ("c", 9)], False, "each row has changed: other readings of the same meters"),
    ([("a", 1), ("b", 2), ("d", 3)], False, "rows moved on to this page by one that was added"),
    ([("a", 1), ("b", 2)], False, "one row fewer"),
    ([("a", 1), ("a", 1), ("b", 2), ("c", 3)], False, "one row more"),
    ([(None, 1), ("a", 1), ("b", 2)], False, "a row without a key instead"),
    ([], False, "no rows"),
]


def told(rows, keys=("key",)):
    table = pa.table({"key": pa.array([key for key, _ in rows], pa.string()), "value": [value for _, value in rows]})
    return seen.by_keys(rows, table, keys)


@pytest.mark.parametrize(("other", "is_same", "why"), SAME, ids=[each[2] for each in SAME])
def test_a_page_is_known_again_by_its_keys(other, is_same, why):
    assert seen.same(told(PAGE), told(other)) is is_same


CONTENTS = [
    ([("a", 1)], [("a", 2)], "two versions of one record, a row a page"),
    ([("a", 1), ("a", 2)], [("a", 3), ("a", 4)], "nothing but versions of one record"),
    ([(None, 1), (None, 2)], [(None, 1), (None, 3)], "rows without keys"),
]


@pytest.mark.parametrize(("one", "other", "why"), CONTENTS, ids=[each[2] for each in CONTENTS])
def test_where_keys_tell_nothing_contents_do(one, other, why):
    assert seen.same(told(one), told(one)) and not seen.same(told(one), told(other)), why
    assert seen.same(told(one, keys=()), told(one, keys=())), "no keys are declared"


def test_the_first_page_and_the_last_ones_are_remembered():
    prints = []
    for number in range(9):
        prints = seen.remembered(prints, [str(number)])
    assert prints == [["0"], ["5"], ["6"], ["7"], ["8"]]


@pytest.fixture(scope="module")
def api():
    with double.serving(Paged([], {})) as api:
        yield api


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("hub.sources.http.time.sleep", lambda seconds: None)


def given_again(api, page, **changes):
    """A fault: this page of five instead, its second row changed."""
    rows = [dict(each) for each in api.rows[5 * page : 5 * page + 5]]
    rows[1] |= changes

    def answer(request, body):
        double.whole(request, json.dumps({**json.loads(body), "items": rows}).encode())

    return answer


KEPT = [
    ("offset", 1, 0, "the page before, once"),
    ("page from 1", 2, 1, "the same by number"),
    ("page from 1", 2, 0, "not the page before, but the one before that"),
    ("offset with has_more", 1, 0, "where it says that there is more"),
]


@pytest.mark.parametrize("changes", [{}, {"at": "2025-01-01T00:00:00.000000Z"}], ids=["as it was", "one row changed"])
@pytest.mark.parametrize(("kind", "at", "page", "why"), KEPT, ids=[each[3] for each in KEPT])
def test_a_page_that_is_given_again_once_costs_no_row(api, kind, at, page, why, changes):
    api.paging, api.rows, api.tells_total = KINDS[kind], [row(n) for n in range(20)], True
    api.faults = {len(api.asked) + at + 1: given_again(api, page, **changes)}
    found = ids(connector(api.url, {**KINDS[kind], "size": 5}, total="$.total").pieces(None, None))
    assert found == list(range(20)), why


@pytest.mark.parametrize("total", [True, False], ids=["a total is told", "no total"])
def test_a_page_that_stays_the_same_fails_the_pull(api, total):
    api.paging, api.rows, api.tells_total = KINDS["offset"], [row(n) for n in range(20)], total
    asked = len(api.asked)
    api.faults = {asked + at: given_again(api, 0, at="2025-01-01T00:00:00.000000Z") for at in range(2, 9)}
    with pytest.raises(SourceError, match="page 2: repeats a page after 5 rows, however often it is asked"):
        list(connector(api.url, {**KINDS["offset"], "size": 5}, total="$.total" if total else None).pieces(None, None))
    assert len(api.asked) == asked + 4


ENDS = [("offset", 3, "the last page for ever"), ("page from 1", 0, "the first page again")]


@pytest.mark.parametrize(("kind", "page", "why"), ENDS, ids=[each[2] for each in ENDS])
def test_a_source_that_gives_a_page_again_at_its_end(api, kind, page, why):
    """Known by its total; without one it is not told apart from pages that go missing."""
    api.paging, api.rows = KINDS[kind], [row(n) for n in range(20)]
    for total in ("$.total", None):
        api.tells_total = bool(total)
        api.faults = {len(api.asked) + at: given_again(api, page) for at in range(5, 12)}
        pieces = connector(api.url, {**KINDS[kind], "size": 5}, total=total).pieces(None, None)
        if total:
            *found, last = pieces
            assert ids(found) == list(range(20))
            assert (len(last.rows), last.raw, last.last, last.declared) == (0, b"", True, 20)
        else:
            with pytest.raises(SourceError, match=r"tell it by `total`, or `paging\.more`"):
                list(pieces)
    api.faults = {}


def test_pages_that_overlap_are_no_repeat(api):
    """Rows were added before the place: some come twice, and the key knows them."""
    api.paging, api.rows, api.tells_total = KINDS["offset"], [row(n) for n in range(15)], False
    api.faults = {len(api.asked) + 1: lambda request, body: (api.rows.insert(0, row(99)), double.whole(request, body))}
    found = ids(connector(api.url, {**KINDS["offset"], "size": 5}).pieces(None, None))
    assert set(found) == set(range(15)) and len(found) == 16
    api.faults = {}


WINDOWS = {**WINDOW, "span": "31 days"}
CHANGED = {"column": "at", "overlap": "1 day"}


def test_a_window_that_is_given_again_costs_no_row(api):
    api.paging, api.rows, api.tells_total = WINDOWS, [row(n) for n in range(24)], False
    stale = json.dumps({"items": [row(0), row(12)]}).encode()
    api.faults = {len(api.asked) + 2: lambda request, body: double.whole(request, stale)}
    found = ids(connector(api.url, WINDOWS, changed_since=CHANGED).pieces(None, None))
    assert sorted(found) == list(range(24))
    api.faults = {}


def test_records_on_the_border_of_two_windows_are_no_repeat(api):
    api.paging, api.closed = WINDOWS, True
    api.rows = [{"id": n, "at": "2024-02-01T00:00:00.000000Z"} for n in range(3)]
    found = ids(connector(api.url, WINDOWS, changed_since=CHANGED).pieces(None, None))
    api.closed = False
    assert set(found) == {0, 1, 2}
