"""The contract of a channel: how one message is handed to its provider once, and what each answer proves.

No provider has an idempotency token, so an answer that does not say whether the message was taken must never lead to
another try. `again` is only for answers that prove that it was not taken.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)

from hub import aws
from hub.campaigns.content import Content
from hub.campaigns.items import Item

Verdict = Literal["sent", "refused", "again", "halt", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call. reason: the provider's word, never a person's.

    sent: taken. refused: never will be. again: not taken, try later. halt: not taken, and no other one will be before
    somebody acts. unknown: it may have been taken.
    """

    verdict: Verdict
    reason: str | None = None
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """One person's message before it has its channel's form. tags: what names it in the provider's events."""

    sender: str
    address: str
    content: Content
    values: Mapping[str, str | None]
    unsubscribe_url: str
    tags: Mapping[str, str]


class Adapter(Protocol):
    """A channel. Making the request needs nobody; `call` asks the provider once and never again."""

    def request(self, letter: Letter) -> Item: ...

    def call(self, request: Item) -> Outcome: ...


def call(service: str, operation: str, request: Item, judge: Callable[[BaseException], Outcome]) -> Outcome:
    """One call of a provider, never repeated."""
    try:
        answer = getattr(aws.send_client(service), operation)(**request)
    except (BotoCoreError, ClientError) as error:
        return judge(error)
    return Outcome("sent", message_id=answer["MessageId"])


def judged(error: BaseException, by_answer: Callable[[ClientError], Outcome]) -> Outcome:
    """What an error of a call proves. Only botocore's errors come here; others are our own and are raised."""
    if isinstance(error, ClientError):
        return by_answer(error)
    if isinstance(error, ParamValidationError):
        return Outcome("refused", "not_a_valid_request")
    if isinstance(error, ConnectTimeoutError | EndpointConnectionError):
        return Outcome("again", "not_reached")
    if isinstance(error, NoCredentialsError):
        return Outcome("halt", "no_credentials")
    if isinstance(error, BotoCoreError):
        return Outcome("unknown", "no_answer_from_provider")
    raise error


def status_of(error: ClientError) -> tuple[str, int]:
    """(code, HTTP status) of a provider's answer."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    return error.response.get("Error", {}).get("Code", ""), status
