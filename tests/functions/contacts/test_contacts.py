"""Consents and suppressions through the API: who may, what is kept, and that no address is kept in clear."""

import boto3
import pytest

from hub.campaigns import keys

WHO = "c" + "a" * 20


@pytest.fixture
def contacts(on_moto, gateway, new_table):
    on_moto.setenv("CONSENT_TABLE", "consent")
    on_moto.setenv("TOKEN_KEY_PARAMETER", "/token-key")
    new_table("consent")
    boto3.client("ssm").put_parameter(Name="/token-key", Value="t" * 32, Type="SecureString")
    keys.token_key.cache_clear()
    yield gateway("contacts")
    keys.token_key.cache_clear()


def test_what_was_said_is_shown(contacts):
    body = {"state": "granted", "basis": "signed the form at the fair"}
    assert contacts("PUT", f"/v1/contacts/{WHO}/consents/email", body, role="service").status == 200
    answer = contacts("GET", f"/v1/contacts/{WHO}", role="sales")
    (consent,) = answer.body["consents"]
    assert (consent["state"], consent["basis"], consent["source"]) == ("granted", body["basis"], "user-1")


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
