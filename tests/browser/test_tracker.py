"""The tracker on a shop's page in a browser: nothing before consent, batches that are known again, nothing after."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from functions.console.handler import FILES

PAGE = """<!doctype html><title>Green tea</title><link rel="icon" href="data:,">
<script src="/tracker.js" data-collect="%s/v1/collect/website" data-key="demo-website"></script><p>Tea</p>"""


class Site:
    """A shop's site and a hub at another address, which notes what it is told and fails as often as it shall."""

    def __init__(self):
        self.batches, self.fail, self.storage = [], [], None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def answer(self, status, body=b"", headers=None):
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if self.path == "/tracker.js":
                    return self.answer(200, FILES["tracker.js"], {"content-type": "text/javascript"})
                return self.answer(200, (PAGE % outer.hub).encode(), {"content-type": "text/html"})

            def do_POST(self):
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.batches.append(
                    (url.path.rpartition("/")[2], parse_qs(url.query), json.loads(body), dict(self.headers))
                )
                status = outer.fail.pop(0) if outer.fail else 202
                origin = {"access-control-allow-origin": self.headers.get("origin", "")}
                self.answer(status, b"{}", origin | {"access-control-expose-headers": "retry-after"})

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.hub = f"http://localhost:{self.server.server_port}"  # another origin than the page's
        self.url = f"http://127.0.0.1:{self.server.server_port}/tea?email=asha@example.com&utm_source=mail"

    def told(self, page, count):
        """Wait until so many events were told; each event once, by the id of its batch."""
        deadline = time.monotonic() + 15
        while sum(len(events) for _, _, events, _ in self.once()) < count:
            assert time.monotonic() < deadline, self.batches
            page.wait_for_timeout(50)
        return [(to, event) for to, _, events, _ in self.once() for event in events]

    def once(self):
        return {batch[1]["id"][0]: batch for batch in self.batches}.values()


@pytest.fixture
def site():
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def browse(chromium, site):
    contexts = []

    def enter(script=None):
        context = chromium.new_context()
        if script:
            context.add_init_script(script)
        contexts.append(context)
        page = context.new_page()
        page.clock.install()
        page.goto(site.url)
        return page

    yield enter
    for context in contexts:
        context.close()


STORED = "[document.cookie, Object.keys(localStorage), Object.keys(sessionStorage)]"


def later(page, seconds=3):
    page.clock.run_for(seconds * 1000)


def test_nothing_is_sent_or_stored_before_consent_and_after_its_withdrawal(browse, site):
    page = browse()
    page.evaluate("hub.page(); hub.track('look'); hub.identify('4711', {email: 'asha@example.com'})")
    later(page, 60)
    assert (site.batches, page.evaluate(STORED)) == ([], ["", [], []])
    page.evaluate("hub.consent(true)")
    first = page.evaluate("localStorage.hub_id")
    page.evaluate("hub.track('basket')")
    page.evaluate("hub.consent(false)")
    later(page, 60)
    assert (site.batches, page.evaluate(STORED)) == ([], ["", [], []]), "what was not sent is forgotten"
    page.evaluate("hub.consent(true)")
    later(page)
    ((_, event),) = site.told(page, 1)
    assert event["anonymous_id"] != first, "a new visitor"


def test_events_before_a_visitor_names_himself_carry_the_id_that_he_then_names(browse, site):
    page = browse()
    page.evaluate("hub.consent(true); hub.track('basket', {product: 7})")
    later(page)
    site.told(page, 2)
    page.goto(site.url.replace("/tea", "/checkout"))
    page.evaluate("hub.identify(4711, {email: 'asha@example.com'})")
    later(page)
    told = sorted(site.told(page, 4), key=lambda each: each[0] == "visitors")  # two batches leave at once
    assert [(to, event["event"]) for to, event in told] == [
        ("events", "page"), ("events", "basket"), ("events", "page"), ("visitors", "identify"),
    ]  # fmt: skip
    assert len({event["anonymous_id"] for _, event in told}) == 1
    assert (told[3][1]["user_id"], told[3][1]["email"]) == ("4711", "asha@example.com")
    viewed = told[0][1]
    assert (viewed["page"].rpartition("/")[2], viewed["title"]) == ("tea", "Green tea")
    assert viewed["campaign"] == {"utm_source": "mail"}
    assert "asha" not in json.dumps([event for to, event in told if to == "events"]), "no address of the page's query"
    assert all("cookie" not in {name.lower() for name in headers} for *_, headers in site.batches)


@pytest.mark.parametrize(
    "wish", ["globalPrivacyControl', {get: () => true}", "doNotTrack', {get: () => '1'}"], ids=["GPC", "DNT"]
)
def test_a_browser_that_asks_not_to_be_tracked_is_not(browse, site, wish):
    page = browse(f"Object.defineProperty(Navigator.prototype, '{wish})")
    page.evaluate("hub.consent(true); hub.track('look')")
    later(page, 60)
    assert (site.batches, page.evaluate(STORED)) == ([], ["", [], []])


def test_a_batch_that_failed_is_sent_again_under_its_id(browse, site):
    site.fail = [503, 429]
    page = browse()
    page.evaluate("hub.consent(true)")
    for _ in range(40):
        later(page, 2)
        page.wait_for_timeout(20)
        if len(site.batches) == 3:
            break
    assert len(site.batches) == 3
    assert len({batch[1]["id"][0] for batch in site.batches}) == 1
    assert len({json.dumps(batch[2]) for batch in site.batches}) == 1


def test_many_events_go_together_and_what_is_left_goes_with_the_page(browse, site):
    page = browse()
    page.evaluate("hub.consent(true); for (let n = 0; n < 19; n++) hub.track('look', {n})")
    site.told(page, 20)
    assert len(site.batches) == 1, "twenty go at once, without waiting"
    page.evaluate("hub.track('last')")
    page.goto("about:blank")
    assert site.told(page, 21)[-1][1]["event"] == "last"
