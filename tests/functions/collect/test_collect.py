"""What sources push, by the collector's own handler: proofs, bodies, repeats, and a burst of which nothing is lost."""

import base64
import gzip
import hashlib
import hmac
import itertools
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from moto import mock_aws

from hub import aws, config
from hub.config.names import pushed
from tests.functions.conftest import Gateway
from tests.hub.pulls.conftest import HUB, VAULT, Bench, make_stores
from tests.stores import create_table

SECRET, OLD, TOKEN, AGREED = "signing-key", "older-key", "a-long-token", "agreed-token"
SHARED = """
    description: Events.
    frequency: {class: real-time}
    keys: {business: [event_id], order: step}
    columns:
      event_id: {type: varchar, required: true}
      person: {type: varchar}
      step: {type: integer}
      topic: {type: varchar}
"""
SOURCES = {
    "github": "kind: hmac, secret: /hub/signed, header: X-Hub-Signature-256, prefix: 'sha256='",
    "shopify": "kind: hmac, secret: /hub/signed, header: X-Shopify-Hmac-Sha256, encoding: base64",
    "slack": "kind: hmac, secret: /hub/signed, header: X-Slack-Signature, prefix: 'v0=', "
    "timestamp: {header: X-Slack-Request-Timestamp, signed: 'v0:{timestamp}:{body}'}",
    "till": "kind: token, secret: /hub/token",
    "gate": "kind: token, secret: /hub/token, header: X-Api-Key",
    "unset": "kind: token, secret: /hub/nowhere",
    "site": "kind: origin, write_key: site-write-key, origins: ['https://shop.example']",
    "flooded": "kind: origin, write_key: site-write-key, origins: ['https://shop.example'], "
    "per_address: {per_minute: 1, burst: 2}",
    "few": "kind: token, secret: /hub/token",
    "burst": "kind: token, secret: /hub/token",
}
EVENT = b'{"event_id": "E1", "person": "P1", "step": 1}'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("deployment")
    (made / "sources").mkdir()
    (made / "hub.yaml").write_text(HUB)
    for name, proof in SOURCES.items():
        more = "limit: {per_minute: 1, burst: 2}" if name == "few" else ""
        more += "verification: {kind: meta, secret: /hub/agreed}" if name == "github" else ""
        fetch = "{event_id: $.event_id, headers: {topic: X-Topic}}"
        (made / f"sources/{name}.yaml").write_text(
            f"name: {name}\ndescription: A source.\nowner: tests@example.org\ntrust: 10\nconnector: push\n"
            f"connection: {{authentication: {{{proof}}}{', ' + more if more else ''}}}\n"
            f"data_sets:\n  events:\n    fetch: {fetch}{SHARED}"
        )
    (made / "sources/calls.yaml").write_text(
        f"name: calls\ndescription: Files.\nowner: tests@example.org\ntrust: 10\nconnector: files\n"
        f"data_sets:\n  events:\n    fetch: {{pattern: '*.csv', format: csv}}{SHARED.replace('real-time', 'on-demand')}"
    )
    loaded = config.load(made)
    (made / "deployment.json").write_text(loaded.model_dump_json())
    return made


class Collect:
    """Calls the handler as the gateway does."""

    def __init__(self):
        self.handler = Gateway("collect").module.handler
        self.keys = itertools.count()

    def __call__(
        self, source="till", body=EVENT, headers=None, query="", method="POST", data_set="events", ip="192.0.2.1"
    ):
        given = {"authorization": f"Bearer {TOKEN}"} if headers is None else headers
        answer = self.handler(
            {
                "version": "2.0",
                "rawPath": f"/v1/collect/{source}/{data_set}",
                "rawQueryString": query,
                "headers": given,
                "requestContext": {"requestId": "r", "http": {"method": method, "sourceIp": ip}},
                "isBase64Encoded": True,
                "body": base64.b64encode(body).decode(),
            },
            None,
        )
        told = answer["body"]
        return answer["statusCode"], json.loads(told) if told.startswith("{") else told, answer["headers"]


@pytest.fixture(scope="module")
def collect(folder):
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        settings = {
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "STAGE": "test",
            "HUB_HOME": str(folder),
            "ARRIVALS_TABLE": "arrivals",
            "RECENT_FUNCTION": "recent",
            "VAULT_BUCKET": VAULT,
        }
        for name, value in settings.items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        aws.reset()
        config.read.cache_clear()
        make_stores()
        create_table(boto3.client("dynamodb"), "arrivals")
        for name, value in {"signed": f"{OLD}\n{SECRET}\n", "token": TOKEN, "agreed": AGREED}.items():
            boto3.client("ssm").put_parameter(Name=f"/hub/{name}", Value=value, Type="SecureString")
        yield Collect()
        aws.reset()
        config.read.cache_clear()


def kept(source="till"):
    """What waits of a source: the bodies in the order of their arrival."""
    s3 = boto3.client("s3")
    found = s3.list_objects_v2(Bucket=VAULT, Prefix=pushed(source, "events")).get("Contents", [])
    return [s3.get_object(Bucket=VAULT, Key=each["Key"])["Body"].read() for each in found]


def signature(secret=SECRET, body=EVENT, before=b""):
    return hmac.digest(secret.encode(), before + body, hashlib.sha256)


def at(moment, secret=SECRET):
    headers = {"x-slack-request-timestamp": str(moment)}
    return headers | {"x-slack-signature": "v0=" + signature(secret, before=f"v0:{moment}:".encode()).hex()}


NOW = int(time.time())
GITHUB, SHOPIFY = "x-hub-signature-256", "x-shopify-hmac-sha256"
PROOFS = [
    ("github", {GITHUB: f"sha256={signature().hex()}"}, "", 202, "a signature in hex behind its prefix"),
    ("github", {GITHUB: f"sha256={signature(OLD).hex()}"}, "", 202, "the key before, while it is changed"),
    ("github", {GITHUB: signature().hex()}, "", 401, "no prefix"),
    ("github", {GITHUB: f"sha256={signature('other').hex()}"}, "", 401, "another key"),
    ("github", {GITHUB: f"sha256={signature(body=EVENT + b' ').hex()}"}, "", 401, "of another body"),
    ("github", {GITHUB: "sha256="}, "", 401, "an empty signature"),
    ("github", {GITHUB: "sha256=zz"}, "", 401, "no hex"),
    ("github", {}, "", 401, "no header"),
    ("shopify", {SHOPIFY: base64.b64encode(signature()).decode()}, "", 202, "a signature in base64"),
    ("shopify", {SHOPIFY: signature().hex()}, "", 401, "in hex where base64 is agreed"),
    ("slack", at(NOW), "", 202, "signed with its moment"),
    ("slack", at(NOW - 900), "", 401, "an old request, sent again"),
    ("slack", at(NOW + 900), "", 401, "from a clock that is far ahead"),
    ("slack", {**at(NOW), "x-slack-request-timestamp": str(NOW - 1)}, "", 401, "with another moment"),
    ("slack", {**at(NOW), "x-slack-request-timestamp": "soon"}, "", 401, "without a moment"),
    ("till", {"authorization": f"Bearer {TOKEN}"}, "", 202, "a token"),
    ("till", {"authorization": TOKEN}, "", 401, "without its prefix"),
    ("till", {"authorization": "Bearer "}, "", 401, "an empty token"),
    ("gate", {"x-api-key": TOKEN}, "", 202, "a token in a header of its own"),
    ("unset", {"authorization": "Bearer "}, "", 401, "a source whose secret nobody has put there"),
    ("site", {"origin": "https://shop.example"}, "key=site-write-key", 202, "a page of the shop"),
    ("site", {"origin": "https://evil.example"}, "key=site-write-key", 401, "a page of somebody else"),
    ("site", {"origin": "https://shop.example"}, "key=other-write-key", 401, "with another key"),
    ("site", {}, "key=site-write-key", 401, "no page at all"),
    ("nobody", {"authorization": f"Bearer {TOKEN}"}, "", 401, "no such source"),
    ("calls", {"authorization": f"Bearer {TOKEN}"}, "", 401, "a source that pushes nothing"),
]


@pytest.mark.parametrize(("source", "headers", "query", "status", "why"), PROOFS, ids=[why for *_, why in PROOFS])
def test_proofs(collect, source, headers, query, status, why):
    before = len(kept(source))
    answer, told, sent = collect(source, headers=headers, query=query)
    assert answer == status, told
    if status == 401:
        assert (
            told["error"]["message"]
            == "This request does not prove that it may be sent here; check its address and its secret"
        )
        assert len(kept(source)) == before
        assert "access-control-allow-origin" not in sent
    elif source == "site":
        assert sent["access-control-allow-origin"] == "https://shop.example"


def test_an_unknown_data_set_looks_like_a_wrong_token(collect):
    assert collect(data_set="none")[:2] == collect(headers={})[:2]


def test_a_secret_that_was_just_changed_is_read_anew(collect, monkeypatch):
    ssm = boto3.client("ssm")
    ssm.put_parameter(Name="/hub/token", Value="newer-token", Type="SecureString", Overwrite=True)
    monkeypatch.setattr("hub.collect.store.LOOK_AGAIN", 0.0)
    assert collect(headers={"authorization": "Bearer newer-token"})[0] == 202
    ssm.put_parameter(Name="/hub/token", Value=TOKEN, Type="SecureString", Overwrite=True)
    assert collect()[0] == 202


BIG = b'{"event_id": "' + b"x" * (1 << 20) + b'"}'
BOMB = gzip.compress(b'[{"event_id": "' + b"x" * (9 << 20) + b'"}]')
BODIES = [
    (EVENT, {}, 202, 1, "one event"),
    (b'[{"event_id": "B1"}, {"event_id": "B2"}]', {}, 202, 2, "a list"),
    (b'{"event_id": "C1"}\n{"event_id": "C2"}\n\n', {}, 202, 2, "JSON lines"),
    (b'\xef\xbb\xbf{"event_id": "D1"}', {}, 202, 1, "with a byte order mark"),
    (gzip.compress(b'{"event_id": "F1"}'), {"content-encoding": "gzip"}, 202, 1, "packed"),
    (b"[]", {}, 202, 0, "an empty list"),
    (b'{"event_id": "\\ud800"}', {}, 202, 1, "half a character, which JSON allows"),
    (b"", {}, 400, 0, "nothing"),
    (b"hello", {}, 400, 0, "no JSON"),
    (b"7", {}, 400, 0, "a number"),
    (b'{"event_id": NaN}', {}, 400, 0, "NaN, which is no JSON"),
    (b'{"event_id": "a"', {}, 400, 0, "cut off"),
    (b'{"event_id": "a"}\n{"event_id"', {}, 400, 0, "a last line that is cut off"),
    (b'{"event_id": "a"}\n[1]', {}, 400, 0, "a line that is no object"),
    (b'{"event_id": "\xff"}', {}, 400, 0, "bytes that are no UTF-8"),
    (b"[" * 100_000, {}, 400, 0, "brackets without an end"),
    (b'{"event_id": ' + b"[" * 190 + b"]" * 190 + b"}", {}, 202, 1, "nested deep"),
    (b'{"event_id": ' + b"[" * 300 + b"1" + b"]" * 300 + b"}", {}, 400, 0, "nested deeper than the pull can write"),
    (b"{}", {"content-encoding": "br"}, 400, 0, "packed by something else"),
    (b"{}", {"content-encoding": "gzip"}, 400, 0, "said to be packed"),
    (gzip.compress(b"[{}]")[:-4], {"content-encoding": "gzip"}, 400, 0, "packed and cut off"),
    (BIG, {}, 413, 0, "more than 1 MB"),
    (BOMB, {"content-encoding": "gzip"}, 413, 0, "more than 8 MB unpacked"),
    (b"[" + b"{}," * 10_000 + b"{}]", {}, 413, 0, "more than 10,000 events"),
]


@pytest.mark.parametrize(("body", "headers", "status", "events", "why"), BODIES, ids=[why for *_, why in BODIES])
def test_bodies(collect, body, headers, status, events, why):
    given = headers | {"authorization": f"Bearer {TOKEN}"}
    answer, told, _ = collect("till", body, given)
    assert (answer, told.get("events", 0)) == (status, events), told
    assert "x" * 20 not in json.dumps(told)


def test_what_is_answered_is_in_s3_and_its_key_names_the_moment_and_the_count(collect):
    before = set(objects("gate"))
    _, told, _ = collect("gate", b'[{"event_id": "K1"}, {"event_id": "K2"}]', {"x-api-key": TOKEN, "x-topic": "orders"})
    (new,) = set(objects("gate")) - before
    assert new == f"{pushed('gate', 'events')}{told['id']}.json"
    assert told["id"].endswith("-2")
    head = boto3.client("s3").head_object(Bucket=VAULT, Key=new)
    assert head["Metadata"] == {"fields": "%7B%22topic%22%3A%22orders%22%7D"}


def test_a_long_header_is_cut_and_keeps_nothing_out(collect):
    assert collect("gate", EVENT.replace(b"E1", b"K3"), {"x-api-key": TOKEN, "x-topic": "\u00fc" * 3000})[0] == 202


def objects(source):
    found = boto3.client("s3").list_objects_v2(Bucket=VAULT, Prefix=pushed(source, "events"))
    return [each["Key"] for each in found.get("Contents", [])]


def token(**more):
    return {"authorization": f"Bearer {TOKEN}"} | more


REPEATS = [
    ({"idempotency-key": "k1"}, b'{"a": 1}', {"idempotency-key": "k1"}, b'{"a": 1}', 202, 1, "the same id and body"),
    ({"idempotency-key": "k2"}, b'{"a": 1}', {"idempotency-key": "k2"}, b'{"a": 2}', 422, 1, "an id of another body"),
    ({"idempotency-key": "k3"}, b'{"a": 1}', {"idempotency-key": "k4"}, b'{"a": 1}', 202, 2, "the same body, two ids"),
    ({}, b'{"event_id": "R1"}', {}, b'{"event_id": "R1"}', 202, 1, "an event's own id"),
    ({}, b'{"event_id": "R2"}', {}, b'{"event_id": "R2", "try": 2}', 202, 1, "the same event in a new envelope"),
    ({}, b'{"a": "R3"}', {}, b'{"a": "R3"}', 202, 2, "no id at all: two events that are alike"),
    ({}, b'{"event_id": null}', {}, b'{"event_id": null}', 202, 2, "an id that is none"),
    ({"idempotency-key": ""}, b'{"a": "R4"}', {"idempotency-key": "x" * 256}, b"{}", 400, 1, "too long an id"),
]


@pytest.mark.parametrize(
    ("first", "body", "again", "repeated", "status", "kept_once", "why"), REPEATS, ids=[why for *_, why in REPEATS]
)
def test_repeats(collect, first, body, again, repeated, status, kept_once, why):
    before = len(objects("till"))
    one = collect("till", body, token(**first))
    two = collect("till", repeated, token(**again))
    assert (one[0], two[0]) == (202, status)
    assert len(objects("till")) - before == kept_once
    if status == 202:
        assert (one[1] == two[1]) is (kept_once == 1), "the same answer for the same thing"


def test_a_first_try_that_died_before_s3_is_made_good_under_its_name(collect, monkeypatch):
    before = len(objects("till"))
    s3 = aws.client("s3")
    with monkeypatch.context() as patch:
        patch.setattr(s3, "put_object", unreachable)
        status, told, _ = collect("till", b'{"event_id": "dead"}')
        assert (status, told["error"]["code"]) == (503, "unavailable")
    assert len(objects("till")) == before
    one, two = (collect("till", b'{"event_id": "dead"}') for _ in range(2))
    assert one[:2] == two[:2]
    assert len(objects("till")) == before + 1


def unreachable(**_):
    from botocore.exceptions import EndpointConnectionError

    raise EndpointConnectionError(endpoint_url="s3")


def test_a_source_over_its_limit_is_told_when_to_come_again(collect):
    answers = [collect("few", b'{"event_id": "%d"}' % number) for number in range(4)]
    assert [status for status, *_ in answers].count(202) == 2
    status, _, headers = answers[-1]
    assert (status, int(headers["retry-after"]) > 0) == (429, True)
    assert collect("till", b'{"event_id": "other"}')[0] == 202, "the limit is the source's own"


def test_one_address_cannot_use_up_what_all_visitors_have(collect):
    page = {"origin": "https://shop.example"}
    for ip, statuses in (("192.0.2.7", [202, 202, 429, 429]), ("2001:db8::7", [202, 202, 429, 429])):
        found = [collect("flooded", b"[{}]", page, "key=site-write-key", ip=ip)[0] for _ in range(4)]
        assert found == statuses
    kept_of = boto3.client("dynamodb").scan(TableName="arrivals")["Items"]
    assert "192.0.2.7" not in json.dumps(kept_of), "an address is a person's"


def test_a_page_may_read_why_it_was_refused(collect):
    status, _, headers = collect("site", b"no", {"origin": "https://shop.example"}, query="key=site-write-key&id=b1")
    assert (status, headers["access-control-allow-origin"]) == (400, "https://shop.example")


MODE = "hub.mode=subscribe&hub.verify_token="
CHALLENGES = [
    ("github", f"{MODE}{AGREED}&hub.challenge=1158201444", 200, "1158201444", "the agreed token"),
    ("github", f"{MODE}wrong&hub.challenge=1", 401, None, "another token"),
    ("github", f"hub.mode=unsubscribe&hub.verify_token={AGREED}&hub.challenge=1", 401, None, "another mode"),
    ("github", f"{MODE}{AGREED}&hub.challenge=%3Cscript%3E", 401, None, "what is no challenge"),
    ("github", "", 401, None, "nothing"),
    ("till", f"{MODE}{AGREED}&hub.challenge=1", 401, None, "a source that agreed on none"),
    ("nobody", f"{MODE}{AGREED}&hub.challenge=1", 401, None, "no such source"),
]


@pytest.mark.parametrize(("source", "query", "status", "told", "why"), CHALLENGES, ids=[why for *_, why in CHALLENGES])
def test_challenges(collect, source, query, status, told, why):
    answer, body, headers = collect(source, b"", {}, query=query, method="GET")
    assert answer == status
    if told:
        assert (body, headers["content-type"]) == (told, "text/plain; charset=utf-8")


BURST = int(os.environ.get("BURST", "96"))
PERSONS, WORKERS = 12, 6


def test_a_burst_of_many_workers_loses_nothing_and_keeps_the_order_of_each_person(collect, folder):
    """Each person's events are sent one after the other, those of different persons at once; some are sent twice."""

    def person(number):
        for step in range(BURST // PERSONS):
            body = json.dumps({"event_id": f"{number}-{step}", "person": f"P{number}", "step": step}).encode()
            for _ in range(2 if step % 7 == 0 else 1):
                assert collect("burst", body)[0] == 202

    started = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(person, range(PERSONS)))
    taken = time.monotonic() - started
    bench = Bench(config.load(folder), now=time.time())
    started = time.monotonic()
    pull = bench.pull("burst.events")
    print(f"{BURST} events, {WORKERS} workers: {taken:.1f} s to take, {time.monotonic() - started:.1f} s to pull")
    sent = BURST // PERSONS * PERSONS
    assert (pull.state, pull.staged, pull.balanced) == ("complete", sent, True), pull
    rows = bench.staged("burst.events").to_pylist()
    rows.sort(key=lambda row: (row["_pull_seq"], row["_batch"], row["_row"]))
    steps = {f"P{number}": [] for number in range(PERSONS)}
    for row in rows:
        steps[row["person"]].append(row["step"])
    assert all(found == list(range(BURST // PERSONS)) for found in steps.values())
    assert bench.engine.store.state("burst.events")["last_complete_seq"] == 1
