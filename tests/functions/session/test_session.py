"""Sign-in on moto's user pool (its user-name-and-password flow; its SRP and TOTP take anything and prove nothing)."""

import time

import boto3
import pytest

from hub import aws
from hub.access.sessions import COOKIE, Sessions
from hub.access.sessions import _claims as claims_of
from hub.access.store import Revocations
from hub.settings import SessionSettings

HOME = "https://hub.example.com"
PASSWORD = "correct horse 1 Battery"


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def pool(on_moto):
    cognito = boto3.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="hub")["UserPool"]["Id"]
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="hub", ExplicitAuthFlows=flows)
    key = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    on_moto.setenv("USER_POOL_ID", pool_id)
    on_moto.setenv("USER_POOL_CLIENT_ID", client["UserPoolClient"]["ClientId"])
    on_moto.setenv("SESSION_KEY_ID", key)
    on_moto.setenv("PUBLIC_URL", HOME)
    cognito.create_group(UserPoolId=pool_id, GroupName="viewer")
    for name in ("asha", "new"):
        cognito.admin_create_user(UserPoolId=pool_id, Username=name, TemporaryPassword=PASSWORD)
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="asha", Password=PASSWORD, Permanent=True)
    cognito.admin_add_user_to_group(UserPoolId=pool_id, Username="asha", GroupName="viewer")
    # moto has no RevokeToken: what the hub asks the pool to revoke is kept here.
    revoked: list[str] = []
    on_moto.setattr(aws.client("cognito-idp"), "revoke_token", lambda Token, ClientId: revoked.append(Token))
    return pool_id, revoked


@pytest.fixture
def clock():
    return Time()


@pytest.fixture
def session(pool, gateway, clock):
    function = gateway("session")
    sessions = Sessions(SessionSettings.read(), clock, clock.sleep)
    function.module.sessions = lambda: sessions

    def call(method, path="/v1/session", body=None, cookie=None, origin=HOME):
        headers = {"origin": origin} if origin else {}
        return function(
            method, path, body, role=None, headers=headers, cookies=[f"{COOKIE}={cookie}"] if cookie else []
        )

    return call


def sign_in(session, password=PASSWORD, name="asha", **options):
    return session("POST", body={"username": name, "password": password}, **options)


def cookie_of(answer) -> str:
    return answer.cookies[0].partition("=")[2].partition(";")[0]


def test_a_session_from_sign_in_to_sign_out(session, pool):
    first = sign_in(session)
    assert first.status == 200
    assert set(first.body) == {"access_token", "expires_in", "user"}
    assert first.body["user"] == {"username": "asha", "roles": ["viewer"]}
    attributes = first.cookies[0].split("; ")[1:]
    assert attributes == ["Path=/", "Max-Age=43200", "HttpOnly", "Secure", "SameSite=Strict"]
    again = session("POST", "/v1/session/refresh", cookie=cookie_of(first))
    assert again.status == 200
    assert cookie_of(again) != cookie_of(first), "each refresh gives a new cookie"
    out = session("DELETE", cookie=cookie_of(again))
    assert out.status == 204
    assert "Max-Age=0" in out.cookies[0]
    assert len(pool[1]) == 1, "the pool's refresh token is revoked too"
    assert session("POST", "/v1/session/refresh", cookie=cookie_of(again)).status == 401
    assert session("DELETE", cookie=cookie_of(again)).status == 204, "signing out twice is no error"


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({"username": "asha", "password": "wrong"}, 401, "a wrong password"),
        ({"username": "nobody", "password": PASSWORD}, 401, "an unknown user"),
        ({"username": "asha", "password": PASSWORD + " "}, 401, "nearly right"),
        ({"username": "asha"}, 422, "nothing to prove it"),
        ({"username": "", "password": "x"}, 422, "no name"),
        ({"username": "asha", "password": "x" * 257}, 422, "longer than any password"),
        ({"username": "asha", "password": PASSWORD, "code": "123456"}, 422, "two steps at once"),
        ({"username": "asha", "session": "s" * 20, "code": "12345"}, 422, "five digits"),
        ({"username": "asha", "session": "s" * 20, "code": "123456", "new_password": "x"}, 422, "two answers"),
        ({"username": "asha", "password": None}, 422, "null is not given"),
        ({"username": ["asha"], "password": "x"}, 422, "a list is no name"),
        ({"username": "asha", "password": {"$ne": ""}}, 422, "nor is an object a password"),
    ],
)
def test_refused(session, body, status, why):
    answer = session("POST", body=body)
    assert (answer.status, answer.cookies) == (status, []), why


def test_unknown_user_wrong_password_and_disabled_user_look_alike(session, pool):
    unknown, wrong = sign_in(session, name="nobody"), sign_in(session, "wrong")
    boto3.client("cognito-idp").admin_disable_user(UserPoolId=pool[0], Username="asha")
    disabled = sign_in(session)
    assert unknown == wrong == disabled


def test_a_temporary_password_is_changed_first(session):
    challenge = sign_in(session, name="new").body
    assert challenge["challenge"] == "new_password"
    body = {"username": "new", "session": challenge["session"], "new_password": "Another good one 2"}
    code = {"new_password": None, "code": "123456"}
    for wrong in ({"username": "asha"}, {"session": "s" * 40}, code):
        answer = session("POST", body=body | wrong)
        assert (answer.status, answer.cookies) == (401, []), f"a challenge that nobody gave: {wrong}"
    assert session("POST", body=body).status == 200
    assert session("POST", body=body).status == 401, "a challenge is met once"
    assert sign_in(session, "Another good one 2", "new").status == 200


def test_five_wrong_tries_then_one_a_minute_whatever_the_name(session, clock):
    for name in ("asha", "nobody"):
        assert [sign_in(session, "wrong", name).status for _ in range(7)] == [401] * 5 + [429] * 2
    assert sign_in(session).status == 429, "the right password has to wait as well: it cannot be told apart by trying"
    assert sign_in(session, name="ASHA").status == 429, "however the name is written"
    clock.ahead = 61
    assert sign_in(session, "wrong").status == 401
    assert sign_in(session).status == 429
    clock.ahead = 122
    assert sign_in(session).status == 200
    assert sign_in(session, "wrong").status == 401, "a right one clears the count"


@pytest.mark.parametrize(
    ("origin", "statuses", "why"),
    [
        (HOME, (200, 200, 204), "our own console"),
        (HOME + "/", (200, 200, 204), "the same, written otherwise"),
        ("https://evil.example.com", (403, 403, 403), "another page"),
        ("https://hub.example.com.evil.com", (403, 403, 403), "one that begins alike"),
        ("http://hub.example.com", (403, 403, 403), "no TLS"),
        ("null", (403, 403, 403), "a page without an address"),
        (None, (200, 403, 403), "no browser: may sign in, has no cookie to use"),
    ],
)
def test_only_our_own_pages_use_the_cookie(session, origin, statuses, why):
    cookie = cookie_of(sign_in(session))
    signed_in = sign_in(session, origin=origin).status
    refreshed = session("POST", "/v1/session/refresh", cookie=cookie, origin=origin).status
    assert (signed_in, refreshed, session("DELETE", cookie=cookie, origin=origin).status) == statuses, why


def test_a_cookie_lives_ten_seconds_beside_its_successor_and_ends_the_session_after_that(session, clock, pool):
    old = cookie_of(sign_in(session))
    new = cookie_of(session("POST", "/v1/session/refresh", cookie=old))
    other = session("POST", "/v1/session/refresh", cookie=old)
    assert other.status == 200, "another page of the same browser, or an answer that was lost"
    clock.ahead = 5
    newer = cookie_of(session("POST", "/v1/session/refresh", cookie=new))
    clock.ahead = 11
    assert session("POST", "/v1/session/refresh", cookie=old).status == 401, "only a copy comes so late"
    for cookie in (new, newer, cookie_of(other)):
        assert session("POST", "/v1/session/refresh", cookie=cookie).status == 401, "the session is over for all"
    assert len(pool[1]) == 1


def test_a_session_ends_after_twelve_hours_however_often_it_is_refreshed(session, clock):
    cookie = cookie_of(sign_in(session))
    for hour in range(1, 12):
        clock.ahead = hour * 3600
        cookie = cookie_of(session("POST", "/v1/session/refresh", cookie=cookie))
    clock.ahead = 12 * 3600 + 1
    assert session("POST", "/v1/session/refresh", cookie=cookie).status == 401


@pytest.mark.parametrize("cookie", [None, "", ".", "a.b", "x" * 5000, "../..", "a\x00.b"])
def test_a_cookie_that_was_never_given(session, cookie):
    assert session("POST", "/v1/session/refresh", cookie=cookie).status == 401


def test_the_table_alone_opens_nothing(session):
    answer = sign_in(session)
    table = boto3.resource("dynamodb").Table("access")
    items = [item for item in table.scan()["Items"] if item["pk"].startswith("session#")]
    assert len(items) == 1
    text = repr(items)
    assert cookie_of(answer).partition(".")[2] not in text, "only the hash of the cookie's secret"
    sealed, name = bytes(items[0]["sealed"]), items[0]["pk"].removeprefix("session#")
    kms = boto3.client("kms")
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"session": "another"})
    token = kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"session": name})["Plaintext"].decode()
    assert token not in text


def test_a_token_of_the_second_of_a_revocation_is_fetched_again(session, clock, pool):
    user = boto3.client("cognito-idp").admin_get_user(UserPoolId=pool[0], Username="asha")
    subject = next(a["Value"] for a in user["UserAttributes"] if a["Name"] == "sub")
    item = {"pk": f"user#{subject}", "sk": "not_before", "not_before": int(time.time()) + 2}
    boto3.resource("dynamodb").Table("access").put_item(Item=item)
    assert sign_in(session).status == 200
    assert clock.slept == [1.0]


def test_the_session_of_a_disabled_user_is_over_whatever_the_pool_says(session, clock):
    first = sign_in(session)
    user = claims_of(first.body["access_token"])["sub"]
    Revocations("access").revoke(user, clock(), sessions=True)
    clock.ahead = 5
    assert session("POST", "/v1/session/refresh", cookie=cookie_of(first)).status == 401
    assert session("POST", "/v1/session/refresh", cookie=cookie_of(sign_in(session))).status == 200, "a later one"


def test_me(on_moto, gateway):
    answer = gateway("session")("GET", "/v1/me", role="viewer report_user")
    assert answer.body["roles"] == ["report_user", "viewer"]
    assert {"reports.run", "runs.read", "signed_in"} <= set(answer.body["permissions"])
    assert "customers.read" not in answer.body["permissions"]
    assert gateway("session")("GET", "/v1/me", role=None).status == 401
