"""Texts: how many parts they are, what their templates may say, how one person's is made, what each answer proves."""

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, NoCredentialsError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from hub.campaigns.content import Content
from hub.campaigns.outcomes import Letter, Outcome
from hub.campaigns.sms import Sms, judge
from hub.campaigns.texts import MOST_PARTS, parts, problems, render

AT = {"endpoint_url": "https://sms.example"}
URL = "https://hub.example/v1/links/unsubscribe?token=a.b.c"


LENGTHS = [  # a text, its parts, why
    ("", 1, "nothing is one"),
    ("x" * 160, 1, "as much as one holds"),
    ("x" * 161, 2, "one more"),
    ("x" * 306, 2, "153 in each of two"),
    ("x" * 307, 3, "one more"),
    ("€" * 80, 1, "a euro takes two places"),
    ("€" * 81, 2, "one more"),
    ("x" * 152 + "€" + "x" * 152, 3, "what takes two places is not cut in the middle"),
    ("é" * 160, 1, "é is in GSM's alphabet"),
    ("ê" * 70, 1, "ê is not: UCS-2"),
    ("ê" * 71, 2, "67 in each"),
    ("x" * 159 + "ê", 3, "one letter makes all of it UCS-2"),
    ("नमस्ते " * 10, 1, "Devanagari, 70 characters"),
    ("😀" * 35, 1, "an emoji takes two"),
    ("😀" * 66, 2, "33 in each of several"),
    ("😀" * 67, 3, "two units do not fit into the 67th place"),
]


@pytest.mark.parametrize(("text", "count", "why"), LENGTHS, ids=[row[-1] for row in LENGTHS])
def test_parts(text, count, why):
    assert parts(text) == count, why


@given(st.text(max_size=700))
def test_more_text_is_never_fewer_parts(text):
    assert parts(text) <= parts(text + "x") <= parts(text) + 1


@pytest.mark.parametrize(
    ("content", "fields", "why"),
    [
        (Content("", "Tea! Reply STOP to opt out", ""), [], "the keyword"),
        (Content("", "Tea for {{given_name|you}}: {{unsubscribe_url}}", ""), [], "the link"),
        (Content("", "Tea!", ""), ["text"], "no way to opt out"),
        (Content("", "Tea! nonstop", ""), ["text"], "that is another word"),
        (Content("", "Tea! {{given_name|STOP}}", ""), ["text"], "what stands in for a name is not always there"),
        (Content("Hello", "Tea! STOP", ""), ["subject"], "a text has no subject"),
        (Content("", "Tea! STOP", "<p>Tea</p>"), ["html"], "nor HTML"),
        (Content("", " ", ""), ["text"], "empty"),
        (Content("", "{{birth_date}} STOP", ""), ["text"], "a value that no message may show"),
        (Content("", "Hi {{given_name STOP", ""), ["text"], "a variable that is not closed"),
        (Content("", "x" * (153 * MOST_PARTS - 5) + " STOP", ""), [], "as long as it may be"),
        (Content("", "x" * (153 * MOST_PARTS - 4) + " STOP", ""), ["text"], "a part too many"),
        (Content("", "x" * 880 + " {{given_name}} {{city}} STOP", ""), ["text"], "too long once it has values"),
    ],
)
def test_templates(content, fields, why):
    assert [problem["field"] for problem in problems(content)] == fields, why


def test_values_are_put_in_once_and_in_one_line():
    content = Content("", "Dear {{given_name|friend}} of {{city}}: {{unsubscribe_url}}\n", "")
    made = render(content, {"given_name": "", "city": "{{given_name}}\nX"}, URL)
    assert made == f"Dear friend of {{{{given_name}}}} X: {URL}"


def answered(code, status, reason=None):
    response = {"Error": {"Code": code, "Message": "+919812345678"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response | ({"Reason": reason} if reason else {}), "SendTextMessage")


@pytest.mark.parametrize(
    ("error", "verdict", "reason", "why"),
    [
        (answered("ThrottlingException", 400), "again", "throttled", "too many a second"),
        (answered("Other", 429), "again", "throttled", "in other words"),
        (
            answered("ConflictException", 400, "DESTINATION_PHONE_NUMBER_OPTED_OUT"),
            "refused",
            "opted_out",
            "answered STOP",
        ),
        (
            answered("ConflictException", 400, "DESTINATION_PHONE_NUMBER_NOT_VERIFIED"),
            "refused",
            "DESTINATION_PHONE_NUMBER_NOT_VERIFIED",
            "the sandbox knows few numbers",
        ),
        (
            answered("ConflictException", 400, "RESOURCE_NOT_ACTIVE"),
            "halt",
            "RESOURCE_NOT_ACTIVE",
            "our sender: all others fail alike",
        ),
        (answered("ConflictException", 400), "halt", "ConflictException", "who knows whose"),
        (
            answered("ServiceQuotaExceededException", 400, "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"),
            "halt",
            "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT",
            "nothing goes before somebody raises it",
        ),
        (
            answered("ServiceQuotaExceededException", 400, "DAILY_DESTINATION_CALL_LIMIT"),
            "refused",
            "DAILY_DESTINATION_CALL_LIMIT",
            "this number alone has had enough",
        ),
        (answered("ResourceNotFoundException", 400), "halt", "ResourceNotFoundException", "no such sender"),
        (answered("AccessDeniedException", 400, "ACCOUNT_DISABLED"), "halt", "ACCOUNT_DISABLED", "our account"),
        (answered("ValidationException", 400, "INVALID_PARAMETER"), "refused", "INVALID_PARAMETER", "no number"),
        (answered("InternalServerException", 500), "unknown", "InternalServerException", "it may have taken it"),
        (ReadTimeoutError(**AT), "unknown", "no_answer_from_provider", "the answer was lost, not the text"),
        (ConnectTimeoutError(**AT), "again", "not_reached", "no request was sent"),
        (NoCredentialsError(), "halt", "no_credentials", "never sent: nobody can"),
    ],
)
def test_what_each_answer_proves(error, verdict, reason, why):
    outcome = judge(error)
    assert (outcome.verdict, outcome.reason) == (verdict, reason), why
    assert "+91" not in str(outcome), "the provider's text may name a number"


def test_our_own_mistakes_are_raised():
    with pytest.raises(KeyError):
        judge(KeyError("x"))


@pytest.mark.parametrize(("sender", "identity"), [("pool-0001", "pool-0001"), ("HUBTEA/IN", "HUBTEA")])
def test_the_request(sender, identity):
    letter = Letter(sender, "+919812345678", Content("", "Hi STOP", ""), {}, URL, {"send_id": "1"})
    assert Sms().request(letter) == {
        "DestinationPhoneNumber": "+919812345678",
        "OriginationIdentity": identity,
        "MessageBody": "Hi STOP",
        "MessageType": "PROMOTIONAL",
        "Context": {"send_id": "1"},
    }


def test_what_values_made_too_long_is_refused_before_anybody_is_asked():
    letter = Letter("pool-1", "+919812345678", Content("", "{{city}}" * 6 + "STOP", ""), {"city": "ê" * 200}, URL, {})
    assert Sms().call(Sms().request(letter)) == Outcome("refused", "too_many_parts")
