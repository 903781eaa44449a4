"""Signed links: only what the hub signed for this purpose is read, and no address is in them."""

import base64
import json

import jwt
import pytest

from hub.campaigns.links import LinkKeys, Unsubscribe, unsubscribe_url
from hub.errors import BadRequest, SettingsError

OLD, NEW = "01" * 64, "02" * 64
KEYS = LinkKeys(json.dumps({"current": "k2", "keys": {"k1": OLD, "k2": NEW}}))
LINK = Unsubscribe("cabc", "email", "0f" * 16)
CLAIMS = {"p": "unsubscribe", "c": "cabc", "ch": "email", "a": "0f" * 16}


def signed(claims, key=NEW, kid="k2", algorithm="HS256"):
    return jwt.encode(claims, bytes.fromhex(key), algorithm=algorithm, headers={"kid": kid} if kid else None)


def unsigned():
    head = base64.urlsafe_b64encode(b'{"alg":"none","kid":"k2"}').decode().rstrip("=")
    return f"{head}.{base64.urlsafe_b64encode(json.dumps(CLAIMS).encode()).decode().rstrip('=')}."


def test_a_link_says_what_was_signed():
    assert KEYS.read(KEYS.sign(LINK)) == LINK


def test_links_of_old_keys_live_on():
    assert KEYS.read(signed(CLAIMS, OLD, "k1")) == LINK


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("", "no token"),
        ("abc", "no token at all"),
        (signed(CLAIMS)[:-2], "cut off"),
        (signed(CLAIMS, "03" * 64), "somebody else's key"),
        (signed(CLAIMS, OLD, "k2"), "another key under our id"),
        (signed(CLAIMS, kid="k9"), "an unknown key"),
        (signed(CLAIMS, kid=None), "no key id"),
        (signed(CLAIMS, algorithm="HS512"), "another algorithm"),
        (unsigned(), "no signature"),
        (base64.urlsafe_b64encode(b"[" * 6000).decode() + ".e30.", "brackets without an end"),
        (signed(CLAIMS | {"p": "confirm"}), "another purpose"),
        (signed({k: v for k, v in CLAIMS.items() if k != "a"}), "a part is missing"),
        (signed(CLAIMS | {"c": "suppressed#email#x"}), "a key of another kind of item"),
        (signed(CLAIMS | {"c": 7}), "not a text"),
    ],
)
def test_nothing_else_is_read(token, why):
    with pytest.raises(BadRequest):
        KEYS.read(token)
        pytest.fail(why)


@pytest.mark.parametrize(
    ("parameter", "why"),
    [
        ("secret", "not JSON"),
        ('{"current": "k1", "keys": {}}', "the current one is missing"),
        ('{"current": "k1", "keys": {"k1": "0102"}}', "too short to be a key"),
        ('["k1"]', "not an object"),
    ],
)
def test_broken_keys_stop_the_function(parameter, why):
    with pytest.raises(SettingsError):
        LinkKeys(parameter)
        pytest.fail(why)


def test_the_link_names_nobody():
    url = unsubscribe_url("https://hub.example/", KEYS.sign(LINK))
    assert url.startswith("https://hub.example/v1/links/unsubscribe?token=")
    payload = url.partition("token=")[2].split(".")[1]
    assert set(json.loads(base64.urlsafe_b64decode(payload + "=="))) == {"p", "c", "ch", "a"}
