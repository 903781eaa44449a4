"""Words of a REST source that cannot be meant; each mistake with its place and remedy."""

import pytest

from hub import config
from hub.errors import ConfigError

SOURCE = """
name: app
description: An application.
owner: tests@example.org
trust: 50
connector: rest
connection:
  base_url: https://app.example
  %(connection)s
data_sets:
  rows:
    description: Rows.
    fetch:
      path: /rows
      %(fetch)s
    frequency: {class: on-demand}
    keys: {%(keys)s}
    columns: {id: {type: bigint, required: true}, at: {type: timestamp}}
"""
WINDOW = "paging: {kind: window, from_parameter: a, to_parameter: b, span: 1 day, start: 2024-01-01"
OAUTH = "kind: client_credentials, secret: /hub/app/client"


@pytest.fixture
def problems(tmp_path):
    def found(fetch="records: $.items", connection="timeout: 5 seconds", keys="business: [id]"):
        (tmp_path / "sources").mkdir(exist_ok=True)
        (tmp_path / "hub.yaml").write_text("name: test\ncurrency: INR\ncountry: IN\n")
        text = SOURCE % {"fetch": fetch, "connection": connection, "keys": keys}
        (tmp_path / "sources/app.yaml").write_text(text)
        try:
            loaded = config.load(tmp_path)
            assert config.Deployment.model_validate_json(loaded.model_dump_json()) == loaded
        except ConfigError as error:
            return error.problems
        return []

    return found


SOUND = [
    "paging: {kind: page, parameter: page, first: 0, more: $.has_more, size_parameter: null}",
    "paging: {kind: offset, parameter: skip, size: 100, size_parameter: top}",
    "paging: {kind: link}",
    "paging: {kind: next_url, next: \"$['@odata.nextLink']\"}",
    WINDOW + ", format: '%Y-%m-%d', inside: {kind: cursor, parameter: c, next: $.n}}",
    WINDOW + ", format: epoch_ms}\n      changed_since: {column: at, overlap: 1 hour}",
    "records: $.orders[*].lines\n      parent: {order_id: id}",
    "records: $[*].lines[*]",
    "method: POST\n      body: {filter: {kind: all}}\n      paging: {kind: cursor, parameter: page.after, next: $.n}",
    "method: POST\n      graphql: {query: '{ a }', variables: {n: 1}}",
    "changed_since: {column: at, parameter: since, format: epoch}",
    "changed_since: {column: at, header: If-Modified-Since, start: 2020-01-01}",
    "changed_since: {column: at, parameter: q, value: 'at >= {since}'}\n      paging: {kind: link, most: 10000}",
    "total_header: X-WP-Total",
]


@pytest.mark.parametrize("fetch", SOUND)
def test_what_is_sound(problems, fetch):
    assert problems(fetch) == []


@pytest.mark.parametrize(
    "authentication",
    [
        "kind: basic, secret: /hub/app/login",
        "kind: api_key, secret: /hub/app/key, header: X-Api-Key",
        "kind: api_key, secret: /hub/app/key, parameter: key",
        f"{OAUTH}, token_url: https://app.example/token, scope: read",
        "kind: refresh_token, secret: /hub/app/client, token_url: https://app.example/token",
        f"{OAUTH}, token_url: https://app.example/token, scheme: Zoho-oauthtoken",
    ],
)
def test_ways_to_sign_in(problems, authentication):
    assert problems(connection=f"authentication: {{{authentication}}}") == []


FETCH = [
    ("paging: {kind: offset}", "paging", "offset paging needs the name of the query parameter"),
    ("paging: {kind: next_url}", "paging", "add `next: $.next_cursor`"),
    ("paging: {kind: page, parameter: p, first: 2}", "paging.first", "it must be 0 or 1"),
    ("paging: {kind: link, parameter: page}", "paging.parameter", "means nothing to link paging"),
    ("paging: {kind: none, next: $.n}", "paging", "asks once and needs no `next`"),
    ("paging: {kind: window}", "paging", "add `span: 1 day`"),
    (WINDOW + ", next: $.n}", "paging.next", "means nothing to window paging"),
    (WINDOW + ", size: 10}", "paging.size", "means nothing to window paging"),
    (WINDOW + ", format: '%H:%M'}", "paging.format", "tells no day"),
    (WINDOW + ", format: yyyy-mm-dd}", "paging.format", "tells no day"),
    (WINDOW.replace("1 day", "1 hour") + ", format: '%Y-%m-%d'}", "paging.span", "shorter than what the format"),
    (WINDOW.replace("1 day", "0 days") + "}", "paging.span", "make it longer"),
    (WINDOW.replace("2024-01-01", "soon") + "}", "paging.start", "valid date"),
    (WINDOW + ", inside: {kind: offset}}", "paging.inside", "needs the name of the query parameter"),
    (WINDOW + f", inside: {{{WINDOW.removeprefix('paging: {')}}}}}", "paging.inside.kind", "is a window again"),
    (WINDOW + "}\n      changed_since: {column: at, parameter: x}", "changed_since.parameter", "take it out"),
    ("changed_since: {column: at}", "changed_since", "add `parameter:`"),
    ("changed_since: {column: at, parameter: a, header: b}", "changed_since", "add `parameter:`, or `header:`"),
    ("changed_since: {column: at, parameter: a, value: x}", "changed_since.value", "write {since} in its place"),
    (WINDOW + "}\n      changed_since: {column: at, start: 2020-01-01}", "changed_since.start", "take it out"),
    ("paging: {kind: link, most: 100}", "paging.most", "needs `changed_since`"),
    (WINDOW + ", most: 100}", "paging.most", "means nothing to window paging"),
    ("total: $.n\n      total_header: X-Total", "fetch.total_header", "keep one"),
    ("changed_since: {column: at, parameter: x, format: sometime}", "changed_since.format", "tells no day"),
    ("records: $.a..b", "fetch.records", "write a path such as $.items"),
    ("total: $.a[*].b", "fetch.total", "write a path such as $.items"),
    ("records: $.orders[*].lines\n      total: $.total", "fetch.total", "counts the records around"),
    ("parent: {order_id: id}", "fetch.parent", "has no record around"),
    ("records: $.orders[*]\n      parent: {order_id: id}", "fetch.parent", "has no record around"),
    ("body: {a: 1}", "fetch.body", "write `method: POST`"),
    ("graphql: {query: '{ a }'}", "fetch.graphql", "write `method: POST`"),
    (
        "paging: {kind: window, from_parameter: a, to_parameter: a, span: 1 day, start: 2024-01-01}",
        "fetch",
        "'a' is used",
    ),
    (WINDOW + ", inside: {kind: offset, parameter: b}}", "fetch", "'b' is used for two things"),
    ("method: PUT", "fetch.method", "it must be 'GET' or 'POST'"),
    ("query: {access_token: abc}", "query.access_token", "is a secret in clear"),
    ("query: {apikey: abc}", "query.apikey", "kind: api_key, parameter: apikey"),
    (WINDOW + "}\n    hard_deletes: detect", "hard_deletes", "windows of time"),
]


@pytest.mark.parametrize(("fetch", "place", "told"), FETCH, ids=[f"{row[1]}: {row[2]}" for row in FETCH])
def test_a_mistake_in_what_is_asked(problems, fetch, place, told):
    fitting = [each for each in problems(fetch) if told in each]
    assert fitting, problems(fetch)
    assert fitting[0].split(": ")[1].endswith(place)


CONNECTION = [
    ("authentication: {kind: api_key, secret: /k}", "authentication", "write one of `header:` and `parameter:`"),
    ("authentication: {kind: api_key, secret: /k, header: a, parameter: b}", "authentication", "write one of"),
    ("authentication: {kind: bearer, secret: /k, header: a}", "authentication.header", "means nothing to bearer"),
    (f"authentication: {{{OAUTH}}}", "authentication.token_url", "asks there for its token"),
    (f"authentication: {{{OAUTH}, token_url: app.example}}", "authentication.token_url", "http:// or https://"),
    (f"authentication: {{{OAUTH}, token_url: 'https://a:b@c/'}}", "authentication.token_url", "holds a password"),
    ("authentication: {kind: basic, secret: /k, scheme: Token}", "authentication.scheme", "means nothing to basic"),
    ("busy: {path: error, values: [4]}", "connection.busy.path", "does not fit"),
    ("headers: {X-Shopify-Access-Token: abc}", "headers.X-Shopify-Access-Token", "kind: api_key, header: X-Shopify"),
    ("headers: {authorization: abc}", "headers.authorization", "kind: bearer"),
]


@pytest.mark.parametrize(("connection", "place", "told"), CONNECTION, ids=[f"{row[1]}: {row[2]}" for row in CONNECTION])
def test_a_mistake_in_how_it_is_reached(problems, connection, place, told):
    fitting = [each for each in problems(connection=connection) if told in each]
    assert fitting, problems(connection=connection)
    assert fitting[0].split(": ")[1].endswith(place)


def test_windows_need_a_key(problems):
    assert any("by it a row on the border" in each for each in problems(WINDOW + "}", keys=""))
