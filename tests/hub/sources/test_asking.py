"""What is sent: by GET, by POST with a body, as GraphQL; and what comes back whole and is still no answer."""

import json

import pytest

from hub.sources import SourceError
from tests.hub.sources import double
from tests.hub.sources.paged import KINDS, Paged, connector, ids, row

QUERY = "query($first: Int, $after: String) { rows(first: $first, after: $after) { nodes { id } } }"
RELAY = {
    "kind": "cursor",
    "parameter": "after",
    "next": "$.data.rows.pageInfo.endCursor",
    "size": 3,
    "size_parameter": "first",
}


class Service(Paged):
    """Takes what is asked from the body, and answers as GraphQL services do."""

    def reply(self, request, query, body):
        if not request.path.startswith("/api/graphql"):
            asked = json.loads(body) if body else {}
            page = asked.pop("page", {})
            return super().reply(request, {**query, **asked, **page}, body)
        variables = json.loads(body)["variables"]
        start = int(variables.get("after", "c0")[1:])
        nodes = self.rows[start : start + variables["first"]]
        info = {"endCursor": f"c{start + len(nodes)}", "hasNextPage": start + len(nodes) < len(self.rows)}
        return json.dumps({"data": {"rows": {"nodes": nodes, "pageInfo": info}}}).encode()


@pytest.fixture
def api(monkeypatch):
    monkeypatch.setattr("hub.sources.http.time.sleep", lambda seconds: None)
    with double.serving(Service([row(n) for n in range(7)], {})) as api:
        yield api


def sent(api):
    return [json.loads(body) for body in api.bodies]


def test_parameters_go_into_the_body(api):
    api.paging = {"kind": "offset", "parameter": "offset"}
    body = {"filter": {"kind": "all"}, "offset": 99}
    made = connector(api.url, {**api.paging, "size": 3}, method="POST", body=body, query={"v": "2"})
    assert ids(made.pieces(None, None)) == list(range(7))
    assert sent(api) == [{"filter": {"kind": "all"}, "size": 3, "offset": n} for n in (0, 3, 6)]
    assert api.asked == [{"v": "2"}] * 3
    assert api.heads[0]["Content-Type"] == "application/json"


def test_a_parameter_deep_in_the_body(api):
    api.paging = {"kind": "cursor", "parameter": "cursor"}
    paging = {**KINDS["cursor"], "parameter": "page.cursor", "size": 3, "size_parameter": "page.size"}
    made = connector(api.url, paging, method="POST", body={"page": {"sort": "id"}})
    assert ids(made.pieces(None, None)) == list(range(7))
    assert sent(api)[1] == {"page": {"sort": "id", "size": 3, "cursor": "c3"}}
    next(made.pieces(None, None))
    assert sent(api)[3] == {"page": {"sort": "id", "size": 3}}, "the manifest's body stays as it is"


def test_post_without_a_body(api):
    api.paging = KINDS["cursor"]
    assert ids(connector(api.url, {**KINDS["cursor"], "size": 3}, method="POST").pieces(None, None)) == list(range(7))
    assert {each["size"] for each in api.asked} == {"3"}


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("iso", "2024-04-30T00:00:00.000000Z"),
        ("epoch", "1714435200"),
        ("epoch_ms", "1714435200000"),
        ("%d.%m.%y", "30.04.24"),
    ],
)
def test_since_when(api, form, told):
    api.paging = {"kind": "none"}
    changed = {"column": "at", "parameter": "since", "overlap": "1 day", "format": form}
    list(connector(api.url, {"kind": "none"}, changed_since=changed).pieces({"changed": "2024-05-01T00:00:00Z"}, None))
    assert api.asked == [{"since": told}]


CHANGED = [
    (["2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z"], "iso", "2024-05-02T00:00:00.000000Z", "all alike"),
    (["2024-05-01T00:00:00Z", "2024-05-01T23:00:00-05:00"], "iso", "2024-05-02T04:00:00.000000Z", "in other zones"),
    (["2024-05-01T00:00:00Z", "2024-99-02T00:00:00Z"], "iso", "2024-05-01T00:00:00.000000Z", "one is none"),
    (["2024-05-01T00:00:00Z", None, "soon"], "iso", "2024-05-01T00:00:00.000000Z", "gaps and words"),
    ([1714521600, 1714521601], "epoch", "2024-05-01T00:00:01.000000Z", "seconds"),
    ([1714521600000.5, None], "epoch_ms", "2024-05-01T00:00:00.000500Z", "milliseconds"),
    ([1714521600], "iso", None, "a number that nobody declared to be a moment"),
    ([2**70, True], "epoch", None, "no moments"),
    ([None], "iso", None, "nothing"),
]


@pytest.mark.parametrize(("values", "form", "cursor", "why"), CHANGED, ids=[row[3] for row in CHANGED])
def test_the_next_cursor(api, values, form, cursor, why):
    api.paging, api.rows = {"kind": "none"}, [{"id": n, "at": value} for n, value in enumerate(values)]
    changed = {"column": "at", "parameter": "since", "format": form}
    (piece,) = connector(api.url, {"kind": "none"}, changed_since=changed).pieces(None, None)
    assert piece.cursor == ({"changed": cursor} if cursor else {})


def test_moments_without_a_zone_are_of_the_columns_zone(api):
    """Taken for UTC, the cursor would be hours ahead of what was read."""
    api.paging, api.rows = {"kind": "none"}, [{"id": 1, "at": "2024-05-01T05:30:00"}]
    changed = {"column": "at", "parameter": "since"}
    made = connector(api.url, {"kind": "none"}, time_zone="Asia/Kolkata", changed_since=changed)
    assert next(made.pieces(None, None)).cursor == {"changed": "2024-05-01T00:00:00.000000Z"}


def test_a_date_in_the_future_hides_nothing(api):
    api.paging, api.rows = {"kind": "none"}, [{"id": 1, "at": "2999-01-01T00:00:00Z"}]
    changed = {"column": "at", "parameter": "since"}
    (piece,) = connector(api.url, {"kind": "none"}, changed_since=changed).pieces(None, None)
    assert piece.cursor["changed"] < "2900"


def graphql(api, **more):
    fetch = {"path": "/graphql", "method": "POST", "records": "$.data.rows.nodes", **more}
    return connector(api.url, RELAY, **{"graphql": {"query": QUERY, "variables": {"kind": "all"}}, **fetch})


def test_graphql_pages(api):
    """The last page has an endCursor, too: hasNextPage ends it."""
    assert ids(graphql(api).pieces(None, None)) == list(range(7))
    assert [each["variables"] for each in sent(api)] == [
        {"kind": "all", "first": 3},
        {"kind": "all", "first": 3, "after": "c3"},
        {"kind": "all", "first": 3, "after": "c6"},
    ]
    assert {each["query"] for each in sent(api)} == {QUERY}


def errors(*each, data=None):
    return double.says(json.dumps({"data": data, "errors": list(each)}))


ERRORS = [
    (errors({"message": "no a@b.example"}), r"with errors \(no code\)", 1, "its words may hold a person"),
    (errors({"extensions": {"code": "FORBIDDEN"}, "path": ["rows", 0, "id"]}), "FORBIDDEN at rows.id", 1, "code, path"),
    (errors({"type": "NOT_FOUND"}, data={"rows": {"nodes": [{"id": 1}]}}), "NOT_FOUND", 1, "with half the data"),
    (errors({"extensions": {"code": "a@b.example"}}), "no code", 1, "a code that is none"),
    (errors("odd"), "no code", 1, "no object"),
    (double.says('{"errors": "a@b.example"}'), "no code", 1, "text"),
    (errors({"extensions": {"code": "THROTTLED"}}), r"\(THROTTLED\), 5 times", 5, "it may be over"),
    (errors({"type": "RATE_LIMITED"}), r"\(RATE_LIMITED\), 5 times", 5, "it may be over, told otherwise"),
]


@pytest.mark.parametrize(("fault", "told", "times", "why"), ERRORS, ids=[row[3] for row in ERRORS])
def test_errors_in_an_answer_with_200(api, fault, told, times, why):
    api.always = fault
    with pytest.raises(SourceError, match=told) as refused:
        list(graphql(api).pieces(None, None))
    assert len(api.asked) == times
    assert "b.example" not in str(refused.value)


def test_a_throttled_query_goes_on(api):
    api.faults = {2: errors({"extensions": {"code": "THROTTLED"}})}
    assert ids(graphql(api).pieces(None, None)) == list(range(7))


@pytest.mark.parametrize("kind", ["page", "offset"])
def test_children_are_paged_by_their_parents(api, kind):
    """Two orders a page: a page is not short because it has few or many lines."""
    api.paging = {"kind": kind, "parameter": "page"}
    api.rows = [{"id": n, "lines": [{"sku": f"{n}.{line}"} for line in range(n % 3)]} for n in range(7)]
    made = connector(api.url, {**api.paging, "size": 2}, records="$.items[*].lines", parent={"order_id": "id"})
    found = [row for piece in made.pieces(None, None) for row in piece.rows.to_pylist()]
    assert [row["order_id"] for row in found] == [1, 2, 2, 4, 5, 5]
    assert len(api.asked) == 4
