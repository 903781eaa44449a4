"""Each worker does its work under its own synthesised role: one row from a dropped file to an inbox and its receipt.

Real events, real handlers, SQL that is really run; what a role lacks, or its key, ends the journey at that function.
"""

import io
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from hub.config.names import pushed
from hub.customers.store import ProfileStore
from hub.quality.tokens import token
from infra.functions import FUNCTIONS
from tests.infra.test_handlers import context, request
from tests.infra.working import Estate, estate

CALLERS = """caller_id;caller_name;phone;email;city;updated_at
1;Asha Rao;+919810000001;asha@example.com;Pune;2026-01-01 10:00:00
2;Ravi Iyer;+919810000002;ravi@example.com;Kochi;2026-01-01 10:00:00
3;Broken;;nobody;;not a time
"""
TEMPLATE = {"name": "Spring", "subject": "Tea", "text": "Hello {{given_name|friend}}", "html": "<p>Tea</p>"}
SEGMENT = "select customer_id from reporting.customer"


def records(*bodies: Any) -> dict[str, Any]:
    """An event of a queue."""
    listed = [
        {"messageId": f"m{n}", "body": json.dumps(body), "eventSource": "aws:sqs"} for n, body in enumerate(bodies)
    ]
    return {"Records": listed}


def with_time(function: str) -> SimpleNamespace:
    """A context with all of the function's time left."""
    milliseconds = FUNCTIONS[function].timeout * 1000
    return SimpleNamespace(**vars(context()) | {"get_remaining_time_in_millis": lambda: milliseconds})


def taken(queue_url: str) -> list[Any]:
    """What lies in a queue."""
    found = boto3.client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@pytest.fixture(scope="module")
def done(cloud, tmp_path_factory) -> Iterator["Journey"]:
    with estate(cloud, tmp_path_factory.mktemp("estate")) as world:
        journey = Journey(world)
        with redirect_stdout(journey.printed):
            journey.made()
        yield journey


class Journey:
    """What each worker answered, and the stores that it left behind."""

    def __init__(self, world: Estate) -> None:
        self.world, self.cloud = world, world.cloud
        self.answers: dict[str, Any] = {}
        self.printed = io.StringIO()

    def work(self, function: str, *events: dict[str, Any]) -> Any:
        """What a function answers to events one after the other; the last answer."""
        with self.world.at_work(function) as handler:
            for event in events:
                self.answers[function] = handler(event, with_time(function))
        return self.answers[function]

    def ask(self, function: str, method: str, path: str, role: str, body: object) -> Any:
        client = self.cloud.environment(function)["USER_POOL_CLIENT_ID"]
        with self.world.at_work(function) as handler:
            answer = handler(request(method, path, role, client, body), context())
        assert answer["statusCode"] < 300, answer["body"]
        return json.loads(answer["body"])

    def made(self) -> "Journey":
        self.pull()
        self.run()
        self.stewards()
        self.pushed()
        self.campaign()
        self.by_channels()
        self.merge()
        self.failure()
        return self

    def pull(self) -> None:
        self.drop(1, CALLERS)
        self.work("sweep", {"reason": "minute"})

    def drop(self, number: int, text: str) -> None:
        vault = self.cloud.environment("pull")["VAULT_BUCKET"]
        boto3.client("s3").put_object(Bucket=vault, Key=f"drop/calls/callers-{number}.csv", Body=text.encode())
        task = {"source": "calls", "data_set": "callers", "scheduled_at": f"2099-01-0{number}T00:00:00Z"}
        assert self.work("pull", records(task)) == {"batchItemFailures": []}

    def run(self) -> None:
        planned = self.work("plan", {"reason": "pulls"})
        run = {"run_id": planned["run_id"]}
        self.statements(run, planned["waves"])
        released = self.work("release", {"action": "release", **run})
        progress: dict[str, Any] = {}
        while not progress.get("done"):
            progress = self.work("profile", {**run, "progress": progress})
        self.statements(run, released["maintenance"])
        self.work("release", {"action": "finish", **run})

    def stewards(self) -> None:
        """Records are compared, a person is looked for, an edit and a merge are proposed; the answer takes another."""
        asha, ravi = sorted(self.customers(), key=lambda each: self.named(each) != "Asha Rao")
        (one,), (other,) = (
            self.ask("customers", "GET", f"/v1/customers/{each}/records", "steward", None)["items"]
            for each in (asha, ravi)
        )
        sides = f"left={one['record_key']}&right={other['record_key']}"
        self.compared = self.ask("matches", "GET", f"/v1/comparisons?{sides}", "steward", None)
        who = {"full_name": "Asha Rao", "email": "asha@example.com"}
        self.matches = self.ask("matches", "POST", "/v1/matches", "service", who)["items"]
        why = "said so on the telephone"
        edit = {"group": "gender", "values": {"gender": "female"}, "why": why}
        self.ask("decisions", "POST", f"/v1/customers/{asha}/edits", "service", edit)
        keys = {"left": [one["record_key"]], "right": [other["record_key"]]}
        self.proposed = self.ask("decisions", "POST", "/v1/decisions", "steward", {"kind": "merge", "why": why} | keys)

    def pushed(self) -> None:
        """A visitor whom the hub knows does something on the website."""
        vault = self.cloud.environment("recent")["VAULT_BUCKET"]
        event = {"event_id": "e1", "anonymous_id": "v1", "event": "page", "happened_at": "2026-01-02T00:00:00Z"}
        key = pushed("website", "events") + "1.json"
        boto3.client("s3").put_object(Bucket=vault, Key=key, Body=json.dumps(event).encode())
        record = {"record_key": token(b"00" * 32, "website", "customer", "v1"), "customer_id": self.customers()[0]}
        store = ProfileStore(self.cloud.environment("recent")["PROFILES_TABLE"], b"00" * 32)
        store.parts.put_records([{**record, "earlier": None, "source": "website"}], "r")
        self.work("recent", {"source": "website", "data_set": "events", "name": "1.json"})

    def named(self, customer_id: str) -> str:
        profiles = self.items("profile", "PROFILES_TABLE")
        return next(item["full_name"] for item in profiles if (item["pk"], item["sk"]) == (customer_id, "profile"))

    def merge(self) -> None:
        fair = {"csv": "email,name\nASHA@example.com,Asha\nnew@example.com,Neu\n", "basis": "said so at the fair"}
        self.ask("lists", "PUT", "/v1/lists/fair", "steward", fair)
        wish = {"title": "Fair", "lists": [{"data_set": "calls.callers"}, {"upload": "fair"}]}
        job = self.ask("lists", "POST", "/v1/merge_purges", "steward", wish)
        self.work("merge", {"merge_id": job["merge_id"]})
        self.merged = self.ask("lists", "GET", f"/v1/merge_purges/{job['merge_id']}", "steward", None)

    def failure(self) -> None:
        """A run that the state machine gives up while a statement of it is running."""
        self.drop(2, CALLERS.replace("10:00:00", "11:00:00"))
        planned = self.work("plan", {"reason": "pulls"})
        run = {"run_id": planned["run_id"]}
        self.work("statement", {"action": "start", **run, "statement": planned["waves"][0]["statements"][0]})
        self.work("release", {"action": "fail", **run, "error": {"Error": "States.Timeout"}})

    def statements(self, run: dict[str, str], waves: list[dict[str, Any]]) -> None:
        with self.world.at_work("statement") as handler:
            for step in (step for wave in waves for step in wave["statements"]):
                answer = handler({"action": "start", **run, "statement": step}, with_time("statement"))
                while answer["state"] != "succeeded":
                    poll = {"action": "poll", **run, "statement": step, "query": answer}
                    answer = handler(poll, with_time("statement"))
                self.answers["statement"] = answer

    def campaign(self) -> None:
        for customer_id in self.customers():
            path = f"/v1/contacts/{customer_id}/consents/email"
            self.ask("contacts", "PUT", path, "service", {"state": "granted", "basis": "said so on the telephone"})
        segment = self.ask("segments", "POST", "/v1/segments", "marketer", {"name": "All", "sql": SEGMENT})
        template = self.ask("segments", "POST", "/v1/templates", "marketer", TEMPLATE)
        chosen = {"name": "Spring", "segment_id": segment["segment_id"], "template_id": template["template_id"]}
        campaign = self.ask("campaigns", "POST", "/v1/campaigns", "marketer", chosen)
        one = f"/v1/campaigns/{campaign['campaign_id']}"
        tried = self.ask("campaigns", "POST", f"{one}/dry_run", "marketer", None)
        self.work("freeze", {"run_id": tried["dry_run"]["run_id"]})
        sent = self.ask("campaigns", "POST", f"{one}/send", "approver", None)
        self.work("freeze", {"run_id": sent["send"]["run_id"]})
        self.work("sweep", {"reason": "minute"})
        self.work("send", records(*taken(self.cloud.environment("send")["SEND_QUEUE_URL"])))
        receipts = self.ask("campaigns", "GET", f"{one}/receipts", "marketer", None)["items"]
        self.work("mail_events", records(bounce(sent["send"]["run_id"], receipts[0]["token"])))
        self.shown = self.ask("campaigns", "GET", one, "marketer", None)
        self.receipts = self.ask("campaigns", "GET", f"{one}/receipts", "marketer", None)["items"]

    def by_channels(self) -> None:
        """A campaign by [sms, email] for both, who agreed to both; Ravi clicked in his mail, Asha's bounced."""
        ravi = next(each for each in self.customers() if self.named(each) == "Ravi Iyer")
        for customer_id in self.customers():
            path = f"/v1/contacts/{customer_id}/consents/sms"
            self.ask("contacts", "PUT", path, "service", {"state": "granted", "basis": "said so on the telephone"})
        token = next(each["token"] for each in self.receipts if each["customer_id"] == ravi)
        self.work("mail_events", records(click(self.shown["send"]["run_id"], token)))
        text = {"name": "Text", "channel": "sms", "text": "Tea for {{given_name|you}}. Reply STOP to opt out"}
        text_id = self.ask("segments", "POST", "/v1/templates", "marketer", text)["template_id"]
        chosen = {"name": "Both", "segment_id": self.shown["segment_id"], "template_id": text_id}
        chosen |= {"channels": ["sms", "email"], "templates": {"email": self.shown["template_id"]}}
        campaign = self.ask("campaigns", "POST", "/v1/campaigns", "marketer", chosen)
        one = f"/v1/campaigns/{campaign['campaign_id']}"
        tried = self.ask("campaigns", "POST", f"{one}/dry_run", "marketer", None)
        self.work("freeze", {"run_id": tried["dry_run"]["run_id"]})
        sent = self.ask("campaigns", "POST", f"{one}/send", "approver", None)
        self.work("freeze", {"run_id": sent["send"]["run_id"]})
        for task in taken(self.cloud.environment("send")["SEND_QUEUE_URL"]):
            self.work("send", records(task), records(task))
        self.chosen = self.ask("campaigns", "GET", one, "marketer", None)
        self.choices = self.ask("campaigns", "GET", f"{one}/receipts", "marketer", None)["items"]

    def items(self, function: str, setting: str) -> list[dict[str, Any]]:
        """All items of a table that a function is told of, for whoever looks at the end."""
        table = boto3.resource("dynamodb").Table(self.cloud.environment(function)[setting])
        found: list[dict[str, Any]] = table.scan()["Items"]
        return found

    def customers(self) -> list[str]:
        return [item["pk"] for item in self.items("profile", "PROFILES_TABLE") if item["sk"] == "profile"]


def click(run_id: str, token: str) -> dict[str, Any]:
    """What SES says when somebody followed a link just now."""
    tags = {"send_id": [token], "run_id": [run_id], "chunk": ["1"]}
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    return {"eventType": "Click", "mail": {"timestamp": at, "tags": tags}, "click": {"timestamp": at}}


def bounce(run_id: str, token: str) -> dict[str, Any]:
    """What SES says when the mailbox is not there."""
    tags = {"send_id": [token], "run_id": [run_id], "chunk": ["1"]}
    gone = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "asha@example.com"}]}
    return {"eventType": "Bounce", "mail": {"timestamp": "2026-01-01T00:00:00Z", "tags": tags}, "bounce": gone}


def test_every_worker_had_its_turn(done):
    assert set(done.answers) == {name for name, spec in FUNCTIONS.items() if spec.trigger != "api"}


def test_the_pull_has_staged_and_set_aside_each_row(done):
    (pull,) = [item for item in done.items("pull", "CONTROL_TABLE") if item["sk"] == "pull#00000001"]
    assert (pull["state"], pull["received"], pull["staged"], pull["quarantined"]) == ("complete", 3, 2, 1)


def test_the_run_is_released_and_its_lease_is_free(done):
    control = {(item["pk"], item["sk"]): item for item in done.items("release", "CONTROL_TABLE")}
    assert {name: to for name, to in control["release", "current"]["pulls"].items() if to} == {"calls.callers": 1}
    assert ("run", "lease") not in control
    states = [item["state"] for (pk, sk), item in control.items() if pk == "run" and sk.startswith("run#")]
    assert sorted(states) == ["failed", "released"]
    assert len(done.customers()) == 2


def test_a_person_is_found_compared_and_decided_on(done):
    assert [(done.named(each["customer_id"]), each["verdict"]) for each in done.matches] == [("Asha Rao", "same")]
    assert {each["agreement"] for each in done.compared["reasons"]} >= {"different"}
    assert done.proposed["state"] == "proposed"


def test_what_was_pushed_is_on_a_time_line(done):
    assert done.answers["recent"] == {"shown": 1}


def test_the_sweep_has_begun_the_run(done):
    machine = done.cloud.environment("sweep")["RUN_MACHINE_ARN"]
    assert boto3.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]


def test_the_campaign_reached_both_and_knows_of_the_bounce(done):
    assert done.shown["dry_run"]["counts"]["waiting"] == done.shown["send"]["counts"]["sent"] == 2
    assert sorted(receipt["events"] for receipt in done.receipts) == [[], ["Bounce"]]
    assert [item["reason"] for item in done.items("send", "CONSENT_TABLE") if item["sk"] == "-"] == ["bounced"]


def test_each_gets_one_message_by_the_preferred_permitted_channel(done):
    """Ravi by mail, for he clicked there; Asha by text, as the campaign orders: nothing else reaches her."""
    mix = {"email": {"inferred": 1}, "sms": {"order": 1}}
    assert done.chosen["dry_run"]["mix"] == done.chosen["send"]["mix"] == mix
    assert done.chosen["dry_run"]["counts"]["waiting"] == done.chosen["send"]["counts"]["sent"] == 2
    told = {done.named(each["customer_id"]): (each["state"], each["channel"], each["why"]) for each in done.choices}
    assert told == {"Ravi Iyer": ("sent", "email", "inferred"), "Asha Rao": ("sent", "sms", "order")}
    (text,) = done.world.texts.accepted
    assert (text["DestinationPhoneNumber"], text["MessageBody"].partition(".")[0]) == ("+919810000001", "Tea for Asha")


def test_lists_are_merged_with_what_was_pulled(done):
    assert done.merged["state"] == "complete", done.merged["error"]
    assert done.merged["report"]["lists"] == {
        "calls.callers": {"rows": 2, "kept": 2, "merged": 0, "purged": 0},
        "fair": {"rows": 2, "kept": 1, "merged": 1, "purged": 0},
    }


def test_what_the_dashboard_shows_is_what_the_workers_count(done):
    """Namespace, name and dimensions of each metric of our own, from the log lines and from the templates."""
    lines = [json.loads(line) for line in done.printed.getvalue().splitlines() if line.startswith('{"_aws"')]
    counted: Counter[tuple[str, ...]] = Counter()
    for line in lines:
        (told,) = line["_aws"]["CloudWatchMetrics"]
        (dimensions,) = told["Dimensions"]
        for metric in told["Metrics"]:
            place = (name for dimension in dimensions for name in (dimension, line[dimension]))
            counted[told["Namespace"], metric["Name"], *place] += line[metric["Name"]]
    assert set(counted) == shown(done.cloud)
    numbers = {name: count for (_, name, *_), count in counted.items()}
    assert numbers == {
        "RowsStaged": 4,
        "TargetsMissed": 0,
        "PullsHeld": 0,
        "StaleHigh": 0,
        "StaleNormal": 0,
        "Releases": 1,
        "MessagesSent": 4,
    }


def shown(cloud) -> set[tuple[str, ...]]:
    """The metrics of dashboards and alarms that are not AWS's."""
    found = set()
    for dashboard in cloud.of_type("AWS::CloudWatch::Dashboard"):
        for widget in json.loads(dashboard.properties["DashboardBody"])["widgets"]:
            for metric in widget["properties"]["metrics"]:
                found.add(tuple(part for part in metric if isinstance(part, str)))
    for alarm in (alarm.properties for alarm in cloud.of_type("AWS::CloudWatch::Alarm")):
        place = (each[key] for each in alarm.get("Dimensions", []) for key in ("Name", "Value"))
        found.add((alarm["Namespace"], alarm["MetricName"], *place))
    return {metric for metric in found if not metric[0].startswith("AWS/")}
