"""Bad answers of an API, and secrets that do not sign in. Each row: kind, how it answers, fetch; place, what."""

import json
import threading

import pytest

from hub import aws
from hub.sources import SourceError, http
from tests.hub.bad.canaries import EMAIL, PERSON, ROW, WORD
from tests.hub.sources import double
from tests.hub.sources.paged import connector


def items(*rows, **more):
    return double.says(json.dumps({"items": list(rows), **more}))


NONE, PAGES = {"kind": "none"}, {"kind": "page", "parameter": "page", "size": 1}
CURSOR, LINKED = {"kind": "cursor", "parameter": "c", "next": "$.next"}, {"kind": "next_url", "next": "$.next"}
TOLD = f'{{"error": "{PERSON} {EMAIL}"}}'
ASKED, FIRST, SECOND = "GET /rows", "GET /rows, page 1", "GET /rows, page 2"
ANSWERS = [
    *[
        (f"answers {code}", double.fails(code, TOLD), PAGES, FIRST, f"answered {code}")
        for code in (302, 400, 401, 403, 404, 405, 406, 410, 418, 422, 429, 503)
    ],
    ("asks to wait for hours", double.status(503, Retry_After="7200"), PAGES, FIRST, "asks to wait"),
    ("is cut off", double.cut_short, PAGES, FIRST, "broke off"),
    ("half of it", double.half_json, PAGES, FIRST, "not whole JSON"),
    ("a page for people", double.says(f"<html>{PERSON}"), PAGES, FIRST, "HTML or XML"),
    ("no list", double.says(TOLD), PAGES, FIRST, "no list at $.items"),
    ("no list within", items({"id": 1, "lines": PERSON}), {"paging": PAGES, "records": "$.items[*].lines"}, FIRST,
     "in one of the items"),
    ("a field twice", items({"id": 1, "lines": [{"of": PERSON}]}),
     {"paging": NONE, "records": "$.items[*].lines", "parent": {"of": "id"}}, ASKED, "a field of of their own"),
    ("repeats a page", items(ROW), PAGES, SECOND, "repeats a page after 1 rows"),
    ("a cursor of no kind", items(ROW, next={"name": PERSON}), CURSOR, FIRST, "the next cursor at $.next"),
    ("a cursor without an end", items(ROW, next=PERSON * 999), CURSOR, FIRST, "more than 8000 characters"),
    ("more, but not where", items(ROW, more=True), {**CURSOR, "more": "$.more"}, FIRST, "not where"),
    ("a link of no kind", items(ROW, next=[PERSON]), LINKED, FIRST, "its link to the next page is no text"),
    ("half a link", items(ROW, next="http://[::1" + PERSON), LINKED, FIRST, "is no address"),
    ("a link away", items(ROW, next=f"http://evil.example/?q={EMAIL}"), LINKED, FIRST, "leads away from"),
    ("errors of GraphQL", double.says(f'{{"errors": [{{"message": "{PERSON}", "path": ["rows"], "extensions": '
     '{"code": "FORBIDDEN"}}]}'), {"graphql": {"query": "{ rows { id } }"}, "method": "POST"}, "at rows", "FORBIDDEN"),
]  # fmt: skip


def without_end(request, body):
    """Three cursors in a circle, each page with other rows."""
    at = int(request.path.partition("c=")[2] or 0) % 3 + 1
    items({"id": at}, next=str(at))(request, body)


def to_itself(request, body):
    items({"id": len(request.path)}, next="c1")(request, body)


ANSWERS += [
    ("a circle", without_end, CURSOR, "GET /rows, page 7", "goes round in a circle"),
    ("a page behind itself", to_itself, CURSOR, SECOND, "the page after itself"),
]


def of_an_answer(world, fault, given):
    world.api.always = fault
    fetch = given if given.keys() & {"paging", "graphql"} else {"paging": given}
    with pytest.raises(SourceError) as refused:
        list(connector(world.api.url, **{"paging": NONE, **fetch}).pieces(None, None))
    return refused.value.message


def of_silence(world, *_):
    ends = threading.Event()
    world.api.always = double.silent(ends)
    try:
        with pytest.raises(SourceError) as refused:
            http.Http(world.api.url, {}, 0.02).ask(http.Request("/rows", name=FIRST))
    finally:
        ends.set()
    return refused.value.message


def of_nobody(world, *_):
    with pytest.raises(SourceError) as refused:
        list(connector("http://127.0.0.1:1", PAGES).pieces(None, None))
    return refused.value.message


def of_an_address(world, url, _):
    with pytest.raises(SourceError) as refused:
        list(connector(url, PAGES).pieces(None, None))
    return refused.value.message


def of_a_secret(world, value, given):
    name = "/hub/app/secret"
    if value is not None:
        aws.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
    with pytest.raises(SourceError) as refused:
        made = connector(world.api.url, PAGES, {"secret": name if value else "/hub/app/none", **given})
        world.api.always = double.fails(400, '{"error": "invalid_grant"}')
        list(made.pieces(None, None))
    return refused.value.message


CLIENT = {"kind": "client_credentials", "token_url": "http://127.0.0.1:1/token"}
SECRETS = [
    ("a secret that is not there", None, {"kind": "bearer"}, "/hub/app/none", "is not set"),
    ("a secret of two lines", f"{WORD}\n{WORD}", {"kind": "bearer"}, "/hub/app/secret", "cannot be sent"),
    ("a secret without a name", WORD, {"kind": "basic"}, "/hub/app/secret", "no `user:password`"),
    ("a secret of another kind", WORD, CLIENT, "/hub/app/secret", "no JSON with client_id"),
]
