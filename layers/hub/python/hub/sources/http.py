"""GET from an application that may be slow, busy or broken: patient where waiting helps, exact about what came."""

import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import urllib3

from hub.sources import json_text
from hub.sources.piece import SourceError

TRANSIENT = {408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524, 529}
ATTEMPTS = 5
LONGEST_WAIT = 20.0
LARGEST = 64 * 1024 * 1024
LONGEST_ANSWER = 60.0  # seconds for one whole answer, so that a worker's time is never spent on one that drips
CHUNK = 1 << 20


class Http:
    """One application's API. rate: requests per second at most; timeout: seconds without an answer."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        timeout: float,
        rate: float | None = None,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._headers = {"Accept": "application/json", "Accept-Encoding": "gzip", **headers}
        limits = urllib3.Timeout(connect=min(timeout, 5.0), read=timeout)
        self._pool = urllib3.PoolManager(timeout=limits, retries=False)
        self._pause = 1 / rate if rate else 0.0
        self._last = 0.0

    def get(self, path: str, query: Mapping[str, str]) -> tuple[bytes, object]:
        """The body as it came and as JSON; SourceError when the source will not answer so."""
        url = f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")
        told = f"GET {path}"
        for attempt in range(1, ATTEMPTS + 1):
            self._keep_rate()
            problem, wait = self._once(url, told)
            if isinstance(problem, tuple):
                return problem
            if attempt == ATTEMPTS:
                break
            time.sleep(wait if wait is not None else random.uniform(0, min(LONGEST_WAIT, 0.5 * 2**attempt)))
        raise SourceError(f"{told}: {problem}, {ATTEMPTS} times")

    def _keep_rate(self) -> None:
        now = time.monotonic()
        if self._pause and (early := self._last + self._pause - now) > 0:
            time.sleep(early)
        self._last = time.monotonic()

    def _once(self, url: str, told: str) -> tuple[tuple[bytes, object] | str, float | None]:
        """The answer, or what was wrong and how long to wait; SourceError where trying again is vain."""
        try:
            response = self._pool.request("GET", url, headers=self._headers, preload_content=False, redirect=False)
            body = _read(response, told)
            (response.release_conn if len(body) <= LARGEST else response.close)()
        except urllib3.exceptions.NewConnectionError:  # first: urllib3 counts it among the time-outs
            return "cannot be reached", None
        except urllib3.exceptions.TimeoutError:
            return "did not answer in time", None
        except urllib3.exceptions.ProtocolError as error:
            return f"broke off ({_cause(error)})", None
        except urllib3.exceptions.HTTPError as error:
            return f"cannot be reached ({type(error).__name__})", None
        if response.status in TRANSIENT:
            return f"answered {response.status}", _asked_to_wait(response.headers.get("Retry-After"), told)
        if response.status in (401, 403):
            raise SourceError(f"{told}: answered {response.status}; check the secret of the source's authentication")
        if 300 <= response.status < 400:
            raise SourceError(
                f"{told}: answered {response.status} and sends elsewhere; put the new address into the manifest"
            )
        if response.status != 200:
            raise SourceError(f"{told}: answered {response.status}")
        if len(body) > LARGEST:
            raise SourceError(f"{told}: one answer is over {LARGEST >> 20} MB; ask for smaller pages")
        if body.lstrip()[:1] == b"<":
            raise SourceError(f"{told}: answered HTML or XML where JSON was expected; is this a sign-in or error page?")
        try:
            return (body, json_text.loads(body)), None
        except json_text.NotJson as error:
            return f"answered {len(body)} bytes that are not whole JSON ({error}); cut off?", None


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


def _asked_to_wait(header: str | None, told: str) -> float | None:
    """Seconds of a Retry-After, given as seconds or as a date."""
    if not header:
        return None
    try:
        seconds = float(header) if header.strip().isdigit() else _until(header)
    except (TypeError, ValueError):
        return None
    if seconds > LONGEST_WAIT:
        raise SourceError(f"{told}: asks to wait {seconds:.0f} s; the pull goes on later")
    return max(seconds, 0.0)


def _until(date: str) -> float:
    return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
