"""Every row once, however an application pages, whatever it gives at once and wherever the hub goes on."""

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from hub.sources import SourceError
from hub.sources.links import next_of
from tests.hub.sources import double
from tests.hub.sources.paged import KINDS, WINDOW, Paged, connector, ids, row

INSIDE = ["page from 0", "offset", "cursor", "link"]
PAGINGS = {
    **KINDS,
    "windows alone": WINDOW,
    **{f"windows, {each}": {**WINDOW, "inside": KINDS[each]} for each in INSIDE},
}


@pytest.fixture(scope="module")
def api():
    with double.serving(Paged([], {})) as api:
        yield api


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("hub.sources.http.time.sleep", lambda seconds: None)


def from_every_position(made):
    """The pieces of a pull whose worker dies behind each."""
    position = None
    while position is None or not position["ended"]:
        piece = next(made().pieces(None, position))
        yield piece
        position = json.loads(json.dumps(piece.position))
    assert list(made().pieces(None, position)) == [], "what is at its end stays there"


@pytest.mark.parametrize("name", PAGINGS)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    count=some.integers(0, 30),
    size=some.integers(1, 12),
    given_at_most=some.integers(1, 12),
    total=some.booleans(),
    span=some.sampled_from([180, 400]),
)
@example(count=14, size=5, given_at_most=2, total=True, span=180)
@example(count=10, size=5, given_at_most=5, total=False, span=400)
def test_the_same_rows_once_from_every_position(api, name, count, size, given_at_most, total, span):
    paging = dict(PAGINGS[name])
    windows = paging["kind"] == "window"
    pages = (paging.get("inside") or paging) if windows else paging
    # Counted pages of another size than was asked for are told apart from the end by a total or by has_more alone.
    counted = pages["kind"] in ("page", "offset") and "more" not in pages
    api.largest_page = given_at_most if total or not counted else 10_000
    api.tells_total, api.paging, api.rows = total, paging, [row(n) for n in range(count)]
    if windows:
        paging |= {"span": f"{span} days"}
        if "inside" in paging:
            paging["inside"] = {**paging["inside"], "size": size}
    else:
        paging["size"] = size

    def made():
        return connector(api.url, paging, total="$.total" if total else None)

    straight, broken = list(made().pieces(None, None)), list(from_every_position(made))
    assert ids(straight) == ids(broken)
    assert sorted(ids(straight)) == list(range(count))
    assert [piece.last for piece in straight] == [False] * (len(straight) - 1) + [True]
    assert straight[-1].declared == (count if total else None)


@pytest.mark.parametrize("closed", [True, False], ids=["both ends belong to it", "its end does not"])
@pytest.mark.parametrize("span", [30, 31, 366])
def test_no_row_falls_between_two_windows(api, closed, span):
    api.paging, api.closed, api.rows = WINDOW, closed, [row(n) for n in range(24)]
    found = ids(connector(api.url, {**WINDOW, "span": f"{span} days"}).pieces(None, None))
    api.closed = False
    assert set(found) == set(range(24))
    assert len(found) == 24 or closed, "twice only on a border, where the business key tells"


def test_windows_begin_at_the_cursor(api):
    paging = {**WINDOW, "span": "4000 days", "format": "%Y-%m-%d"}
    api.paging, api.rows, asked = paging, [row(n) for n in range(12)], len(api.asked)
    made = connector(api.url, paging, changed_since={"column": "at", "overlap": "2 days"})
    (piece,) = made.pieces(None, None)
    assert piece.cursor == {"changed": "2024-12-01T00:00:00.000000Z"}
    list(made.pieces(piece.cursor, None))
    assert [each["from"] for each in api.asked[asked:]] == ["2024-01-01", "2024-11-29"]


AWAY = [
    ("http://evil.example/rows?start=1", "leads away from", "another host"),
    ("//evil.example/rows", "leads away from", "another host, without a scheme"),
    ("https://127.0.0.1:{port}/rows", "leads away from", "another scheme"),
    ("http://127.0.0.1:1/rows", "leads away from", "another port"),
    ("http://user@127.0.0.1:{port}/rows", "leads away from", "a name before the host"),
    ("http://127.0.0.1:{port}@evil.example/", "leads away from", "a host that looks like a name"),
    ("http://169.254.169.254/latest/meta-data", "leads away from", "the machine's own rights"),
    ("http://[::1", "is no address", "half an address"),
    ("http://127.0.0.1:99999/", "is no address", "no port"),
    ("file:///etc/passwd", "leads away from", "a file"),
    ({"href": "/rows"}, "is no text", "no text"),
    ("/rows?start=" + "9" * 9000, "more than 8000 characters", "too long for the ledger"),
]


@pytest.mark.parametrize(("link", "told", "why"), AWAY, ids=[each[2] for each in AWAY])
def test_a_link_that_leads_away_is_not_followed(api, link, told, why):
    api.paging, api.rows, asked = KINDS["next_url"], [row(1)], len(api.asked)
    if isinstance(link, str):
        link = link.replace("{port}", api.url.rpartition(":")[2])
    api.always = double.says(json.dumps({"items": [row(1)], "@odata.nextLink": link}))
    with pytest.raises(SourceError, match=told) as refused:
        list(connector(api.url, KINDS["next_url"]).pieces(None, None))
    api.always = None
    assert len(api.asked) == asked + 1
    assert refused.value.message.startswith("GET /rows, page ")
    assert "start=" not in refused.value.message, "a query may hold what nobody shall read"


@pytest.mark.parametrize("link", ["{url}/api/rows?{query}", "/api/rows?{query}", "rows?{query}", "?{query}"])
@pytest.mark.parametrize("kind", ["link", "next_url"])
def test_links_of_any_spelling(api, kind, link):
    api.paging, api.link, api.largest_page = KINDS[kind], link, 10_000
    api.rows = [row(n) for n in range(7)]
    made = connector(api.url, {**KINDS[kind], "size": 3})
    assert ids(from_every_position(lambda: made)) == list(range(7))
    api.link = "{url}/api/rows?{query}"


STUCK = [
    ("cursor", lambda n: {"next": "c1"}, "names a page as the page after itself"),
    ("cursor", lambda n: {"next": f"c{n % 3}"}, "goes round in a circle"),
    ("next_url", lambda n: {"@odata.nextLink": f"?start={n % 3}"}, "goes round in a circle"),
    ("next_url", lambda n: {"@odata.nextLink": "?a=1"}, "names a page as the page after itself"),
    ("cursor", lambda n: {"next": 0}, "names a page as the page after itself"),  # 0 is no end
    ("cursor", lambda n: {"next": True}, r"the next cursor at \$.next is no text or number"),
    ("cursor", lambda n: {"next": {"at": n}}, "is no text or number"),
    ("cursor with has_more", lambda n: {"has_more": True, "last": None}, "says that there is more, but not where"),
    ("page with has_more", lambda n: {"has_more": True, "items": []}, "goes round in a circle"),
    ("offset", lambda n: {"items": [{"id": 1}] * 500}, "repeats a page"),
    ("cursor", lambda n: {"next": "c1", "items": {"id": 1}}, r"no list at \$.items"),
]


@pytest.mark.parametrize(("kind", "answer", "told"), STUCK)
def test_paging_without_an_end(api, kind, answer, told):
    number = 0

    def next_answer(request, body):
        nonlocal number
        number += 1
        items = [{"id": number * 1000 + n} for n in range(500)]
        double.whole(request, json.dumps({"items": items, **answer(number)}).encode())

    api.paging, api.always = KINDS[kind], next_answer
    with pytest.raises(SourceError, match=told):
        list(connector(api.url, KINDS[kind]).pieces(None, None))
    api.always = None
    assert number < 12


def test_a_pull_has_an_end(api):
    api.paging, api.rows = KINDS["cursor"], [row(n) for n in range(9)]
    made = connector(api.url, {**KINDS["cursor"], "size": 3}, time_limit="1 hour")
    first = next(made.pieces(None, None))
    late = {**first.position, "began": "2024-01-01T00:00:00Z"}
    with pytest.raises(SourceError, match="not at its end after 1 hours"):
        next(made.pieces(None, late))


def test_positions_of_an_older_version_are_understood(api):
    api.paging, api.rows = KINDS["page from 1"], [row(n) for n in range(9)]
    old = {"page": 3, "next": None, "received": 6, "print": "x", "high": None, "mark": "m", "asked": 2, "ended": False}
    made = connector(api.url, {**KINDS["page from 1"], "size": 3})
    assert ids(made.pieces(None, old)) == [6, 7, 8]
    assert list(made.pieces(None, {**old, "ended": True})) == []


def test_no_content_is_no_row(api):
    api.paging, api.always = KINDS["page from 1"], double.status(204)
    (piece,) = connector(api.url, KINDS["page from 1"]).pieces({"changed": "2024-01-01T00:00:00Z"}, None)
    api.always = None
    assert (len(piece.rows), piece.last, piece.cursor) == (0, True, {"changed": "2024-01-01T00:00:00Z"})


LINKS = [
    ('</a?page=2>; rel="next"', "/a?page=2", "as usual"),
    ("</a>; rel=next", "/a", "without quotes"),
    ('</l>; rel="last", </a>; rel="next"', "/a", "the second"),
    ('</a>; rel="prev next"', "/a", "two relations"),
    ('</a>; title="x; rel=next"; rel="prev"', None, "words that look like one"),
    ('</a,b;c>; title="a, <b>"; rel=NEXT', "/a,b;c", "commas within, capitals"),
    ('</a>; rel="prev"; rel="next"', None, "only the first relation counts"),
    ("</a>; rel=", None, "nothing"),
    ("garbage", None, "no link"),
    ("<", None, "half a link"),
    ("", None, "empty"),
    ("</x>; rel=prev; ???, </a>; rel=next", "/a", "a link behind what nobody knows"),
    ("</a>" + ";" * 50_000, None, "long and wrong, and still quick"),
]


@pytest.mark.parametrize(("header", "target", "why"), LINKS, ids=[each[2] for each in LINKS])
def test_the_header_link(header, target, why):
    assert next_of({"Link": header}) == target
