"""How long the hub waits for an application, and how often it asks."""

import gzip
import tracemalloc
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from hub.sources import SourceError
from hub.sources.http import ATTEMPTS, LONGEST_WAIT, Http, Request
from tests.hub.sources import double


@pytest.fixture
def api():
    with double.serving(double.Api([{"id": 1}])) as api:
        yield api


@pytest.fixture
def waits(monkeypatch):
    """The seconds that would have been waited; chance always takes the longest."""
    seconds = []
    monkeypatch.setattr("hub.sources.http.time.sleep", seconds.append)
    monkeypatch.setattr("hub.sources.http.random.uniform", lambda least, most: most)
    return seconds


def test_waits_grow_and_end(api, waits):
    api.always = double.status(503)
    with pytest.raises(SourceError, match=rf"GET /x: answered 503, {ATTEMPTS} times"):
        Http(api.url, {}, 5).ask(Request("/x"))
    assert len(api.asked) == ATTEMPTS
    assert waits == [1.0, 2.0, 4.0, 8.0]


def test_chance_spreads_the_whole_wait(api, monkeypatch):
    """Full jitter: workers that failed together do not come back together."""
    ranges = []
    monkeypatch.setattr("hub.sources.http.time.sleep", lambda seconds: None)
    monkeypatch.setattr("hub.sources.http.random.uniform", lambda *given: ranges.append(given) or 0)
    api.faults = {1: double.status(503), 2: double.status(503)}
    Http(api.url, {}, 5).ask(Request("/x"))
    assert ranges == [(0, 1.0), (0, 2.0)]


@pytest.mark.parametrize(
    ("header", "least", "most", "why"),
    [
        ("3", 3, 3, "seconds"),
        ("0", 0, 0, "at once"),
        ("in 15 seconds", 0, 15, "a date"),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0, "a date that is over"),
        ("soon", 1, 1, "no time at all: as if it were not there"),
    ],
)
def test_a_source_says_how_long(api, waits, header, least, most, why):
    if header == "in 15 seconds":
        header = format_datetime(datetime.now(UTC) + timedelta(seconds=15), usegmt=True)
    api.faults = {1: double.status(429, Retry_After=header)}
    Http(api.url, {}, 5).ask(Request("/x"))
    (waited,) = waits
    assert least <= waited <= most, why


def test_longer_than_a_worker_waits_is_left_to_a_later_one(api, waits):
    api.always = double.status(503, Retry_After=str(int(LONGEST_WAIT) + 1))
    with pytest.raises(SourceError, match="asks to wait 21 s; wait, the pull goes on later"):
        Http(api.url, {}, 5).ask(Request("/x"))
    assert (waits, len(api.asked)) == ([], 1)


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 301, 302])
def test_what_will_not_change_is_asked_once(api, waits, code):
    api.always = double.status(code, Location="http://127.0.0.1:1/")
    with pytest.raises(SourceError, match=f"answered {code}"):
        Http(api.url, {}, 5).ask(Request("/x"))
    assert len(api.asked) == 1, "nor is the token carried to where a redirect points"


def test_the_rate_is_kept(api, waits, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("hub.sources.http.time.monotonic", lambda: now[0])
    http = Http(api.url, {}, 5, rate=5)
    http.ask(Request("/x"))
    now[0] += 0.05
    http.ask(Request("/x"))
    assert waits == [pytest.approx(0.15)]


def test_an_answer_beyond_the_limit(api, waits, monkeypatch):
    monkeypatch.setattr("hub.sources.http.LARGEST", 10)
    with pytest.raises(SourceError, match="ask for smaller pages"):
        Http(api.url, {}, 5).ask(Request("/x"))


def packed(body):
    body = gzip.compress(body)
    return lambda request, _: double.send(request, 200, body, Content_Encoding="gzip")


def test_gzip(api, waits):
    api.always = packed(b'[{"id": 1}]')
    assert Http(api.url, {}, 5).ask(Request("/x")).value == [{"id": 1}]
    assert api.heads[0]["Accept-Encoding"] == "gzip"


def test_an_answer_that_is_large_once_unpacked(api, waits, monkeypatch):
    """Read no further than the limit, however small it was packed."""
    monkeypatch.setattr("hub.sources.http.LARGEST", 1 << 21)
    api.always = packed(b" " * (64 << 20))
    tracemalloc.start()
    with pytest.raises(SourceError, match="ask for smaller pages"):
        Http(api.url, {}, 5).ask(Request("/x"))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 16 << 20


def test_the_remedy_is_that_of_the_problem_and_not_of_a_number_in_it(api, waits):
    api.always = double.says("4" * 9 + " Anna")
    with pytest.raises(SourceError, match=r"not whole JSON.*; ask for smaller pages"):
        Http(api.url, {}, 5).ask(Request("/x"))
    api.always = double.says("4" * 41 + " Anna")
    with pytest.raises(SourceError, match=r"answered with 46 bytes.*; ask for smaller pages"):
        Http(api.url, {}, 5).ask(Request("/x"))


def test_nobody_listens(waits):
    with pytest.raises(SourceError, match="GET /x: cannot be reached"):
        Http("http://127.0.0.1:1", {}, 5).ask(Request("/x"))
    assert len(waits) == ATTEMPTS - 1
