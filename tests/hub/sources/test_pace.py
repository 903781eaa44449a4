"""What an application says about its allowance, and that the hub slows down before it is refused."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from urllib3 import HTTPHeaderDict

from hub.sources import SourceError
from hub.sources.http import Http, Request
from hub.sources.pace import Allowance, Pace, allowed, retry_after
from tests.hub.sources import double

THEN = datetime(2026, 5, 1, 12, tzinfo=UTC)
DATE = {"Date": format_datetime(THEN, usegmt=True)}
SOON = str(int((THEN + timedelta(seconds=30)).timestamp()))

ALLOWED = [
    ({"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "30"}, Allowance(3, 30), "seconds"),
    ({"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": SOON, **DATE}, Allowance(3, 30), "since 1970, by its clock"),
    ({"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": f"{SOON}000", **DATE}, Allowance(3, 30), "milliseconds"),
    (
        {"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "Fri, 01 May 2026 12:00:30 GMT", **DATE},
        Allowance(3, 30),
        "a date",
    ),
    ({"x-rate-limit-remaining": "3", "x-rate-limit-reset": "1.5"}, Allowance(3, 1.5), "another spelling"),
    (
        {"RateLimit-Limit": "100, 100;w=60", "RateLimit-Remaining": "3", "RateLimit-Reset": "30"},
        Allowance(3, 30, 100),
        "the draft's three headers",
    ),
    ({"RateLimit": "limit=100, remaining=3, reset=30"}, Allowance(3, 30, 100), "the draft's one header"),
    (
        {"RateLimit": '"default";r=3;t=30', "RateLimit-Policy": '"default";q=100;w=60'},
        Allowance(3, 30, 100),
        "the draft of today",
    ),
    ({"RateLimit": '"d";r=3', "RateLimit-Policy": '"d";q=100;w=60'}, Allowance(3, 60, 100), "the window at most"),
    ({"RateLimit": '"day";r=900;t=80000, "second";r=0;t=1'}, Allowance(0, 1), "the tightest of two"),
    ({"X-RateLimit-Remaining": "3"}, None, "until when is not told"),
    ({"X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "30"}, None, "no number"),
    ({"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "tomorrow"}, None, "no time"),
    ({"X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "30"}, None, "less than nothing"),
    ({"X-RateLimit-Remaining": "9" * 400, "X-RateLimit-Reset": "30"}, None, "no number that a header holds"),
    ({"RateLimit": "???"}, None, "nonsense"),
    ({}, None, "nothing"),
]


@pytest.mark.parametrize(("headers", "allowance", "why"), ALLOWED, ids=[row[2] for row in ALLOWED])
def test_what_is_left(headers, allowance, why):
    assert allowed(HTTPHeaderDict(headers)) == allowance


PAUSES = [
    (Allowance(5000, 3600, 5000), 0, "plenty"),
    (Allowance(501, 3600, 5000), 0, "a tenth and more"),
    (Allowance(99, 100, 5000), 1, "the last tenth lasts"),
    (Allowance(1, 3600, 5000), 20, "no longer than a worker waits"),
    (Allowance(0, 3, 5000), 3, "nothing: until there is more"),
    (Allowance(11, 3600), 0, "the whole is not told, more than a few"),
    (Allowance(9, 5), 0.5, "the whole is not told, few"),
]


@pytest.mark.parametrize(("allowance", "pause", "why"), PAUSES, ids=[row[2] for row in PAUSES])
def test_how_long_it_waits(allowance, pause, why):
    assert allowance.pause == pause


RETRY = [
    ({"Retry-After": "1.5"}, 1.5, "parts of a second"),
    ({"Retry-After": "-3"}, None, "back in time"),
    ({"Retry-After": "inf"}, None, "for ever"),
    ({"Retry-After": "2000000000"}, 2e9, "seconds, never a moment"),
    ({"Retry-After": "Fri, 01 May 2026 12:00:07 GMT", **DATE}, 7, "a date by its clock"),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9"}, 9, "until the allowance is renewed"),
    ({"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "9"}, None, "it is not the allowance"),
]


@pytest.mark.parametrize(("headers", "seconds", "why"), RETRY, ids=[row[2] for row in RETRY])
def test_when_to_come_back(headers, seconds, why):
    assert retry_after(HTTPHeaderDict(headers)) == seconds


class Limited(double.Api):
    """Ten requests in ten seconds of its own time; the eleventh is refused."""

    def __init__(self, now):
        super().__init__([])
        self.now, self.begun, self.left, self.refused = now, now[0], 10, 0

    def reply(self, request, query, body):
        if self.now[0] >= self.begun + 10:
            self.begun, self.left = self.now[0], 10
        if self.left == 0:
            request.code, self.refused = 429, self.refused + 1
        self.left = max(self.left - 1, 0)
        reset = self.begun + 10 - self.now[0]
        request.extra = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": str(self.left)}
        request.extra["X-RateLimit-Reset"] = f"{reset:.3f}"
        return super().reply(request, query, body)


def test_it_is_never_refused(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("hub.sources.pace.time.monotonic", lambda: now[0])
    monkeypatch.setattr("hub.sources.pace.time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds + 0.001))
    with double.serving(Limited(now)) as api:
        http = Http(api.url, {}, 5)
        for _ in range(35):
            http.ask(Request("/x"))
    assert api.refused == 0
    assert 29 < now[0] - 1000 < 45, "and it is not slower than it must be"


def test_an_allowance_that_is_far_off_is_left_to_a_later_worker():
    pace = Pace(None)
    pace.learn(HTTPHeaderDict({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "3600"}))
    with pytest.raises(SourceError, match="GET /x: allows no request for 3600 s; wait, the pull goes on later"):
        pace.keep("GET /x")


def test_a_slow_rate_of_the_manifest_is_waited_for(monkeypatch):
    waits = []
    monkeypatch.setattr("hub.sources.pace.time.monotonic", lambda: 100.0)
    monkeypatch.setattr("hub.sources.pace.time.sleep", waits.append)
    pace = Pace(1 / 60)
    pace.keep("GET /x")
    pace.keep("GET /x")
    assert waits == [pytest.approx(60)]


def test_forbidden_for_now_is_not_forbidden(monkeypatch):
    waits = []
    monkeypatch.setattr("hub.sources.http.time.sleep", waits.append)
    with double.serving(double.Api([])) as api:
        api.faults = {1: double.status(403, Retry_After="7")}
        Http(api.url, {}, 5).ask(Request("/x"))
    assert waits == [7.0]


def test_all_attempts_have_a_limit_together(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("hub.sources.http.time.monotonic", lambda: now[0])
    monkeypatch.setattr("hub.sources.http.time.sleep", lambda seconds: now.__setitem__(0, now[0] + 100))
    with double.serving(double.Api([])) as api:
        api.always = double.status(503)
        with pytest.raises(SourceError, match="answered 503, 3 times"):
            Http(api.url, {}, 5).ask(Request("/x"))
        assert len(api.asked) == 3
