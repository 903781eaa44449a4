"""A small world for sending: moto's AWS, and a double of SES that remembers what it took."""

import json
import os
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from moto import mock_aws

from hub import aws
from hub.campaigns import keys, recovery
from hub.campaigns.audience import Candidate
from hub.campaigns.freeze import Freezer
from hub.campaigns.items import now_text
from hub.campaigns.models import TemplateRequest
from hub.campaigns.queue import SendTask
from hub.campaigns.sending import Sender
from hub.campaigns.store import CampaignStore
from hub.settings import FreezeSettings, SendSettings
from tests.over_http import AwsOverHttp
from tests.stores import create_bucket, create_table

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "STAGE": "test",
    "CONTROL_TABLE": "control",
    "CAMPAIGNS_TABLE": "campaigns",
    "CONSENT_TABLE": "consent",
    "LIBRARY_TABLE": "library",
    "VAULT_BUCKET": "vault",
    "TRANSFORM_WORKGROUP": "transform",
    "TOKEN_KEY_PARAMETER": "/token-key",
    "LINK_KEY_PARAMETER": "/link-keys",
    "PUBLIC_URL": "https://hub.example",
    "CONFIGURATION_SET": "mail",
}
LONG = 900_000  # milliseconds: more than any chunk needs


@dataclass
class SesDouble:
    """Takes messages as SES does; the local part of an address says how it behaves."""

    accepted: list[dict] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None

    def __post_init__(self):
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status, answer = double.take(body)
                if status == 0:
                    self.close_connection = True
                    return
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                if status >= 400:
                    self.send_header("x-amzn-errortype", answer["code"])
                self.end_headers()
                self.wfile.write(text)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def take(self, body):
        """The status and the answer; status 0 closes the connection without one."""
        (address,) = body["Destination"]["ToAddresses"]
        kind = address.partition(".")[0]
        if kind == "reject":
            return 400, {"code": "MessageRejected", "message": "no"}
        if kind == "busy":
            return 429, {"code": "TooManyRequestsException", "message": "later"}
        if kind == "paused":
            return 400, {"code": "SendingPausedException", "message": "no"}
        self.accepted.append(body)
        if kind == "lost":
            return 0, {}
        if kind == "fell":
            return 500, {"code": "InternalFailure", "message": "oh"}
        return 200, {"MessageId": f"id-{len(self.accepted)}"}

    @property
    def by_address(self):
        return Counter(body["Destination"]["ToAddresses"][0] for body in self.accepted)


class World:
    """Tables, bucket, queue, keys; and the two workers."""

    def __init__(self, environment, ses):
        self.environment, self.ses = environment, ses
        self.store = CampaignStore("campaigns")
        self.queue_url = environment["SEND_QUEUE_URL"]
        self.audience = []
        self.clock = 1_000_000_000.0

    def freeze(self, run_id):
        freezer = Freezer(FreezeSettings.read(), find=lambda *_: self.audience)
        freezer._candidates = lambda campaign, release: self.audience  # the query itself is proven end to end
        freezer.carry_on(run_id)

    def messages(self):
        sqs = aws.client("sqs")
        while found := sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
                yield SendTask.read(message["Body"])

    def send(self, milliseconds=LONG, between=lambda: None):
        """Work until the queue is empty; how many messages came."""
        sender, count = Sender(SendSettings.read(), lambda: self.clock), 0
        for task in self.messages():
            sender.carry_on(task, lambda: milliseconds)
            count += 1
            between()
        return count

    def sweep(self, later=0):
        self.clock += later
        return recovery.sweep("campaigns", self.queue_url, lambda: self.clock)

    def finish(self):
        """Sweep and send until nothing is open, as minutes go by."""
        for _ in range(8):
            self.send()
            if not self.store.active():
                return
            self.sweep(later=1000)
        raise AssertionError(f"still open: {self.store.active()}")

    def begin(self, audience, kind="send", **more):
        """A campaign for the audience, frozen or as far as it goes; its run."""
        self.audience = audience
        campaign_id = f"m{len(list(self.campaign_ids())):04d}"
        template = Templates.saved()
        self.store.add(
            {
                "campaign_id": campaign_id, "name": "Spring", "channel": "email", "segment_id": "g1",
                "template_id": template, "sender": "hub@example.org", "parameters_json": "{}", **more,
            }
        )  # fmt: skip
        run_id = f"s{campaign_id}{kind.replace('_', '')}"
        run = {
            "run_id": run_id,
            "campaign_id": campaign_id,
            "kind": kind,
            "state": "freezing",
            "started_at": now_text(),
        }
        self.store.begin(campaign_id, run, replaces=None)
        return run_id

    def campaign_ids(self):
        return (item["sk"] for item in self.store.campaigns(None, 200)[0])

    def totals(self, run_id):
        return {name: int(n) for name, n in self.store.run(run_id)["totals"].items() if n}

    def entries(self, run_id):
        return {
            token: entry
            for item in self.store.chunks(run_id, ConsistentRead=True)
            for token, entry in item["entries"].items()
        }

    def balances(self, run_id):
        """The law: everybody of the audience is in one place, in the totals and in the ledger alike."""
        run, entries = self.store.run(run_id), self.entries(run_id)
        where = Counter(e["state"] if e["state"] != "excluded" else f"excluded.{e['reason']}" for e in entries.values())
        assert dict(where) == self.totals(run_id)
        assert sum(where.values()) == int(run["audience"]) == len(self.audience)
        assert {entry["customer_id"] for entry in entries.values()} == {person.customer_id for person in self.audience}

    def no_message_twice(self):
        assert [address for address, count in self.ses.by_address.items() if count > 1] == []

    def ledger_is_true(self, run_id):
        """What the ledger says was sent was sent; what was sent it says was sent, or that it does not know."""
        took = {tag["Value"] for body in self.ses.accepted for tag in body["EmailTags"] if tag["Name"] == "send_id"}
        entries = self.entries(run_id)
        said = {state: {t for t, e in entries.items() if e["state"] == state} for state in ("sent", "uncertain")}
        assert said["sent"] <= took
        assert took <= said["sent"] | said["uncertain"]


class Templates:
    @staticmethod
    def saved(name="t1", text="Tea!"):
        told = {"name": "Spring", "subject": "Hello {{given_name|friend}}", "text": text, "html": f"<p>{text}</p>"}
        item = {"template_id": name, "created_by": "u", "created_at": now_text()}
        body = json.dumps(TemplateRequest(**told).model_dump() | item)
        aws.table("library").put_item(Item={"pk": "template", "sk": name, "json": body})
        return name


def people(count, start=0, **fields):
    options = {"known": True, "consent_of_sources": True} | fields
    return [
        Candidate(f"c{n:05d}", address=f"person{n}@example.com", fields={"given_name": "Asha"}, **options)
        for n in range(start, start + count)
    ]


def person(customer_id, address, consent=True):
    return Candidate(customer_id, True, address, consent, {})


@pytest.fixture
def audiences():
    return SimpleNamespace(people=people, person=person, template=Templates.saved)


@pytest.fixture
def world(monkeypatch, tmp_path):
    """Everything fresh."""
    ses = SesDouble()
    environment = ENVIRONMENT | {"AWS_ENDPOINT_URL_SESV2": ses.url, "HUB_HOME": str(tmp_path), "SEND_QUEUE_URL": ""}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _forget()
    with mock_aws():
        yield _furnished(environment, ses, monkeypatch, tmp_path)
    ses.server.shutdown()
    ses.server.server_close()
    _forget()


@pytest.fixture
def over_http(world):
    """The environment of a worker in a process of its own, in the same world."""
    served = AwsOverHttp()
    yield {**os.environ, "AWS_ENDPOINT_URL": served.url}
    served.close()


def _furnished(environment, ses, monkeypatch, home):
    for name in ("control", "campaigns", "consent", "library"):
        create_table(aws.client("dynamodb"), name)
    create_bucket(aws.client("s3"), "vault")
    environment["SEND_QUEUE_URL"] = aws.client("sqs").create_queue(QueueName="sends")["QueueUrl"]
    monkeypatch.setenv("SEND_QUEUE_URL", environment["SEND_QUEUE_URL"])
    links = json.dumps({"current": "k1", "keys": {"k1": "ab" * 32}})
    for name, value in {"/token-key": "t" * 32, "/link-keys": links}.items():
        aws.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString")
    hub = {
        "name": "test",
        "currency": "INR",
        "country": "IN",
        "allow_list": ["@example.com"],
        "senders": {"email": "hub@example.org"},
    }
    (home / "deployment.json").write_text(json.dumps({"name": "test", "hub": hub, "sources": {}}))
    release = {
        "pk": "release",
        "sk": "current",
        "release_id": "r1",
        "run_id": "r1",
        "tables": {},
        "released_at": now_text(),
    }
    aws.table("control").put_item(Item=release | {"sql_version": "1"})
    return World(environment, ses)


def _forget():
    aws.reset()
    keys.token_key.cache_clear()
    keys.link_keys.cache_clear()
