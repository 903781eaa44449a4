"""Sign-in: the pool checks the password; the refresh token stays here, encrypted, and the browser gets a cookie for it.

States of a sign-in: password -> (new_password | totp)* -> session. The cookie is "<name of the session>.<secret>"; the
table keeps the secret's hash, and the refresh token sealed by KMS with the name as context: neither a copy of the table
nor another session's item opens anything. Each refresh gives a new cookie; one that is used long after its successor
was given is a copy, and ends the session.
"""

import base64
import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hub import aws
from hub.access.store import Challenges, LockOut, Revocations, SessionStore
from hub.errors import Forbidden, InvalidInput, TooManyRequests, Unauthenticated
from hub.settings import SessionSettings

COOKIE: Final = "__Host-hub_session"
SESSION_NAME: Final = re.compile("[0-9a-f]{32}")
LIFE: Final = 12 * 3600
"""Seconds that a session lives, however often it is refreshed."""
GRACE: Final = 10
"""Seconds that a cookie outlives its successor: for two pages at once and for an answer that was lost on the way."""
REFUSED: Final = "User name or password is wrong"
OVER: Final = "The session is over; sign in again"
CHALLENGES: Final[dict[str, Literal["new_password", "totp"]]] = {
    "NEW_PASSWORD_REQUIRED": "new_password",
    "SOFTWARE_TOKEN_MFA": "totp",
}


class SignIn(BaseModel):
    """First user name and password; then what the challenge asks for, with the `session` that it gave."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: str = Field(min_length=1, max_length=128)
    password: str | None = Field(None, min_length=1, max_length=256)
    session: str | None = Field(None, min_length=20, max_length=2048)
    new_password: str | None = Field(None, min_length=12, max_length=256)
    code: str | None = Field(None, pattern="^[0-9]{6}$")

    @model_validator(mode="after")
    def one_step(self) -> Self:
        given = {name for name in ("password", "session", "new_password", "code") if getattr(self, name) is not None}
        if given not in ({"password"}, {"session", "new_password"}, {"session", "code"}):
            raise ValueError("give password alone, or session with new_password, or session with code")
        return self

    @property
    def answers(self) -> Literal["new_password", "totp"]:
        """The challenge that a step with a session is an answer to."""
        return "totp" if self.new_password is None else "new_password"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The browser gets all of it but `cookie` in the body; the cookie's value in a header that no script can read."""

    access_token: str
    expires_in: int
    user: dict[str, Any]
    cookie: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """The pool asks for more; `session` names this sign-in when the user goes on."""

    challenge: Literal["new_password", "totp"]
    session: str


class Sessions:
    def __init__(
        self,
        settings: SessionSettings,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._store = SessionStore(settings.access_table)
        self._lock_out = LockOut(settings.access_table, now)
        self._challenges = Challenges(settings.access_table, now)
        self._revocations = Revocations(settings.access_table)
        self._now = now
        self._sleep = sleep

    def sign_in(self, step: SignIn) -> SignedIn | Challenge:
        """One step of a sign-in, counted before it is made.

        Unauthenticated alike for an unknown user, a wrong password, a wrong code and a disabled user.
        """
        wait = self._lock_out.count(step.username)
        if wait:
            raise TooManyRequests(f"Too many wrong tries; one is allowed every {wait} seconds", {"retry_after": wait})
        if step.session is not None and not self._challenges.known(step.session, step.username, step.answers):
            raise Unauthenticated(REFUSED)
        answer = self._ask(step)
        if step.session is not None:
            self._challenges.forget(step.session)
        if "ChallengeName" in answer:
            kind = CHALLENGES.get(answer["ChallengeName"])
            if kind is None:
                raise Forbidden("This account asks for a sign-in that the hub does not offer; ask an administrator")
            self._challenges.remember(answer["Session"], step.username, kind)
            return Challenge(kind, answer["Session"])
        self._lock_out.clear(step.username)
        return self._begin(step.username, answer["AuthenticationResult"])

    def refresh(self, cookie: str | None) -> SignedIn:
        """A new access token and a new cookie for a live session; Unauthenticated for any other."""
        name, item, hashed = self._find(cookie)
        now, ends_at = int(self._now()), int(item["expires_at"])
        if int(item["live"].get(hashed, 0)) <= now:
            self._end(name, item)
            raise Unauthenticated(OVER)
        refresh_token = self._open(name, item["sealed"])
        tokens = self._past_revocation(self._renew(refresh_token), refresh_token)
        if ends_at - LIFE <= self._revocations.sessions_over(_claims(tokens["AccessToken"])["sub"]):
            self._end(name, item)
            raise Unauthenticated(OVER)
        secret = secrets.token_urlsafe(32)
        dead = [other for other, until in item["live"].items() if int(until) <= now]
        old_until = min(int(item["live"][hashed]), now + GRACE)
        self._store.rotate(name, hashed, old_until, _hash(secret), ends_at, dead)
        return _signed_in(tokens, f"{name}.{secret}")

    def sign_out(self, cookie: str | None) -> None:
        """End the session here and at the pool. Signing out of a session that is over is no error."""
        try:
            name, item, hashed = self._find(cookie)
        except Unauthenticated:
            return
        if hashed in item["live"]:
            self._end(name, item)

    def check_origin(self, origin: str | None, required: bool) -> None:
        """The cookie serves pages of our own address alone; Forbidden for any other Origin.

        A browser always says where a POST or DELETE comes from. What needs no cookie (required=False) may come
        without an Origin, from a client that is no browser.
        """
        if origin is None and not required:
            return
        if origin is None or origin.rstrip("/") != self._settings.public_url.rstrip("/"):
            raise Forbidden("This can only be asked for by the hub's own console")

    @property
    def _client(self) -> dict[str, str]:
        return {"UserPoolId": self._settings.user_pool_id, "ClientId": self._settings.user_pool_client_id}

    def _ask(self, step: SignIn) -> dict[str, Any]:
        """What the pool says to the step."""
        pool = aws.client("cognito-idp")
        refusals = pool.exceptions
        try:
            answer: dict[str, Any] = (
                pool.admin_initiate_auth(**self._client, **_first(step))
                if step.session is None
                else pool.admin_respond_to_auth_challenge(**self._client, **_next(step))
            )
        except refusals.InvalidPasswordException as error:
            raise InvalidInput(
                "The new password is too weak: take 12 characters or more, of different kinds"
            ) from error
        except (
            refusals.NotAuthorizedException,
            refusals.UserNotFoundException,
            refusals.UserNotConfirmedException,
            refusals.PasswordResetRequiredException,
            refusals.CodeMismatchException,
            refusals.ExpiredCodeException,
            refusals.InvalidParameterException,
        ) as error:
            raise Unauthenticated(REFUSED) from error
        return answer

    def _begin(self, username: str, tokens: dict[str, Any]) -> SignedIn:
        refresh_token = tokens["RefreshToken"]
        tokens = self._past_revocation(tokens, refresh_token)
        name, secret = secrets.token_hex(16), secrets.token_urlsafe(32)
        sealed = aws.client("kms").encrypt(
            KeyId=self._settings.session_key_id, Plaintext=refresh_token.encode(), EncryptionContext={"session": name}
        )["CiphertextBlob"]
        self._store.put(name, _hash(secret), sealed, username, int(self._now()) + LIFE)
        return _signed_in(tokens, f"{name}.{secret}")

    def _find(self, cookie: str | None) -> tuple[str, dict[str, Any], str]:
        """(name, item, hash of the cookie's secret) of a session that has not ended."""
        name, _, secret = (cookie or "").partition(".")
        item = self._store.get(name) if SESSION_NAME.fullmatch(name) and secret else None
        if item is None or int(item["expires_at"]) <= self._now():
            raise Unauthenticated(OVER)
        return name, item, _hash(secret)

    def _end(self, name: str, item: dict[str, Any]) -> None:
        aws.client("cognito-idp").revoke_token(
            Token=self._open(name, item["sealed"]), ClientId=self._settings.user_pool_client_id
        )
        self._store.end(name)

    def _renew(self, refresh_token: str) -> dict[str, Any]:
        pool = aws.client("cognito-idp")
        try:
            answer = pool.admin_initiate_auth(
                **self._client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": refresh_token}
            )
        except (pool.exceptions.NotAuthorizedException, pool.exceptions.UserNotFoundException) as error:
            raise Unauthenticated(OVER) from error
        tokens: dict[str, Any] = answer["AuthenticationResult"]
        return tokens

    def _past_revocation(self, tokens: dict[str, Any], refresh_token: str) -> dict[str, Any]:
        """A token of the second of a revocation cannot be told from one issued before it: then get a later one."""
        claims = _claims(tokens["AccessToken"])
        if int(claims["iat"]) > self._revocations.read(claims["sub"]):
            return tokens
        self._sleep(1.0)
        return self._renew(refresh_token)

    def _open(self, name: str, sealed: Any) -> str:
        """The refresh token. DynamoDB gives bytes in a wrapper of its own."""
        plain = aws.client("kms").decrypt(CiphertextBlob=bytes(sealed), EncryptionContext={"session": name})
        return bytes(plain["Plaintext"]).decode()


def set_cookie(value: str) -> str:
    return f"{COOKIE}={value}; Path=/; Max-Age={LIFE}; HttpOnly; Secure; SameSite=Strict"


def clear_cookie() -> str:
    return f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict"


def _first(step: SignIn) -> dict[str, Any]:
    parameters = {"USERNAME": step.username, "PASSWORD": step.password}
    return {"AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": parameters}


def _next(step: SignIn) -> dict[str, Any]:
    responses: dict[str, str | None]
    if step.new_password is not None:
        name, responses = "NEW_PASSWORD_REQUIRED", {"USERNAME": step.username, "NEW_PASSWORD": step.new_password}
    else:
        name, responses = "SOFTWARE_TOKEN_MFA", {"USERNAME": step.username, "SOFTWARE_TOKEN_MFA_CODE": step.code}
    return {"ChallengeName": name, "Session": step.session, "ChallengeResponses": responses}


def _signed_in(tokens: dict[str, Any], cookie: str) -> SignedIn:
    claims = _claims(tokens["AccessToken"])
    user = {"username": claims["username"], "roles": sorted(claims.get("cognito:groups", []))}
    return SignedIn(tokens["AccessToken"], int(tokens["ExpiresIn"]), user, cookie)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _claims(token: str) -> dict[str, Any]:
    """The claims of a token that the pool itself just gave over TLS: no signature is checked here."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims
