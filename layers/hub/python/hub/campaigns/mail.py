"""E-mail through SES: the request for one message, and what each answer means. Pure: no AWS.

SES has no idempotency token, so an answer that does not say whether the message was taken must never lead to another
try. `again` is only for answers that prove that it was not taken.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)

from hub.campaigns.content import Message

Verdict = Literal["sent", "refused", "again", "halt", "unknown"]
REFUSED_BY_CODE: Final = frozenset(
    {"MessageRejected", "BadRequestException", "NotFoundException", "MailFromDomainNotVerifiedException"}
)
BUSY: Final = frozenset(
    {"TooManyRequestsException", "LimitExceededException", "ThrottlingException", "Throttling", "RequestThrottled"}
)
HALTED: Final = frozenset({"AccountSuspendedException", "SendingPausedException"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call. reason: the provider's word, never a person's.

    sent: taken. refused: never will be. again: not taken, try later. halt: not taken, and no other one will be before
    somebody acts. unknown: it may have been taken.
    """

    verdict: Verdict
    reason: str | None = None
    message_id: str | None = None


def request(
    sender: str,
    address: str,
    message: Message,
    unsubscribe_url: str | None,
    configuration_set: str,
    tags: dict[str, str],
) -> dict[str, Any]:
    """The arguments of `sesv2.send_email`. The headers are those of RFC 8058: one click, no page.

    unsubscribe_url: None for what a person asked for himself, such as a code.
    """
    headers = [
        {"Name": "List-Unsubscribe", "Value": f"<{unsubscribe_url}>"},
        {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
    ]
    return {
        "FromEmailAddress": sender,
        "Destination": {"ToAddresses": [address]},
        "Content": {
            "Simple": {
                "Subject": _utf8(message.subject),
                "Body": {"Text": _utf8(message.text), "Html": _utf8(message.html)},
                **({"Headers": headers} if unsubscribe_url else {}),
            }
        },
        "EmailTags": [{"Name": name, "Value": value} for name, value in tags.items()],
        "ConfigurationSetName": configuration_set,
    }


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def judge(error: BaseException) -> Outcome:
    """What an error of the call proves. Only botocore's errors come here; others are our own and are raised."""
    if isinstance(error, ClientError):
        return _by_answer(error)
    if isinstance(error, ParamValidationError):
        return Outcome("refused", "not_a_valid_request")
    if isinstance(error, ConnectTimeoutError | EndpointConnectionError):
        return Outcome("again", "not_reached")
    if isinstance(error, NoCredentialsError):
        return Outcome("halt", "no_credentials")
    if isinstance(error, BotoCoreError):
        return Outcome("unknown", "no_answer_from_provider")
    raise error


def _by_answer(error: ClientError) -> Outcome:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    if code in BUSY or status == 429:
        return Outcome("again", "throttled")
    if code in HALTED or status in (401, 403):
        return Outcome("halt", code)
    if code in REFUSED_BY_CODE:
        return Outcome("refused", code)
    return Outcome("unknown" if status >= 500 else "refused", code or f"status_{status}")
