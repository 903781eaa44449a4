"""What comes in by itself on the whole laptop: a file by its link, events by a signature, in staging by their pulls."""

import hashlib
import hmac
import json
import urllib.error
import urllib.request

import pytest

from tests.e2e.harness import wait_until

CALLS = "call_id;caller_id;started_at;direction;subject;outcome;minutes\nU-1;4711;21.11.2026 10:00;in;Form;paper;3\n"
KEY = "signing-key-of-the-visits"
SECONDS = 150  # the sweeper's minute, on a busy machine


def put(part, body):
    request = urllib.request.Request(part["url"], body, part["headers"], method="PUT")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def collect(running, events, key=KEY, **headers):
    body = json.dumps(events).encode()
    signed = {"x-hub-signature-256": f"sha256={hmac.digest(key.encode(), body, hashlib.sha256).hex()}"}
    return running.request("POST", "/v1/collect/visits/visits", events, signed | headers)


@pytest.fixture
def signed(running):
    running.client("ssm").put_parameter(Name="/hub/visits/signing-key", Value=KEY, Type="SecureString", Overwrite=True)


def test_an_upload_and_a_signed_event_are_in_staging_within_a_minute(running, signed):
    visits = [{"visit_id": f"V{number}", "customer": "4711", "at": "2026-11-21T10:00:00Z"} for number in range(3)]
    assert collect(running, visits, "another-key").status == 401
    first, again = (collect(running, visits, **{"idempotency-key": "batch-1"}) for _ in range(2))
    assert (first.status, first.body["events"], again.body) == (202, 3, first.body)

    body = CALLS.encode()
    asked = {"source": "calls", "data_set": "calls", "file_name": "form.csv", "size": len(body)}
    made = running.ask("sales", "POST", "/v1/uploads", asked | {"sha256": hashlib.sha256(body).hexdigest()}, 201)
    path = f"/v1/uploads/{made['upload_id']}"
    assert put(made["parts"][0], body) == 200
    running.ask("sales", "POST", f"{path}/complete", status=202)

    def uploaded():
        pull = running.ask("sales", "GET", path)["pull"]
        return pull and pull["state"] == "complete" and pull

    def pushed():
        found = running.ask("viewer", "GET", "/v1/pulls?source=visits&data_set=visits")["items"]
        return next((pull for pull in found if pull["state"] == "complete" and pull["received"]), None)

    pull = wait_until(uploaded, SECONDS, "the upload's pull")
    assert (pull["staged"], pull["balanced"]) == (1, True)
    pull = wait_until(pushed, SECONDS, "the events' pull")
    assert (pull["staged"], pull["declared_by_source"], pull["balanced"]) == (3, 3, True)


def test_a_page_of_another_site_is_refused_and_the_tracker_is_served(running):
    origin = {"origin": "http://evil.example"}
    answer = running.request("POST", "/v1/collect/website/events?key=demo-website", [{"event_id": "1"}], origin)
    assert answer.status == 401
    script = running.request("GET", "/tracker.js")
    assert (script.status, b"consent" in script.body) == (200, True)
