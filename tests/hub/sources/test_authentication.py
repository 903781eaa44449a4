"""How the hub signs in, and that a secret stays in memory."""

import base64
import json
import logging
from urllib.parse import parse_qs, quote

import pytest
from botocore.exceptions import EndpointConnectionError

from hub.sources import SourceError, authentication, secrets
from tests.hub.sources import double
from tests.hub.sources.paged import KINDS, Paged, connector, ids, row

KEY = "k3y/with+odd=signs&more"
CLIENT = {"client_id": "hub", "client_secret": "s3cret-of-the-hub"}
REFRESH = {**CLIENT, "refresh_token": "refresh-1"}


class Guarded(Paged):
    """Rows behind tokens that it gives itself. tokens_last: requests that a token is good for."""

    def __init__(self, rows):
        super().__init__(rows, KINDS["next_url"])
        self.given, self.uses, self.tokens_last, self.link = [], 0, 10_000, "?{query}"
        self.token_answer, self.grants, self.takes_header_only = {"expires_in": 3600}, [], False

    def reply(self, request, query, body):
        if request.path.startswith("/token"):
            return self._token(request, {name: values[0] for name, values in parse_qs(body.decode()).items()})
        if request.path.startswith("/api/guarded"):
            self.uses += 1
            good = bool(self.given) and request.headers["Authorization"] == f"Bearer {self.given[-1]}"
            request.code = 200 if good and self.uses <= self.tokens_last else 401
        return super().reply(request, query, body)

    def _token(self, request, form):
        self.grants.append(form)
        if self.takes_header_only and "client_id" in form:
            request.code = 401
            return b'{"error": "invalid_client", "error_description": "s3cret-of-the-hub"}'
        self.given.append(f"token-number-{len(self.given) + 1:04d}")
        self.uses = 0
        return json.dumps({"access_token": self.given[-1], "token_type": "Bearer", **self.token_answer}).encode()


@pytest.fixture
def api(monkeypatch):
    monkeypatch.setattr("hub.sources.http.time.sleep", lambda seconds: None)
    monkeypatch.setattr(authentication, "_tokens", {})
    with double.serving(Guarded([row(n) for n in range(7)])) as api:
        yield api


class Parameters:
    """SSM with one parameter. deaf: it takes nothing."""

    class exceptions:
        class ParameterNotFound(Exception):
            pass

    def __init__(self):
        self.value, self.written, self.deaf = None, [], False

    def get_parameter(self, Name, WithDecryption):
        return {"Parameter": {"Value": self.value}}

    def put_parameter(self, Name, Value, Type, KeyId, Overwrite):
        if self.deaf:
            raise EndpointConnectionError(endpoint_url="https://ssm.example")
        assert (Name, Type, KeyId, Overwrite) == ("/hub/app/secret", "SecureString", "the-hubs-key", True)
        self.value = Value
        self.written.append(json.loads(Value))


@pytest.fixture
def ssm(monkeypatch):
    made = Parameters()
    monkeypatch.setattr(secrets, "client", lambda service: made)
    monkeypatch.setattr(secrets, "_unwritten", {})
    monkeypatch.setenv("STAGE", "test")
    monkeypatch.setenv("HUB_KEY_ID", "the-hubs-key")
    return made


@pytest.fixture
def made(api, ssm, monkeypatch):
    def made(kind, secret, path="/rows", **more):
        ssm.value = secret
        sign_in = {"kind": kind, "secret": "/hub/app/secret", **more}
        return connector(api.url, {**KINDS["next_url"], "size": 3}, sign_in, path=path)

    return made


def basic(pair):
    return "Basic " + base64.b64encode(pair.encode()).decode()


SENT = [
    ("bearer", "abc", {}, "Authorization", "Bearer abc"),
    ("bearer", "abc\n", {}, "Authorization", "Bearer abc"),
    ("basic", "me:pass:word", {}, "Authorization", basic("me:pass:word")),
    ("basic", "me:pässword", {}, "Authorization", basic("me:pässword")),
    ("api_key", KEY, {"header": "X-Api-Key"}, "X-Api-Key", KEY),
]


@pytest.mark.parametrize(("kind", "secret", "more", "header", "value"), SENT)
def test_what_is_sent(api, made, kind, secret, more, header, value):
    assert ids(made(kind, secret, **more).pieces(None, None)) == list(range(7))
    assert {head[header] for head in api.heads} == {value}


@pytest.mark.parametrize("key", [KEY, "short", "abcdefghijklmnopqrstuvwx"])
def test_a_key_in_a_parameter_is_in_no_position_and_not_landed(api, made, key):
    """The application writes it into the link to the next page, as many do."""
    pieces = list(made("api_key", key, parameter="api_key").pieces(None, None))
    assert ids(pieces) == list(range(7))
    assert [each["api_key"] for each in api.asked] == [key] * 3
    kept = b"".join(piece.raw + json.dumps([piece.position, piece.cursor]).encode() for piece in pieces).decode()
    assert key not in kept
    assert quote(key, safe="") not in kept


def test_a_short_key_does_not_change_the_rows(api, made):
    api.rows = [{"id": 1, "at": "short"}]
    (piece,) = made("api_key", "short", parameter="api_key").pieces(None, None)
    assert piece.rows["at"].to_pylist() == ["short"]


def odd_headers(request, body):
    request.wfile.write(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nno header at all\r\n: nothing\r\n\r\n")


FAULTS = [double.status(401), double.status(403), double.status(503), double.html, double.half_json, double.reset]


@pytest.mark.parametrize("fault", [*FAULTS, odd_headers], ids=["401", "403", "503", "html", "half", "reset", "headers"])
def test_no_secret_is_told(api, made, caplog, fault):
    caplog.set_level(logging.DEBUG)
    api.always = fault
    with pytest.raises(SourceError) as refused:
        list(made("api_key", KEY, parameter="api_key").pieces(None, None))
    told = refused.value.message + caplog.text
    assert "k3y" not in told
    assert refused.value.message.startswith("GET /rows, page 1: ")


@pytest.mark.parametrize(("kind", "secret"), [("client_credentials", CLIENT), ("refresh_token", REFRESH)])
def test_one_token_for_a_pull_and_the_next(api, made, kind, secret):
    for _ in range(2):
        pieces = made(kind, json.dumps(secret), "/guarded", token_url=f"{api.url}/token", scope="read all").pieces
        assert ids(pieces(None, None)) == list(range(7))
    expected = {"grant_type": kind, "scope": "read all", **secret}
    assert api.grants == [expected]


def test_a_token_that_has_ended_is_fetched_before_it_is_refused(api, made, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("hub.sources.authentication.time.monotonic", lambda: now[0])
    api.token_answer = {"expires_in": 100}
    pieces = made("client_credentials", json.dumps(CLIENT), "/guarded", token_url=f"{api.url}/token").pieces(None, None)
    next(pieces)
    now[0] += 89
    next(pieces)
    assert len(api.given) == 1
    now[0] += 2
    next(pieces)
    assert len(api.given) == 2


def test_a_refused_token_is_fetched_anew_once(api, made):
    api.tokens_last = 2
    made_one = made("client_credentials", json.dumps(CLIENT), "/guarded", token_url=f"{api.url}/token")
    assert ids(made_one.pieces(None, None)) == list(range(7))
    assert len(api.given) == 2
    api.tokens_last = 0
    with pytest.raises(SourceError, match="GET /guarded, page 1: answered 401; check the secret"):
        list(made_one.pieces(None, None))
    assert len(api.given) == 3, "once"


class Rotating(Guarded):
    """Each refresh token is good once, and answered with the next."""

    def __init__(self, rows):
        super().__init__(rows)
        self.good, self.dies = "refresh-1", False

    def _token(self, request, form):
        self.grants.append(form)
        if form["refresh_token"] != self.good:
            request.code = 400
            return b'{"error": "invalid_grant"}'
        self.good = f"refresh-{len(self.given) + 2}"
        self.given.append(f"token-number-{len(self.given) + 1:04d}")
        self.uses = 0
        return json.dumps({"access_token": self.given[-1], "refresh_token": self.good, "expires_in": 3600}).encode()


@pytest.fixture
def rotating(monkeypatch, ssm):
    monkeypatch.setattr("hub.sources.http.time.sleep", lambda seconds: None)
    monkeypatch.setattr(authentication, "_tokens", {})
    ssm.value = json.dumps(REFRESH | {"note": "made by hand"})
    with double.serving(Rotating([row(n) for n in range(7)])) as api:

        def worker():
            """A new worker has no token in memory."""
            authentication._tokens.clear()
            secrets._unwritten.clear()
            sign_in = {"kind": "refresh_token", "secret": "/hub/app/secret", "token_url": f"{api.url}/token"}
            return connector(api.url, {**KINDS["next_url"], "size": 3}, sign_in, path="/guarded")

        yield api, worker


def test_a_refresh_token_that_is_good_once_outlives_workers(rotating, ssm):
    api, worker = rotating
    api.tokens_last = 2
    for _ in range(3):
        assert ids(worker().pieces(None, None)) == list(range(7))
    assert [each["refresh_token"] for each in api.grants] == [f"refresh-{n}" for n in range(1, len(api.grants) + 1)]
    assert len(ssm.written) == len(api.grants) == 6
    assert ssm.written[-1] == {**CLIENT, "refresh_token": api.good, "note": "made by hand"}


def test_the_new_one_is_kept_before_it_is_needed(rotating, ssm, monkeypatch):
    """A worker that dies as soon as it has a token has written down the next refresh token."""
    api, worker = rotating

    def dies(self, *arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("hub.sources.authentication.Token", dies)
    with pytest.raises(KeyboardInterrupt):
        list(worker().pieces(None, None))
    monkeypatch.undo()
    assert json.loads(ssm.value)["refresh_token"] == api.good == "refresh-2"


def test_one_that_another_worker_exchanged_is_taken_from_the_parameter(rotating, ssm):
    api, worker = rotating
    slow, quick = worker(), worker()
    assert ids(quick.pieces(None, None)) == list(range(7))
    authentication._tokens.clear()
    assert ids(slow.pieces(None, None)) == list(range(7)), "it was made with the token before"
    assert [each["refresh_token"] for each in api.grants] == ["refresh-1", "refresh-2"]


def test_two_at_the_very_same_moment(rotating, ssm):
    """The slower one asks with the one that has just been used, and looks again."""
    api, worker = rotating
    asked, original = worker(), ssm.get_parameter
    stale = ssm.value
    values = iter([stale])
    ssm.get_parameter = lambda **options: {"Parameter": {"Value": next(values, ssm.value)}}
    api.good = "refresh-7"
    ssm.value = json.dumps(REFRESH | {"refresh_token": "refresh-7"})
    assert ids(asked.pieces(None, None)) == list(range(7))
    ssm.get_parameter = original
    assert [each["refresh_token"] for each in api.grants] == ["refresh-1", "refresh-7"]


def test_what_cannot_be_kept_is_used_and_kept_later(rotating, ssm, caplog):
    api, worker = rotating
    api.tokens_last = 2
    ssm.deaf = True
    pieces = worker().pieces(None, None)
    next(pieces)
    assert ssm.written == []
    assert "refresh-2" not in caplog.text
    assert "could not be kept" in caplog.text
    ssm.deaf = False
    assert ids(pieces) == list(range(3, 7)), "the next is asked for with the one in memory"
    assert json.loads(ssm.value)["refresh_token"] == api.good


def test_what_somebody_puts_in_wins_over_what_was_not_kept(rotating, ssm):
    _, worker = rotating
    ssm.deaf = True
    next(worker().pieces(None, None))
    ssm.deaf, ssm.value = False, json.dumps(REFRESH | {"refresh_token": "by-hand"})
    assert json.loads(secrets.read("/hub/app/secret"))["refresh_token"] == "by-hand"
    assert secrets._unwritten == {}


def test_a_client_that_is_taken_in_the_header_alone(api, made):
    api.takes_header_only = True
    pieces = made("client_credentials", json.dumps(CLIENT), "/guarded", token_url=f"{api.url}/token").pieces
    assert ids(pieces(None, None)) == list(range(7))
    assert api.tokens[1] == basic("hub:s3cret-of-the-hub")


REFUSED = [
    (double.status(400), "answered 400; check the secret /hub/app/secret", "no reason"),
    (double.fails(400, '{"error": "invalid_grant"}'), r"answered 400 \(invalid_grant\).*sign in to", "it has ended"),
    (double.fails(400, '{"error": "s3cret-of-the-hub"}'), "answered 400; check", "its own words are not told"),
    (double.says('{"token": "x"}'), "answered without an access_token", "another form"),
    (double.says('{"access_token": "a\\r\\nX-Other: 1"}'), "answered without an access_token", "a header within"),
    (double.says("[]"), "answered without an access_token", "a list"),
    (double.html, "answered HTML", "a page"),
    (double.status(302, Location="http://127.0.0.1:1/"), "sends elsewhere", "a redirect"),
    (double.status(503), "answered 503, 5 times", "down"),
]


@pytest.mark.parametrize(("fault", "told", "why"), REFUSED, ids=[each[2] for each in REFUSED])
def test_no_token(api, made, fault, told, why):
    api.always = fault
    with pytest.raises(SourceError, match=told) as refused:
        list(made("refresh_token", json.dumps(REFRESH), token_url=f"{api.url}/token").pieces(None, None))
    assert "s3cret" not in str(refused.value)
    assert "refresh-1" not in str(refused.value)


SECRETS = [
    ("bearer", "", {}, "cannot be sent", "empty"),
    ("bearer", "a\nX-Other: 1", {}, "cannot be sent", "a header within"),
    ("bearer", "schlüssel", {}, "cannot be sent", "no header can hold it"),
    ("basic", "password", {}, "is no `user:password`", "no colon"),
    ("client_credentials", "hub:s3cret", {"token_url": "http://127.0.0.1:1/"}, "is no JSON with client_id", "no JSON"),
    ("client_credentials", '{"client_id": "s3cret"}', {"token_url": "http://127.0.0.1:1/"}, "client_secret", "half"),
    ("refresh_token", json.dumps(CLIENT), {"token_url": "http://127.0.0.1:1/"}, "refresh_token", "no refresh token"),
]


@pytest.mark.parametrize(("kind", "secret", "more", "told", "why"), SECRETS, ids=[each[4] for each in SECRETS])
def test_a_secret_of_the_wrong_form(made, kind, secret, more, told, why):
    with pytest.raises(SourceError, match=told) as refused:
        made(kind, secret, **more)
    assert "s3cret" not in str(refused.value)


def test_a_secret_is_in_no_representation(made):
    assert "s3cret" not in repr(vars(made("bearer", "s3cret")._http))
