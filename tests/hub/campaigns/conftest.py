"""A small world for sending: moto's AWS, and doubles of SES and of texts that remember what they took."""

import json
import os
from collections import Counter
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
from tests.providers import SesDouble, SmsDouble
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


class World:
    """Tables, bucket, queue, keys; and the two workers."""

    def __init__(self, environment, ses, sms):
        self.environment, self.ses, self.sms = environment, ses, sms
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

    def send_until_paused(self, run_id):
        """Work until somebody pauses the run, which is while the first messages are on their way."""
        taken = self.ses.take

        def take_and_pause(body):
            self.store.move(run_id, ["sending"], "paused")
            return taken(body)

        self.ses.take = take_and_pause
        self.send()
        self.ses.take = taken

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
        """Neither at an address nor, by whatever channel, to a person: each is one entry, with one token."""
        both = self.ses.by_address + self.sms.by_address
        assert [address for address, count in both.items() if count > 1] == []
        assert [token for token, count in Counter(self.took()).items() if count > 1] == []

    def took(self):
        """The tokens of all messages that a provider took."""
        mails = [tag["Value"] for body in self.ses.accepted for tag in body["EmailTags"] if tag["Name"] == "send_id"]
        return mails + [body["Context"]["send_id"] for body in self.sms.accepted]

    def ledger_is_true(self, run_id):
        """What the ledger says was sent was sent; what was sent it says was sent, or that it does not know."""
        took = set(self.took())
        entries = self.entries(run_id)
        said = {state: {t for t, e in entries.items() if e["state"] == state} for state in ("sent", "uncertain")}
        assert said["sent"] <= took
        assert took <= said["sent"] | said["uncertain"]


class Templates:
    @staticmethod
    def saved(name="t1", text="Tea!", channel="email"):
        told = {"name": "Spring", "channel": channel, "text": text}
        if channel == "email":
            told |= {"subject": "Hello {{given_name|friend}}", "html": f"<p>{text}</p>"}
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


def person(customer_id, address, consent=True, **more):
    return Candidate(customer_id, True, address, consent, {}, **more)


@pytest.fixture
def audiences():
    return SimpleNamespace(people=people, person=person, template=Templates.saved)


@pytest.fixture
def world(monkeypatch, tmp_path):
    """Everything fresh."""
    ses, sms = SesDouble(), SmsDouble()
    environment = ENVIRONMENT | {"AWS_ENDPOINT_URL_SESV2": ses.url, "HUB_HOME": str(tmp_path), "SEND_QUEUE_URL": ""}
    environment |= {"AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2": sms.url}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _forget()
    with mock_aws():
        yield _furnished(environment, ses, sms, monkeypatch, tmp_path)
    for double in (ses, sms):
        double.close()
    _forget()


@pytest.fixture
def over_http(world):
    """The environment of a worker in a process of its own, in the same world."""
    served = AwsOverHttp()
    yield {**os.environ, "AWS_ENDPOINT_URL": served.url}
    served.close()


def _furnished(environment, ses, sms, monkeypatch, home):
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
        "allow_list": ["@example.com", *(f"+9198000000{n:02}" for n in range(100))],
        "senders": {"email": "hub@example.org", "sms": "pool-00000001"},
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
    return World(environment, ses, sms)


def _forget():
    aws.reset()
    keys.token_key.cache_clear()
    keys.link_keys.cache_clear()
