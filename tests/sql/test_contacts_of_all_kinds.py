"""Every way in which a person and the organisation meet, from an application's own file to the one time line."""

import json
from pathlib import Path

import pytest

from hub import aws, config
from hub.config import Deployment
from hub.pulls import PullTask
from hub.pulls.engine import Engine
from hub.settings import PullSettings
from tests.sql.lake import entity_hub, staged
from tests.sql.test_known import report
from tests.sql.test_models import needed

ROOT = Path(__file__).parents[2]
PEOPLE = "contact_id,full_name,email,phone,found_us,changed_at\n" + "".join(
    f"{key},{name},{email},,{found},2026-01-01T08:00:00Z\n"
    for key, name, email, found in [
        ("s1", "Asha Rao", "asha@x.in", "fair"),
        ("cookie-7", "Asha Rao", "asha@x.in", "website"),  # the same person, who named herself in the browser
        ("s2", "Ravi Iyer", "ravi@x.in", ""),
    ]
)
# data set -> a file as the application writes it
FILES = {
    "contacts": PEOPLE,
    "registrations": "registration_id,contact_id,happened_at,form\nr1,s1,2026-01-02T08:00:00Z,newsletter\n",
    "enquiries": (
        "enquiry_id,contact_id,happened_at,question,outcome\nq1,s1,2026-01-03T08:00:00Z,Where is my tea?,answered\n"
    ),
    "chats": [
        {
            "enquiry_id": "h1",
            "contact_id": "s1",
            "happened_at": "2026-01-04T08:00:00Z",
            "question": "x",
            "outcome": "left",
        }
    ],
    "emails": [{"message_id": "m1", "contact_id": "s1", "happened_at": "2026-01-05T08:00:00Z", "direction": "out"}],
    "meetings": "meeting_id,contact_id,happened_at,place,outcome\nv1,s1,2026-01-06T08:00:00Z,fair,wants tea\n",
    "page_views": [{"view_id": "p1", "cookie": "cookie-7", "happened_at": "2026-01-07T08:00:00Z", "page": "/tea"}],
    "answers": "answer_id,contact_id,happened_at,about,topic,answer\n"
    "a1,s1,2026-01-08T08:00:00Z,interest,Tea,yes\n"
    "a2,s1,2026-01-08T08:00:01Z,product,coffee,yes\n"
    "a3,cookie-7,2026-01-09T08:00:00Z,product, Coffee ,Dislike\n"  # changed her mind, on another way
    "a4,s2,2026-01-08T08:00:00Z,product,coffee,hmm\n"
    "a5,s2,2026-01-08T08:00:00Z,life style,early riser,no\n",
}
KINDS = [  # what came, what the time line says of it
    ("registration", "2026-01-02 08:00:00", "website", "in"),
    ("call", "2026-01-03 08:00:00", "phone", "in"),
    ("web chat", "2026-01-04 08:00:00", "website", "in"),
    ("email", "2026-01-05 08:00:00", "email", "out"),
    ("in person", "2026-01-06 08:00:00", "fair", "in"),
    ("web", "2026-01-07 08:00:00", "website", "in"),
    ("survey", "2026-01-08 08:00:00", "survey", "in"),
    ("survey", "2026-01-08 08:00:01", "survey", "in"),
    ("survey", "2026-01-09 08:00:00", "survey", "in"),
    ("order", "2026-01-10 08:00:00", "web", "in"),
]


@pytest.fixture(scope="module")
def hub(make_shared_lake):
    given = entity_hub({"shop": 50}).model_dump(mode="json", by_alias=True)
    desk = config.load(ROOT / "deployments/catalogue").sources["service_desk"]
    given["sources"]["service_desk"] = desk.model_dump(mode="json", by_alias=True)
    tables = set().union(*(needed(f"reporting.{each}") for each in ("interaction", "customer", "customer_key")))
    hub = make_shared_lake(Deployment.model_validate(given), tables=tables)
    aws.client("events").create_event_bus(Name=hub.stage)
    settings = PullSettings(
        stage=hub.stage, control_table=hub.control, vault_bucket=hub.vault, event_bus=hub.stage,
        token_key_parameter="/hub/token-key",
    )  # fmt: skip
    engine = Engine(hub.deployment, settings, b"k" * 64, now=hub.now.timestamp)
    for data_set, rows in FILES.items():
        pattern = desk.data_sets[data_set].fetch.pattern
        body = rows if isinstance(rows, str) else "\n".join(map(json.dumps, rows))
        key = f"drop/service_desk/{pattern.replace('*', '1')}"
        aws.client("s3").put_object(Bucket=hub.vault, Key=key, Body=body.encode())
        done = engine.carry_on(PullTask(source="service_desk", data_set=data_set), lambda: 300_000)
        assert (done.state, done.received) == ("complete", done.staged), data_set
    known = {"record_key": "w1", "full_name": "Asha Rao", "email_standard": "asha@x.in", "changed_at": "2026-01-01"}
    order = {"record_key": "o1", "customer_record_key": "w1", "ordered_at": "2026-01-10 08:00:00", "channel": "web"}
    hub.pull("shop", "customer", [staged("customer", known)])
    hub.pull("shop", "sales_order", [staged("sales_order", {**order, "changed_at": "2026-01-10"})])
    hub.run()
    return hub


def owners(hub) -> dict[str, str]:
    """E-mail address -> customer."""
    keys = dict(hub.rows("reporting.customer_key", ["record_key", "customer_id"]))
    return {email: keys[key] for key, email in hub.rows("vault.source_customer", ["record_key", "email_standard"])}


def test_each_kind_of_contact_is_on_the_one_time_line(hub):
    asha = owners(hub)["asha@x.in"]
    keys = dict(hub.rows("reporting.customer_key", ["record_key", "customer_id"]))
    columns = ["customer_record_key", "kind", "happened_at", "channel", "direction"]
    line = [row for row in hub.rows("reporting.interaction", columns) if keys[row[0]] == asha]
    assert sorted(row[1:] for row in line) == sorted(KINDS)


SAID = [
    ({"polarity": "likes"}, {("asha@x.in", "tea")}, "the newest word counts, in whatever record of hers"),
    ({"polarity": "dislikes"}, {("asha@x.in", "coffee"), ("ravi@x.in", "early riser")}, "all that is disliked"),
    ({"polarity": "dislikes", "topics": ["coffee"]}, {("asha@x.in", "coffee")}, "of one topic"),
    ({"polarity": "neutral"}, {("ravi@x.in", "coffee")}, "a word that says neither"),
]


def test_an_answer_is_an_interest_a_like_or_a_dislike(hub):
    names = {customer: email for email, customer in owners(hub).items()}
    for asked, expected, why in SAID:
        rows = report(hub, "likes_and_dislikes", **asked)
        assert {(names[row["customer_id"]], row["topic"]) for row in rows} == expected, why
    (asha,) = report(hub, "likes_and_dislikes", polarity="dislikes", topics=["coffee"])
    assert (asha["source"], asha["said_on"], asha["kind"]) == ("service_desk", "2026-01-09", "survey")


def test_a_segment_leaves_out_who_dislikes_it(hub):
    people = owners(hub)
    left = {row["customer_id"] for row in report(hub, "without_dislike", topics=["coffee"])}
    assert left == {people["ravi@x.in"]}, "who is neutral stays"
    assert {row["customer_id"] for row in report(hub, "without_dislike", topics=["tea"])} == set(people.values())
