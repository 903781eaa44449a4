"""The link to unsubscribe: a scanner's GET changes nothing, one POST does, and nobody but the hub can make a link."""

import json

import boto3
import pytest

from hub.campaigns import keys
from hub.campaigns.consents import Consents
from hub.campaigns.links import LinkKeys, Unsubscribe

PARAMETER = json.dumps({"current": "k1", "keys": {"k1": "ab" * 32}})
WHO = "c" + "a" * 20
KEY = "0f" * 16
TOKEN = LinkKeys(PARAMETER).sign(Unsubscribe(WHO, "email", KEY))


@pytest.fixture
def links(on_moto, gateway, new_table):
    on_moto.setenv("CONSENT_TABLE", "consent")
    on_moto.setenv("LINK_KEY_PARAMETER", "/link-keys")
    new_table("consent")
    boto3.client("ssm").put_parameter(Name="/link-keys", Value=PARAMETER, Type="SecureString")
    keys.link_keys.cache_clear()
    yield gateway("links")
    keys.link_keys.cache_clear()


def ask(links, method, token=TOKEN, **more):
    return links(method, "/v1/links/unsubscribe", query=f"token={token}", role=None, **more)


def test_a_get_shows_a_button_and_changes_nothing(links):
    answer = ask(links, "GET")
    assert answer.status == 200
    assert '<form method="post"' in answer.body
    assert TOKEN in answer.body
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert Consents("consent").contact(WHO).consents == []


@pytest.mark.parametrize("body", ["List-Unsubscribe=One-Click", None])
def test_one_post_without_a_cookie_unsubscribes(links, body):
    for _ in range(2):
        headers = {"content-type": "application/x-www-form-urlencoded"}
        assert ask(links, "POST", body=body, headers=headers).status == 200
    contact = Consents("consent").contact(WHO)
    assert [(each.channel, each.state) for each in contact.consents] == [("email", "withdrawn")]
    assert [each.reason for each in contact.suppressions] == ["unsubscribed"]
    assert Consents("consent").suppressed("email", [KEY]) == {KEY}


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("", "nothing"),
        (TOKEN[:-3], "cut by a mail program"),
        (TOKEN.replace(".", "", 1), "broken"),
        ("a.b.c", "made up"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_link_says_so_and_does_nothing(links, method, token, why):
    answer = ask(links, method, token)
    assert (answer.status, "This link does not work" in answer.body) == (400, True), why
    assert boto3.resource("dynamodb").Table("consent").scan()["Items"] == []


def test_the_link_in_a_text_is_of_texts_alone(links):
    token = LinkKeys(PARAMETER).sign(Unsubscribe(WHO, "sms", KEY))
    assert "no more texts from us at this number" in ask(links, "GET", token).body
    assert "no more texts from us at this number" in ask(links, "POST", token).body
    consents = Consents("consent")
    assert [(each.channel, each.state) for each in consents.contact(WHO).consents] == [("sms", "withdrawn")]
    assert (consents.suppressed("sms", [KEY]), consents.suppressed("email", [KEY])) == ({KEY}, set())


def test_a_link_of_no_channel_is_wrong(links):
    assert ask(links, "POST", LinkKeys(PARAMETER).sign(Unsubscribe(WHO, "fax", KEY))).status == 400


def test_a_bounce_is_not_forgotten_by_unsubscribing(links):
    Consents("consent").suppress("email", KEY, "bounced")
    ask(links, "POST")
    Consents("consent").state(WHO, "email", "granted", "came back", "u1")
    assert Consents("consent").suppressed("email", [KEY]) == {KEY}


def test_whoever_comes_back_is_written_to_again(links):
    ask(links, "POST")
    Consents("consent").state(WHO, "email", "granted", "on the telephone", "u1")
    assert Consents("consent").suppressed("email", [KEY]) == set()
