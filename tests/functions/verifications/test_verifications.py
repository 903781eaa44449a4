"""Values verified by a code, a link and two persons, through the handlers; what must not pass does not."""

import hashlib
import json
import re
import time

import boto3
import pytest

from hub import aws, config
from hub.campaigns import keys
from hub.campaigns.audience import address_key
from hub.campaigns.consents import Consents
from hub.capture import rules
from hub.capture.store import MOST_TRIES, VerificationStore
from hub.customers.store import ProfileStore
from hub.models import verified
from hub.models.store import verifications

KEY = "t" * 32
LINKS = json.dumps({"current": "k1", "keys": {"k1": "ab" * 32}})
WHO = "c" + "a" * 20
ASHA = {
    "customer_id": WHO, "email": "Asha@example.com", "phone": "+919845012345", "names": "Asha Rao",
    "emails": "asha@example.com", "phones": None, "source_keys": "crm:C1", "sources": "1", "records": "1",
}  # fmt: skip
HUB = {"name": "test", "currency": "INR", "country": "IN", "allow_list": ["@example.com"],
       "senders": {"email": "hello@hub.example"}}  # fmt: skip
SETTINGS = {
    "PROFILES_TABLE": "profiles", "CONSENT_TABLE": "consent", "TOKEN_KEY_PARAMETER": "/token-key",
    "LINK_KEY_PARAMETER": "/link-keys", "PUBLIC_URL": "https://hub.example", "CONFIGURATION_SET": "mail",
    "VAULT_BUCKET": "vault",
}  # fmt: skip


@pytest.fixture
def world(on_moto, new_table, new_bucket, tmp_path):
    for name, value in {**SETTINGS, "HUB_HOME": str(tmp_path)}.items():
        on_moto.setenv(name, value)
    (tmp_path / "deployment.json").write_text(json.dumps({"name": "test", "hub": HUB, "sources": {}}))
    for table in ("profiles", "consent"):
        new_table(table)
    new_bucket("vault")
    for name, value in {"/token-key": KEY, "/link-keys": LINKS}.items():
        boto3.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString")
    ses = boto3.client("sesv2")
    ses.create_email_identity(EmailIdentity="hello@hub.example")
    ses.create_configuration_set(ConfigurationSetName="mail")
    store = ProfileStore("profiles", KEY.encode())
    store.put_profiles([ASHA], "r1")
    for cached in (keys.token_key, keys.link_keys, config.read):
        cached.cache_clear()
    yield store
    for cached in (keys.token_key, keys.link_keys, config.read):
        cached.cache_clear()


@pytest.fixture
def sent():
    """The messages that SES was given."""
    found = []
    hooks = aws.send_client("sesv2").meta.events
    hooks.register("provide-client-params.sesv2.SendEmail", lambda params, **_: found.append(params))
    return found


@pytest.fixture
def verify(world, gateway):
    api, evidence = gateway("verifications"), gateway("evidence")

    def ask(method, path, body=None, user="u1", role="service", query=""):
        function = evidence if "/evidence" in path else api
        return function(method, f"/v1/{path}", body, user=user, role=role, query=query)

    return ask


def begin(verify, method="otp", field="email", **caller):
    return verify("POST", "verifications", {"customer_id": WHO, "field": field, "method": method}, **caller)


def status(verify, field="email"):
    (found,) = [
        each for each in verify("GET", f"customers/{WHO}/verifications").body["items"] if each["field"] == field
    ]
    return found["state"], found["method"]


def code_of(message):
    return re.search(r"\b(\d{6})\b", message["Content"]["Simple"]["Body"]["Text"]["Data"])[1]


def another_minute(monkeypatch, seconds=61):
    now = time.time() + seconds
    monkeypatch.setattr("hub.capture.store.time.time", lambda: now)


def test_a_code_verifies_the_address_it_was_sent_to(verify, sent, audited, world):
    assert status(verify) == ("unverified", None)
    made = begin(verify)
    assert (made.status, made.body["state"]) == (201, "pending")
    assert status(verify) == ("pending", "otp")
    (message,) = sent
    assert message["Destination"]["ToAddresses"] == ["asha@example.com"]
    assert "Headers" not in message["Content"]["Simple"], "nobody unsubscribes from a code"
    code, path = code_of(message), f"verifications/{made.body['verification_id']}/code"
    kept = str(boto3.resource("dynamodb").Table("consent").scan()["Items"]).lower()
    assert code not in kept
    assert "asha" not in kept
    assert code not in str(made.body)
    wrong = verify("POST", path, {"code": f"{(int(code) + 1) % 10**6:06d}"})
    assert (wrong.status, "4 more tries" in wrong.body["error"]["message"]) == (422, True)
    assert verify("POST", path, {"code": code}).body["state"] == "verified"
    assert status(verify) == ("verified", "otp")
    assert verify("POST", path, {"code": code}).status == 409, "a code is good once"
    assert begin(verify).status == 409, "verified already"
    actions = [action for action, _ in audited()]
    assert {"verifications.begin", "verifications.code", "verifications.status"} <= set(actions)
    world.put_profiles([ASHA | {"email": "new@example.com"}], "r2")
    assert status(verify) == ("unverified", None), "the state is of the value, not of the field"


def test_runs_are_told_what_was_proved_and_not_the_value(verify, sent, world):
    told = {group: {"record_key": "r7"} for group in ("email", "phone", "name")}
    world.put_profiles([ASHA | {"full_name": "Asha Rao", "provenance": json.dumps(told)}], "r1")
    made = begin(verify).body["verification_id"]
    for field in ("phone", "full_name"):
        assert begin(verify, "person", field).status == 201
    assert verified.rows(verifications("consent"), ()) == [], "nothing is proved yet"
    assert verify("POST", f"verifications/{made}/code", {"code": code_of(sent[0])}).body["state"] == "verified"
    (row,) = verified.rows(verifications("consent"), ())
    printed = hashlib.sha256(f"{made}|asha@example.com".encode()).hexdigest()
    assert (row["record_key"], row["attribute_group"], row["print"]) == ("r7", "email", printed)
    assert "asha" not in str(verifications("consent")).lower()
    assert verified.rows(verifications("consent"), [{"record_key": "r7"}]) == [], "nothing of the erased"


def test_tries_and_time_are_limited(verify, sent, monkeypatch):
    made = begin(verify).body["verification_id"]
    store, wrong = VerificationStore("consent"), "000000" if code_of(sent[0]) != "000000" else "000001"
    tries = [store.try_code(made, int(time.time())) for _ in range(12)]  # at once: tests/infra/local/test_stores.py
    assert sum(each is not None for each in tries) == MOST_TRIES
    assert verify("POST", f"verifications/{made}/code", {"code": code_of(sent[0])}).status == 409, "none is left"
    assert begin(verify).status == 429, "a message a minute"
    another_minute(monkeypatch)
    second = begin(verify).body["verification_id"]
    another_minute(monkeypatch, 601)
    assert verify("POST", f"verifications/{second}/code", {"code": code_of(sent[1])}).status == 409, "too late"
    assert status(verify) == ("unverified", None)
    assert verify("POST", f"verifications/{second}/code", {"code": wrong + "1"}).status == 422


def test_at_most_five_messages_a_day(verify, sent, monkeypatch):
    answers = []
    for turn in range(7):
        monkeypatch.setattr("hub.capture.store.time.time", lambda at=1_800_000_000 + 61 * turn: at)
        answers.append(begin(verify).status)
    assert answers == [201] * 5 + [429] * 2
    assert len(sent) == 5


def test_codes_are_compared_in_constant_time_and_differ(monkeypatch):
    seen = []
    monkeypatch.setattr(rules.hmac, "compare_digest", lambda one, other: seen.append((one, other)) or one == other)
    item = {"verification_id": "v1", "code_key": rules.code_key(b"k", "v1", "123456")}
    assert rules.is_code(b"k", item, "123456")
    assert not rules.is_code(b"k", item, "123457")
    assert not rules.is_code(b"k", item | {"verification_id": "v2"}, "123456"), "another verification's"
    assert len(seen) == 3
    assert all(re.fullmatch(r"[0-9]{6}", rules.new_code()) for _ in range(50))


def test_a_double_opt_in_works_once_and_is_consent(verify, sent, gateway, audited):
    made = begin(verify, "double_opt_in").body["verification_id"]
    text = sent[0]["Content"]["Simple"]["Body"]["Text"]["Data"]
    token = re.search(r"https://hub\.example/v1/links/confirm\?token=(\S+)", text)[1]
    links = gateway("links")
    ask = lambda method, token=token: links(method, "/v1/links/confirm", query=f"token={token}", role=None)  # noqa: E731 - asked often
    assert '<form method="post"' in ask("GET").body
    assert status(verify) == ("pending", "double_opt_in"), "a scanner follows links"
    assert ask("POST", token[:-2] + "xx").status == 400
    assert ask("POST").status == 200
    assert status(verify) == ("verified", "double_opt_in")
    assert [(each.channel, each.state) for each in Consents("consent").contact(WHO).consents] == [("email", "granted")]
    Consents("consent").state(WHO, "email", "withdrawn", "said so", "u1")
    assert ask("POST").status == 409, "a link is good once"
    assert Consents("consent").contact(WHO).consents[0].state == "withdrawn"
    assert ("verifications.confirm", [made]) in audited()
    assert links("POST", "/v1/links/unsubscribe", query=f"token={token}", role=None).status == 400, "another purpose"
    old = keys.link_keys("/link-keys").sign_confirm(made, int(time.time()) - 1)
    assert ask("POST", old).status == 400, "too late"


def test_two_persons_decide_with_evidence_in_the_vault(verify, audited):
    made = begin(verify, "person", "phone").body["verification_id"]
    path = f"verifications/{made}"
    why = {"verdict": "verified", "why": "called back and reached her"}
    assert verify("POST", f"{path}/assign", {"to": "u2"}).body["assigned_to"] == "u2"
    assert verify("POST", f"{path}/decide", why, user="u1").status == 409, "it is another's task"
    link = verify("POST", f"{path}/evidence", {"type": "image/png", "size": 3}, user="u2").body
    assert f"/evidence/{made}/{link['evidence_id']}" in link["url"]
    cited = why | {"evidence": [link["evidence_id"]]}
    assert verify("POST", f"{path}/decide", cited, user="u2").status == 422, "nothing was sent yet"
    boto3.client("s3").put_object(Bucket="vault", Key=f"evidence/{made}/{link['evidence_id']}", Body=b"png")
    assert verify("POST", f"{path}/decide", cited, user="u2").body["state"] == "pending", "two eyes"
    assert status(verify, "phone") == ("pending", "person")
    assert verify("POST", f"{path}/decide", why, user="u2").status == 409, "the same two eyes"
    seen = verify("GET", f"{path}/evidence/{link['evidence_id']}", user="u3").body["url"]
    assert "response-content-disposition=attachment" in seen
    assert verify("GET", f"{path}/evidence/{'0' * 16}", user="u3").status == 404
    done = verify("POST", f"{path}/decide", cited, user="u3", role="steward").body
    assert (done["state"], [each["by"] for each in done["decisions"]]) == ("verified", ["u2", "u3"])
    assert status(verify, "phone") == ("verified", "person")
    assert verify("POST", f"{path}/decide", why, user="u4").status == 409, "it is decided"
    actions = [action for action, _ in audited()]
    assert {"verifications.assign", "verifications.evidence", "verifications.evidence_read"} <= set(actions)
    assert actions.count("verifications.decide") == 2
    assert [
        each["verification_id"] for each in verify("GET", "verifications", query="state=verified").body["items"]
    ] == [made]
    assert verify("GET", "verifications", query="state=pending").body["items"] == []


@pytest.mark.parametrize(
    ("decisions", "end", "why"),
    [
        ([], None, "nobody"),
        ([("a", "verified")], None, "one"),
        ([("a", "verified"), ("a", "verified")], None, "one person twice"),
        ([("a", "verified"), ("b", "verified")], "verified", "two"),
        ([("a", "verified"), ("b", "refused")], None, "no agreement"),
        ([("a", "verified"), ("b", "refused"), ("c", "refused")], "refused", "a third decides"),
    ],
)
def test_four_eyes(decisions, end, why):
    assert rules.outcome([{"by": by, "verdict": verdict} for by, verdict in decisions]) == end, why


def test_who_and_what_is_refused(verify, sent, world, monkeypatch):
    machine = {"verdict": "verified", "why": "the application says so"}
    task = begin(verify, "person", "phone").body["verification_id"]
    rows = [
        (begin(verify, "otp", "phone"), 409, "no message goes to a telephone"),
        (begin(verify, "otp", "gender"), 409, "there is no value"),
        (begin(verify, "otp", "shoe_size"), 422, "no such field"),
        (begin(verify, role="sales"), 403, "sees, but verifies nothing"),
        (begin(verify, role="marketer"), 403, "looks nobody up"),
        (verify("POST", f"verifications/{task}/code", {"code": "123456"}), 409, "a task has no code"),
        (verify("GET", "verifications/v20260101t000000aaaaaa"), 404, "no such one"),
        (verify("GET", "verifications/suppressed"), 404, "no id"),
        (
            verify("POST", f"verifications/{task}/decide", machine | {"why": "call +91 98450 12345"}),
            422,
            "names a person",
        ),
        (verify("POST", f"verifications/{task}/evidence", {"type": "text/html", "size": 1}), 422, "a page is no paper"),
    ]
    assert [(each.status, why) for each, _, why in rows] == [(status, why) for _, status, why in rows]
    with pytest.raises(rules.Forbidden):
        rules.check_decider({}, "client:shop", is_machine=True)
    Consents("consent").suppress("email", address_key(KEY.encode(), "email", "asha@example.com"), "bounced")
    assert begin(verify).status == 409, "suppressed"
    world.put_profiles([ASHA | {"email": "asha@elsewhere.org"}], "r2")
    assert begin(verify).status == 409, "outside prod only the allow-list"
    world.put_profiles([ASHA | {"phone": "+919999999999"}], "r3")
    decided = verify("POST", f"verifications/{task}/decide", machine)
    assert decided.status == 409, "the number changed meanwhile"
    assert sent == []


def test_a_message_that_the_provider_refuses_is_over_at_once(verify):
    boto3.client("sesv2").delete_email_identity(EmailIdentity="hello@hub.example")
    answer = begin(verify)
    assert answer.status == 503
    assert "asha" not in str(answer.body).lower()
    assert status(verify) == ("unverified", "otp")
    assert verify("GET", "verifications", query="state=failed").body["items"]
