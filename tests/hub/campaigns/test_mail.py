"""What each answer of SES proves: only a proof that it was not taken may lead to another try."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    SSLError,
)

from hub.campaigns.content import Message
from hub.campaigns.mail import judge, request

AT = {"endpoint_url": "https://email.example"}


def answered(code, status):
    response = {"Error": {"Code": code, "Message": "asha@example.com"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "SendEmail")


@pytest.mark.parametrize(
    ("error", "verdict", "why"),
    [
        (answered("MessageRejected", 400), "refused", "it read the message and does not want it"),
        (answered("BadRequestException", 400), "refused", "it never will be right"),
        (answered("MailFromDomainNotVerifiedException", 400), "refused", "nor this"),
        (answered("TooManyRequestsException", 429), "again", "throttled before it was taken"),
        (answered("LimitExceededException", 400), "again", "the quota of the day or the second"),
        (answered("AccountSuspendedException", 400), "halt", "nothing goes until somebody acts"),
        (answered("SendingPausedException", 400), "halt", "nor here"),
        (answered("AccessDeniedException", 403), "halt", "our own rights are wrong: all others fail alike"),
        (answered("ExpiredTokenException", 403), "halt", "so are expired credentials"),
        (answered("InternalServiceErrorException", 500), "unknown", "it may have taken it before it fell"),
        (answered("ServiceUnavailable", 503), "unknown", "a proxy says so about a server that may have taken it"),
        (answered("Other", 400), "refused", "a 4xx is an answer"),
        (ReadTimeoutError(**AT), "unknown", "the answer was lost, not the message"),
        (ConnectionClosedError(**AT), "unknown", "the request may have arrived"),
        (SSLError(error="eof", **AT), "unknown", "it may break after the request too"),
        (ConnectTimeoutError(**AT), "again", "no request was sent"),
        (EndpointConnectionError(**AT), "again", "no connection, no request"),
        (ParamValidationError(report="x"), "refused", "never sent: the request is not one"),
        (NoCredentialsError(), "halt", "never sent: nobody can"),
    ],
)
def test_judge(error, verdict, why):
    outcome = judge(error)
    assert outcome.verdict == verdict, why
    assert "asha" not in (outcome.reason or ""), "the provider's text may name a person"


def test_our_own_mistakes_are_raised():
    with pytest.raises(KeyError):
        judge(KeyError("x"))


def test_request_has_the_headers_of_one_click():
    made = request(
        "hub@example.org",
        "a@example.com",
        Message("S", "T", "<p>H</p>"),
        "https://x/u?token=t",
        "set",
        {"send_id": "1"},
    )
    headers = {header["Name"]: header["Value"] for header in made["Content"]["Simple"]["Headers"]}
    assert headers == {
        "List-Unsubscribe": "<https://x/u?token=t>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert made["EmailTags"] == [{"Name": "send_id", "Value": "1"}]
    assert made["Destination"] == {"ToAddresses": ["a@example.com"]}
