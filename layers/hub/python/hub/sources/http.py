"""Asks an application that may be slow, busy or broken: patient where waiting helps, exact about what came."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import urllib3

from hub.sources import addresses, json_text, wire
from hub.sources.pace import LONGEST_WAIT, Pace, patient, retry_after
from hub.sources.piece import SourceError

TRANSIENT = {408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524, 529}
ATTEMPTS = 5
LARGEST = 64 * 1024 * 1024
LONGEST_ANSWER = 60.0  # seconds for one whole answer, so that a worker's time is never spent on one that drips
LONGEST_ASKING = 150.0  # seconds for all attempts; a worker has five minutes
CHUNK = 1 << 20
REMEDIES = {
    400: ", which means that it does not understand the request; check `query`, `body` and `changed_since`",
    404: ", there is nothing; check `path` and `base_url`",
    405: ", which means that it takes another method; correct `method`",
    406: ", it gives no JSON; check `headers`",
    410: ", what was there is gone; ask its operator for the new address",
    422: ", it refuses what the request says; check the values in `query` and `body`",
}
ODD = "; ask its operator what that means"
STAYED = {
    "cannot be reached": "check `base_url` and whether the application runs",
    "did not answer": "ask for smaller pages (`paging.size`), or write a longer `timeout`",
    "broke off": "ask its operator; the next pull tries again",
    "gives no sound answer": "check that `base_url` names the application itself",
    "answered 429": "lower `rate_limit`",
    "answered 4": "lower `rate_limit`, or ask its operator why it is busy",
    "answered 5": "look whether the application runs; the next pull tries again",
    "answered with": "ask for smaller pages (`paging.size`)",
}


@dataclass(frozen=True, slots=True)
class Request:
    """path: beneath base_url. target: the path and query of a link, instead. body: bytes that are sent, by POST."""

    path: str
    query: Mapping[str, str] | None = None
    method: str = "GET"
    body: bytes | None = None
    target: str | None = None
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    name: str | None = None

    @property
    def told(self) -> str:
        """What messages call it; a query may hold what nobody shall read."""
        return self.name or f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """The body as it came, less the secret where it echoes that, and as JSON; None where there is no content."""

    body: bytes
    value: Any
    headers: Mapping[str, str]
    status: int = 200


class Signer(Protocol):
    """Signs requests."""

    @property
    def parameters(self) -> Mapping[str, str]:
        """What is added to the query."""

    def headers(self) -> Mapping[str, str]:
        """What is added to the headers; SourceError where the hub cannot sign in."""

    def renew(self) -> bool:
        """Sign in anew after a refusal; False where that is vain."""

    def hide(self, body: bytes) -> bytes:
        """An answer without the secret."""


class Unsigned:
    """A request as it is."""

    parameters: Mapping[str, str] = {}

    def headers(self) -> Mapping[str, str]:
        return {}

    def renew(self) -> bool:
        return False

    def hide(self, body: bytes) -> bytes:
        return body


class Http:
    """One application's API. rate: requests per second at most; timeout: seconds without an answer.

    own: whether its address may be a private one; by itself where base_url is one literally. accept: what may be
    answered beside 200, for the caller to judge. problem: what is wrong with a whole answer, if that may be over soon.
    decode: what an answer says; NotJson where it is cut off.
    busy: whether the body of a refusal says so.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        timeout: float,
        rate: float | None = None,
        signer: Signer | None = None,
        own: bool | None = None,
        accept: frozenset[int] = frozenset(),
        problem: Callable[[Any], str | None] = lambda value: None,
        decode: Callable[[bytes], Any] = json_text.loads,
        busy: Callable[[Any], bool] = lambda value: False,
    ) -> None:
        self._prefix = urlsplit(base_url).path.rstrip("/")
        self._headers = {"Accept": "application/json", "Accept-Encoding": "gzip", **headers}
        limits = urllib3.Timeout(connect=min(timeout, 5.0), read=timeout)
        own = addresses.is_own(base_url) if own is None else own
        self._pool = wire.pool(base_url, own, timeout=limits, retries=False)
        self._pace = Pace(rate)
        self._signer, self._accept = signer or Unsigned(), accept
        self._problem, self._decode, self._busy = problem, decode, busy

    def ask(self, request: Request) -> Answer:
        """The answer; SourceError when the source will not give one."""
        ends, renewed = time.monotonic() + LONGEST_ASKING, False
        problem: Answer | str = ""
        for attempt in range(1, ATTEMPTS + 1):
            self._pace.keep(request.told)
            problem, wait = self._once(request)
            if isinstance(problem, Answer) and problem.status == 401 and 401 not in self._accept:
                if renewed or not self._signer.renew():
                    raise SourceError(_refused(request.told, 401))
                renewed, problem, wait = True, "answered 401", 0.0
            if isinstance(problem, Answer):
                return problem
            wait = random.uniform(0, min(LONGEST_WAIT, 0.5 * 2**attempt)) if wait is None else wait
            if attempt == ATTEMPTS or time.monotonic() + wait > ends:
                raise SourceError(f"{request.told}: {problem}, {attempt} times; {_remedy(problem)}")
            time.sleep(wait)
        raise AssertionError("the last attempt answers or raises")

    def _once(self, request: Request) -> tuple[Answer | str, float | None]:
        """The answer, or what was wrong and how long to wait; SourceError where trying again is vain."""
        told = request.told
        headers = {**self._headers, **self._signer.headers(), **request.headers}
        if request.body is not None:
            headers["Content-Type"] = request.kind
        try:
            response = self._pool.urlopen(
                request.method,
                self._target(request),
                body=request.body,
                headers=headers,
                preload_content=False,
                redirect=False,
                retries=False,
            )
            body = _read(response, told)
            (response.release_conn if len(body) <= LARGEST else response.close)()
        except urllib3.exceptions.NewConnectionError:  # first: urllib3 counts it among the time-outs
            return "cannot be reached", None
        except urllib3.exceptions.TimeoutError:
            return "did not answer in time", None
        except urllib3.exceptions.ProtocolError as error:
            return f"broke off ({_cause(error)})", None
        except urllib3.exceptions.HTTPError as error:
            return f"gives no sound answer ({type(error).__name__})", None
        self._pace.learn(response.headers)
        if problem := _passing(response, told):
            return problem
        if response.status in (400, 403) and self._is_busy(body):
            return f"answered {response.status} and says that the allowance is used up", retry_after(response.headers)
        if response.status not in self._accept and response.status != 401:
            _refuse(response.status, told)
        return self._decoded(response, body, told)

    def _is_busy(self, body: bytes) -> bool:
        try:
            return self._busy(json_text.loads(body))
        except json_text.NotJson:
            return False

    def _target(self, request: Request) -> str:
        query = urlencode({**(request.query or {}), **self._signer.parameters})
        if request.target is None:
            return f"{self._prefix}{request.path}" + (f"?{query}" if query else "")
        return request.target + (("&" if "?" in request.target else "?") + query if query else "")

    def _decoded(self, response: urllib3.BaseHTTPResponse, body: bytes, told: str) -> tuple[Answer | str, float | None]:
        """The answer as JSON, or what is wrong with it."""
        nothing = Answer(b"", None, response.headers, response.status)
        if response.status in {204, 304, 401} - self._accept:
            return nothing, None
        if len(body) > LARGEST:
            raise SourceError(f"{told}: one answer is over {LARGEST >> 20} MB; ask for smaller pages")
        if body.lstrip()[:1] == b"<":
            raise SourceError(
                f"{told}: answered HTML or XML where JSON was expected; is this a sign-in or error page? "
                "Check `base_url` and `path`"
            )
        body = self._signer.hide(body)
        try:
            value = self._decode(body)
        except json_text.NotJson as error:
            if response.status in self._accept:
                return nothing, None
            return f"answered with {len(body)} bytes that are not whole JSON ({error}); cut off?", None
        if problem := self._problem(value):
            return problem, retry_after(response.headers)
        return Answer(body, value, response.headers, response.status), None


def _passing(response: urllib3.BaseHTTPResponse, told: str) -> tuple[str, float | None] | None:
    """What is wrong that may be over soon, and how long to wait."""
    status = response.status
    if status not in TRANSIENT and not (status == 403 and "Retry-After" in response.headers):
        return None
    wait = retry_after(response.headers)
    return f"answered {status}", None if wait is None else patient(wait, told, "asks to wait")


def _refuse(status: int, told: str) -> None:
    """SourceError for what will not change by asking again."""
    if status == 403:
        raise SourceError(_refused(told, status))
    if 300 <= status < 400 and status != 304:
        raise SourceError(f"{told}: answered {status} and sends elsewhere; put the new address into the manifest")
    if status not in (200, 204, 304):
        raise SourceError(f"{told}: answered {status}{REMEDIES.get(status, ODD)}")


def _refused(told: str, status: int) -> str:
    if status == 403:
        return f"{told}: answered 403, the sign-in has no right to it; ask its owner for one, or check the secret"
    return f"{told}: answered {status}; check the secret of the source's authentication"


def _remedy(problem: str) -> str:
    """What to do about what stayed wrong however often it was asked."""
    return next((remedy for begin, remedy in STAYED.items() if problem.startswith(begin)), "ask its operator")


def _read(response: urllib3.BaseHTTPResponse, told: str) -> bytes:
    """The body, at most one byte more than LARGEST; SourceError where it comes too slowly to be waited for."""
    ends, parts, size = time.monotonic() + LONGEST_ANSWER, [], 0
    while size <= LARGEST and (part := response.read1(CHUNK, decode_content=True)):
        parts.append(part)
        size += len(part)
        if time.monotonic() > ends:
            response.close()
            raise SourceError(
                f"{told}: is still answering after {LONGEST_ANSWER:.0f} s; ask for smaller pages (`paging.size`)"
            )
    return b"".join(parts)[: LARGEST + 1]


def _cause(error: Exception) -> str:
    return type(error.args[-1]).__name__ if error.args and isinstance(error.args[-1], Exception) else "connection"
