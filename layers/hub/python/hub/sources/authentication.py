"""How the hub signs in. Secrets are in memory alone: no message, no position and no landed byte holds one."""

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

from hub.config.connections import RestAuthentication
from hub.sources import addresses, secrets
from hub.sources.http import Answer, Http, Request, Signer
from hub.sources.piece import SourceError

EARLY = 60.0  # seconds before its end a token is fetched anew; a tenth of its life where that is less
LONG = 16  # characters of a secret that no row holds by chance
HIDDEN = b"***"


@dataclass(frozen=True)
class Fixed:
    """A secret that is sent as it is."""

    sent: Mapping[str, str] = field(default_factory=dict, repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret: str = field(default="", repr=False)

    def headers(self) -> Mapping[str, str]:
        return self.sent

    def renew(self) -> bool:
        return False

    def hide(self, body: bytes) -> bytes:
        """A source may repeat the address that it was asked by, as the link to a page does."""
        spellings = {self.secret, quote(self.secret, safe=""), quote_plus(self.secret)}
        spellings |= {each.replace("/", "\\/") for each in spellings}
        for each in sorted(spellings, key=len, reverse=True):
            # A short secret may be a word of the rows; there it is hidden behind its parameter's name alone.
            for before in [""] if len(self.secret) >= LONG else [f"{name}=" for name in self.parameters]:
                if (echo := f"{before}{each}".encode()) in body:
                    body = body.replace(echo, before.encode() + HIDDEN)
        return body


@dataclass(slots=True)
class Token:
    text: str = field(repr=False)
    ends: float


_tokens: dict[tuple[str, str], Token] = {}  # of this worker, whose next pull of the same source needs no other


class OAuth:
    """A token by client credentials or by a refresh token, kept until shortly before its end."""

    parameters: Mapping[str, str] = {}

    def __init__(self, rules: RestAuthentication, secret: str, base_url: str, timeout: float) -> None:
        self._rules, self._url = rules, str(rules.token_url)
        self._take(secret)
        own = addresses.is_own(base_url) and addresses.is_own(self._url)
        self._http = Http(self._url, {}, timeout, own=own, accept=frozenset({400, 401, 403}))

    def headers(self) -> Mapping[str, str]:
        token = _tokens.get(self._key)
        if token is None or time.monotonic() >= token.ends:
            token = _tokens[self._key] = self._fetched()
        return {"Authorization": f"{self._rules.scheme} {token.text}"}

    def renew(self) -> bool:
        _tokens.pop(self._key, None)
        return True

    def hide(self, body: bytes) -> bytes:
        token = _tokens.get(self._key)
        return Fixed(secret=token.text).hide(body) if token and len(token.text) >= LONG else body

    def _take(self, secret: str) -> None:
        self._secret, self._credentials = secret, _credentials(self._rules, secret)
        about = f"{self._rules.kind} {self._rules.scope} {secret}"
        self._key = (self._url, hashlib.sha256(about.encode()).hexdigest())

    def _look(self) -> bool:
        """Take the refresh token as it is now, for another worker may have exchanged it; whether it is another."""
        if self._rules.kind != "refresh_token":
            return False
        before = self._secret
        self._take(secrets.read(self._rules.secret))
        return self._secret != before

    def _fetched(self) -> Token:
        self._look()
        answer = self._granted()
        if _error(answer) == "invalid_grant" and self._look():
            answer = self._granted()
        if answer.status != 200:
            raise SourceError(self._refused(answer))
        text = answer.value.get("access_token") if isinstance(answer.value, dict) else None
        if not isinstance(text, str) or not text.isascii() or not text.isprintable() or " " in text or not text:
            raise SourceError(f"the token of {self._host}: answered without an access_token; check `token_url`")
        rotated = answer.value.get("refresh_token")
        if isinstance(rotated, str) and rotated and self._rules.kind == "refresh_token":
            self._exchanged(rotated)
        return Token(text, time.monotonic() + _life(answer.value.get("expires_in")))

    def _granted(self) -> Answer:
        answer = self._asked(in_body=True)
        if answer.status != 200 and _error(answer) == "invalid_client":
            return self._asked(in_body=False)  # some take the client in the header alone
        return answer

    def _exchanged(self, refresh_token: str) -> None:
        """Keep the new refresh token before anything else is done: the application has forgotten the one before."""
        if refresh_token != self._credentials["refresh_token"]:
            before = self._secret
            self._take(json.dumps(json.loads(before) | {"refresh_token": refresh_token}))
            secrets.keep(self._rules.secret, before, self._secret)

    def _asked(self, in_body: bool) -> Answer:
        form: dict[str, str] = {"grant_type": self._rules.kind}
        if self._rules.kind == "refresh_token":
            form["refresh_token"] = self._credentials["refresh_token"]
        if self._rules.scope:
            form["scope"] = self._rules.scope
        who = self._credentials["client_id"], self._credentials["client_secret"]
        if in_body:
            form |= {"client_id": who[0], "client_secret": who[1]}
        headers = {} if in_body else _basic(":".join(quote_plus(each) for each in who))
        body = urlencode(form).encode()
        kind = "application/x-www-form-urlencoded"
        return self._http.ask(
            Request("", method="POST", body=body, kind=kind, headers=headers, name=f"the token of {self._host}")
        )

    def _refused(self, answer: Answer) -> str:
        error = _error(answer)
        said = f" ({error})" if error else ""
        told = f"the token of {self._host}: answered {answer.status}{said}; check the secret {self._rules.secret}"
        if error == "invalid_grant" and self._rules.kind == "refresh_token":
            told += (
                ": the refresh token has ended or was used before; sign in to the application and put in the new one"
            )
        return told

    @property
    def _host(self) -> str:
        return self._url.partition("://")[2].partition("/")[0].rpartition("@")[2]


def signer(rules: RestAuthentication, secret: str, base_url: str, timeout: float) -> Signer:
    """Signs in as the manifest says, with the secret that it names."""
    if rules.kind in ("client_credentials", "refresh_token"):
        return OAuth(rules, secret, base_url, timeout)
    secret = secret.strip("\r\n")
    if not secret or not secret.isprintable() or (not secret.isascii() and rules.kind != "basic"):
        raise SourceError(f"the secret {rules.secret} cannot be sent; put it in anew, on one line")
    if rules.kind == "basic":
        if ":" not in secret:
            raise SourceError(f"the secret {rules.secret} is no `user:password`; put it in anew")
        return Fixed(_basic(secret), secret=secret.partition(":")[2])
    if rules.kind == "bearer":
        return Fixed({"Authorization": f"{rules.scheme} {secret}"}, secret=secret)
    if rules.parameter:
        return Fixed(parameters={rules.parameter: secret}, secret=secret)
    return Fixed({str(rules.header): secret}, secret=secret)


def _basic(pair: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _credentials(rules: RestAuthentication, secret: str) -> dict[str, str]:
    """The parts of the secret, which is JSON; what is wrong is told without it."""
    needed = ["client_id", "client_secret", *(["refresh_token"] if rules.kind == "refresh_token" else [])]
    try:
        found: Any = json.loads(secret)
    except ValueError:
        found = None
    missing = [name for name in needed if not (isinstance(found, dict) and isinstance(found.get(name), str))]
    if missing:
        example = json.dumps(dict.fromkeys(needed, "…"), ensure_ascii=False)
        raise SourceError(f"the secret {rules.secret} is no JSON with {', '.join(missing)}; put in {example}")
    return {name: found[name] for name in needed}


def _error(answer: Answer) -> str:
    """OAuth's own word for what is wrong; others may hold anything."""
    error = answer.value.get("error") if isinstance(answer.value, dict) else None
    known = {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"}
    return error if isinstance(error, str) and error in known | {"invalid_scope", "access_denied"} else ""


def _life(seconds: Any) -> float:
    """How long a token is kept; where it does not tell, until it is refused."""
    try:
        life = float(seconds)
    except (TypeError, ValueError):
        return float("inf")
    return max(life - min(EARLY, life / 10), 0.0)
