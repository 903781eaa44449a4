"""How fast an application may be asked: as its manifest says, and slower when its answers say that the allowance ends.

Read are RateLimit-* and X-RateLimit-* (also X-Rate-Limit-*), RateLimit and RateLimit-Policy, and Retry-After.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from hub.sources.piece import SourceError

LONGEST_WAIT = 20.0
FEW = 10  # requests left, where the whole allowance is not told
SHARE = 10  # the last tenth of an allowance is spread over the time until the next
FAMILIES = ("X-RateLimit-", "RateLimit-", "X-Rate-Limit-")
SECONDS = re.compile(r"\s*(\d{1,15}(?:\.\d{1,9})?)(?![\d.])\s*")

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Allowance:
    """Requests that are left, seconds until there are new ones, and how many there are in all where that is told."""

    left: float
    seconds: float
    whole: float | None = None

    @property
    def pause(self) -> float:
        """Seconds to the next request, so that the allowance lasts."""
        if self.left < 1:
            return self.seconds
        scarce = FEW if self.whole is None else self.whole / SHARE
        return min(self.seconds / (self.left + 1), LONGEST_WAIT) if self.left < scarce else 0.0


class Pace:
    """Keeps the time between two requests. rate: requests per second at most."""

    def __init__(self, rate: float | None) -> None:
        self._pause = 1 / rate if rate else 0.0
        self._next = self._allowed = 0.0

    def keep(self, told: str) -> None:
        """Wait until the next request may be sent; SourceError where that is too long for a worker."""
        now = time.monotonic()
        early = max(self._next - now, patient(self._allowed - now, told, "allows no request for"))
        if early > 0:
            time.sleep(early)
        self._next = time.monotonic() + self._pause

    def learn(self, headers: Headers) -> None:
        """Take in what an answer says about the allowance."""
        if (allowance := allowed(headers)) and allowance.pause > 0:
            self._allowed = time.monotonic() + allowance.pause


def patient(seconds: float, told: str, what: str) -> float:
    """The seconds, unless a worker's time is too dear for them."""
    if seconds > LONGEST_WAIT:
        raise SourceError(f"{told}: {what} {seconds:.0f} s; wait, the pull goes on later")
    return max(seconds, 0.0)


def allowed(headers: Headers) -> Allowance | None:
    """What is left of the allowance by an answer's headers, None where they do not tell."""
    if text := headers.get("RateLimit"):
        return _structured(text, headers.get("RateLimit-Policy", ""))
    for family in FAMILIES:
        left = _number(headers.get(f"{family}Remaining"))
        if left is not None:
            seconds = _until(headers.get(f"{family}Reset"), headers)
            whole = _number(headers.get(f"{family}Limit"))
            return None if seconds is None else Allowance(left, seconds, whole)
    return None


def retry_after(headers: Headers) -> float | None:
    """Seconds of a Retry-After, given as seconds or as a date; else the time until there is a new allowance."""
    header = headers.get("Retry-After")
    told = _until(header, headers, moments=False) if header else None
    if told is None and (allowance := allowed(headers)) and allowance.left < 1:
        return allowance.seconds
    return told


def _structured(text: str, policy: str) -> Allowance | None:
    """Of `RateLimit: "default";r=50;t=30` with `RateLimit-Policy: "default";q=100;w=60`, or the older `remaining=50`.

    Of several the tightest.
    """
    found = []
    quotas = {_name(part): _parameters(part) for part in policy.split(",")}
    parts = text.split(",") if ";" in text else [text.replace(",", ";")]
    for part in parts:
        of, rule = _parameters(part), quotas.get(_name(part), {})
        left = of.get("r", of.get("remaining"))
        seconds = of.get("t", of.get("reset", rule.get("w")))
        if left is not None and seconds is not None:
            found.append(Allowance(left, seconds, rule.get("q", of.get("limit"))))
    return max(found, key=lambda each: each.pause, default=None)


def _name(part: str) -> str:
    return part.partition(";")[0].strip()


def _parameters(part: str) -> dict[str, float]:
    return {key: float(value) for key, value in re.findall(r"(\w+)\s*=\s*(\d{1,15})", part)}


def _number(text: str | None) -> float | None:
    """A number that may be followed by more, as in `100, 100;w=60`."""
    found = SECONDS.match(text) if text else None
    return float(found[1]) if found else None


def _until(text: str | None, headers: Headers, moments: bool = True) -> float | None:
    """Seconds until a time that is given as seconds from now, as a date, or (moments) as seconds since 1970."""
    if not text:
        return None
    if found := SECONDS.fullmatch(text):
        value = float(found[1])
        if not moments or value < 1e9:
            return value
        value = value / 1000 if value > 1e11 else value
        return max(value - _now(headers).timestamp(), 0.0)
    moment = _date(text)
    return None if moment is None else max((moment - _now(headers)).total_seconds(), 0.0)


def _now(headers: Headers) -> datetime:
    """The application's own time, by which it measures; ours where it does not tell."""
    return _date(headers.get("Date") or "") or datetime.now(UTC)


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
