"""Consents and suppressions through the API: who may, what is kept, and that no address is kept in clear."""

import boto3
import pytest

from hub.campaigns import points
from hub.campaigns.audience import Candidate, address_key
from hub.campaigns.consents import Consents
from tests.functions.contacts.conftest import KEY, WHO


def test_what_was_said_is_shown(contacts):
    body = {"state": "granted", "basis": "signed the form at the fair"}
    assert contacts("PUT", f"/v1/contacts/{WHO}/consents/email", body, role="service").status == 200
    answer = contacts("GET", f"/v1/contacts/{WHO}", role="sales")
    (consent,) = answer.body["consents"]
    assert (consent["state"], consent["basis"], consent["source"]) == ("granted", body["basis"], "user-1")


NO_TEXTS = {"channel": "sms", "address": "+91 98123-45678", "reason": "asked us"}


@pytest.mark.parametrize(
    ("method", "path", "body", "role", "status", "why"),
    [
        (
            "PUT",
            f"/v1/contacts/{WHO}/consents/email",
            {"state": "granted", "basis": "x"},
            "service",
            422,
            "why is it so",
        ),
        (
            "PUT",
            f"/v1/contacts/{WHO}/consents/email",
            {"state": "maybe", "basis": "asked"},
            "service",
            422,
            "yes or no",
        ),
        (
            "PUT",
            f"/v1/contacts/{WHO}/consents/fax",
            {"state": "granted", "basis": "asked"},
            "service",
            404,
            "no channel",
        ),
        (
            "PUT",
            f"/v1/contacts/{WHO}/consents/email",
            {"state": "granted", "basis": "asked"},
            "sales",
            403,
            "may only read",
        ),
        ("GET", "/v1/contacts/suppressed%23email", None, "service", 404, "no customer, but a key of the table"),
        ("GET", "/v1/contacts/c1", None, "service", 404, "no id of a customer"),
        (
            "POST",
            "/v1/contacts/suppressions",
            {"channel": "email", "address": "x", "reason": "asked us"},
            "service",
            422,
            "no address",
        ),
        (
            "POST",
            "/v1/contacts/suppressions",
            {"channel": "email", "address": "a@example.com", "reason": "asked us"},
            "service",
            204,
            "kept",
        ),
        ("GET", f"/v1/contacts/{WHO}", None, "marketer", 403, "composes, but looks nobody up"),
        ("POST", "/v1/contacts/suppressions", NO_TEXTS | {"address": "98123"}, "service", 422, "no number"),
        ("POST", "/v1/contacts/suppressions", NO_TEXTS | {"address": "a@example.com"}, "service", 422, "of mail"),
        ("POST", "/v1/contacts/suppressions", NO_TEXTS, "service", 204, "kept"),
        ("PUT", f"/v1/contacts/{WHO}/consents/sms", {"state": "granted", "basis": "asked"}, "service", 200, "texts"),
    ],
)
def test_refusals(contacts, method, path, body, role, status, why):
    assert contacts(method, path, body, role=role).status == status, why


def test_an_address_stands_nowhere_in_clear(contacts):
    body = {"channel": "email", "address": "Asha@Example.com", "reason": "asked in a letter"}
    assert contacts("POST", "/v1/contacts/suppressions", body, role="service").status == 204
    kept = str(boto3.resource("dynamodb").Table("consent").scan()["Items"])
    s3 = boto3.client("s3")
    listed = s3.list_objects_v2(Bucket="audit")["Contents"]
    audited = "".join(s3.get_object(Bucket="audit", Key=found["Key"])["Body"].read().decode() for found in listed)
    assert "asha" not in (kept + audited).lower()
    assert "asked in a letter" in kept


def test_a_number_that_is_suppressed_is_known_by_the_key_of_its_telephone(contacts):
    assert contacts("POST", "/v1/contacts/suppressions", NO_TEXTS, role="service").status == 204
    key = address_key(KEY, "phone", "+919812345678")
    assert Consents("consent").suppressed("sms", [key, "0" * 32]) == {key}
    assert "98123" not in str(boto3.resource("dynamodb").Table("consent").scan()["Items"])


VALUES = [  # kind, as a source writes it, in comparable form, whether it is valid, why
    ("email", " Asha@Example.COM ", "asha@example.com", True, "small letters"),
    ("email", "asha@example", "asha@example", False, "no domain"),
    ("email", "asha..rao@example.com", "asha..rao@example.com", False, "two points"),
    ("phone", "+91 98123-45678", "+919812345678", True, "without what stands between digits"),
    ("phone", "0091 (98123) 45678", "+919812345678", True, "00 is another way to write +"),
    ("phone", "98123 45678", "9812345678", False, "of which country"),
    ("phone", "+12", "+12", False, "too short"),
    ("whatsapp", "+919812345678", "+919812345678", True, "a number with its country"),
    ("whatsapp", "asha", "asha", False, "a name"),
    ("fax", "+49 30 901820", "+4930901820", True, "a number with its country"),
    ("fax", "ext. 7", "ext7", False, "no number"),
    ("website", "Https://Asha.Example/Tea", "https://asha.example/Tea", True, "a path keeps its capitals"),
    ("website", "asha.example", "asha.example", True, "without a scheme"),
    ("website", "javascript:alert(1)", "javascript:alert(1)", False, "no site"),
    ("website", "tea shop", "tea shop", False, "words"),
    ("social", "Instagram:asha.rao", "instagram:asha.rao", True, "a network has no capitals"),
    ("social", "x:@asha rao", "x:@asha rao", False, "a space"),
    ("social", "x:a234567890123456", "x:a234567890123456", False, "one letter too many"),
    ("social", "mastodon:@asha@tea.example", "mastodon:@asha@tea.example", True, "with its server"),
    ("social", "asha", "asha:", False, "of which network"),
    ("social", "teanet:asha", "teanet:asha", True, "a network that nobody has rules for"),
]


@pytest.mark.parametrize(("kind", "given", "compared", "valid", "why"), VALUES)
def test_each_kind_is_validated(kind, given, compared, valid, why):
    assert points.compared(kind, given) == compared, why
    assert (points.problem(kind, compared) is None) == valid, why


def shown(contacts, role="service"):
    found = contacts("GET", f"/v1/contacts/{WHO}/points", role=role).body["items"]
    return {(each["kind"], each["value"]): each for each in found}


def test_each_point_has_its_status_and_consent(contacts):
    before = shown(contacts)
    assert {name: each["status"] for name, each in before.items()} == {
        ("email", "asha@example.com"): "unverified",
        ("email", "rao@example.com"): "unverified",
        ("phone", "+919812345678"): "unverified",
        ("whatsapp", "+919812345678"): "unverified",
        ("fax", "020555"): "invalid",
        ("website", "https://asha.example/Tea"): "unverified",
        ("social", "instagram:asha.rao"): "unverified",
        ("social", "x:@asha rao"): "invalid",
        ("social", "tea net:asha"): "unverified",
    }
    assert {each["consent_of"] for each in before.values()} == {"sources"}
    assert [each["primary"] for name, each in before.items() if name[0] == "email"] == [True, False]
    assert len({each["point_id"] for each in before.values()}) == 9, "one number is another point by each way"

    consents, key = Consents("consent"), lambda kind, value: address_key(KEY, kind, value)
    consents.suppress("email", key("email", "rao@example.com"), "bounced", WHO)
    no = {"state": "withdrawn", "basis": "said so at the counter"}
    point = before["whatsapp", "+919812345678"]["point_id"]
    answer = contacts("PUT", f"/v1/contacts/{WHO}/points/{point}/consent", no, role="service")
    assert (answer.status, answer.body["status"], answer.body["consent_of"]) == (200, "opted_out", "point")
    after = shown(contacts)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {("email", "rao@example.com"), ("whatsapp", "+919812345678")}, "nothing else: not the telephone"
    assert after["email", "rao@example.com"]["status"] == "bounced"
    assert after["phone", "+919812345678"]["consent"] == "granted"

    assert contacts("PUT", f"/v1/contacts/{WHO}/points/{'0' * 32}/consent", no, role="service").status == 404
    assert contacts("PUT", f"/v1/contacts/{WHO}/points/{point}/consent", no, role="sales").status == 403


WORDS = [  # what was said of the channel and of the address, by the hour; what holds when something is sent there
    ([], None, "silence"),
    ([("point", "withdrawn")], "withdrawn", "of this address"),
    ([("point", "withdrawn"), ("channel", "granted")], "withdrawn", "a yes to the channel is no yes to this address"),
    ([("point", "withdrawn"), ("point", "granted")], "granted", "the last word about it"),
    ([("channel", "withdrawn"), ("point", "granted")], "granted", "but here I may be written to"),
    ([("point", "granted"), ("channel", "withdrawn")], "withdrawn", "nothing any more, nowhere"),
    ([("other", "withdrawn")], None, "of another address"),
]


@pytest.mark.parametrize(("said", "holds", "why"), WORDS, ids=[row[2] for row in WORDS])
def test_what_is_sent_obeys_the_consent_of_the_point(contacts, monkeypatch, said, holds, why):
    consents, keys_of = Consents("consent"), {"point": "a" * 32, "other": "b" * 32, "channel": None}
    for hour, (what, state) in enumerate(said):
        monkeypatch.setattr("hub.campaigns.consents.now_text", lambda hour=hour: f"2026-01-01T0{hour}:00:00Z")
        consents.state(WHO, "email", state, "said so", "u1", keys_of[what])
    asked = [Candidate(WHO, True, "asha@example.com", True)]
    assert consents.stated("email", asked, {WHO: "a" * 32}).get(WHO) == holds, why
