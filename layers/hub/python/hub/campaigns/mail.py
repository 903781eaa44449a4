"""E-mail through SES: the request for one message, and what each answer means."""

from typing import Any, Final

from botocore.exceptions import ClientError

from hub.campaigns import outcomes
from hub.campaigns.content import Message, render
from hub.campaigns.items import Item
from hub.campaigns.outcomes import Letter, Outcome

REFUSED_BY_CODE: Final = frozenset(
    {"MessageRejected", "BadRequestException", "NotFoundException", "MailFromDomainNotVerifiedException"}
)
BUSY: Final = frozenset(
    {"TooManyRequestsException", "LimitExceededException", "ThrottlingException", "Throttling", "RequestThrottled"}
)
HALTED: Final = frozenset({"AccountSuspendedException", "SendingPausedException"})


class Mail:
    """The channel `email`."""

    def __init__(self, configuration_set: str) -> None:
        self._configuration_set = configuration_set

    def request(self, letter: Letter) -> Item:
        message, url = render(letter.content, letter.values, letter.unsubscribe_url), letter.unsubscribe_url
        return request(letter.sender, letter.address, message, url, self._configuration_set, dict(letter.tags))

    def call(self, request: Item) -> Outcome:
        return call(request)


def call(request: Item) -> Outcome:
    """One call of SES, never repeated."""
    return outcomes.call("sesv2", "send_email", request, judge)


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
    return outcomes.judged(error, _by_answer)


def _by_answer(error: ClientError) -> Outcome:
    code, status = outcomes.status_of(error)
    if code in BUSY or status == 429:
        return Outcome("again", "throttled")
    if code in HALTED or status in (401, 403):
        return Outcome("halt", code)
    if code in REFUSED_BY_CODE:
        return Outcome("refused", code)
    return Outcome("unknown" if status >= 500 else "refused", code or f"status_{status}")
