"""Texts through AWS End User Messaging: the request for one, and what each answer means.

docs/decisions/0010 says why it is not SNS.
"""

from typing import Final

from botocore.exceptions import ClientError

from hub.campaigns import outcomes
from hub.campaigns.items import Item
from hub.campaigns.outcomes import Letter, Outcome
from hub.campaigns.texts import MOST_PARTS, parts, render

SERVICE: Final = "pinpoint-sms-voice-v2"
BUSY: Final = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestThrottled"})
HALTED: Final = frozenset({"AccessDeniedException", "ResourceNotFoundException", "UnrecognizedClientException"})
"""Our rights, our account or our sender are wrong: all others fail alike."""
OPTED_OUT: Final = "DESTINATION_PHONE_NUMBER_OPTED_OUT"
OF_THE_NUMBER: Final = frozenset(
    {
        "DESTINATION_PHONE_NUMBER_NOT_VERIFIED",
        "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION",
        "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE",
    }
)
"""Conflicts that are this number's alone; any other is our sender's."""
DAY_OF_THE_NUMBER: Final = "DAILY_DESTINATION_CALL_LIMIT"


class Sms:
    """The channel `sms`."""

    def request(self, letter: Letter) -> Item:
        """The arguments of `send_text_message`; promotional, so that the provider minds who opted out."""
        return {
            "DestinationPhoneNumber": letter.address,
            "OriginationIdentity": letter.sender.partition("/")[0],  # of a sender id without its country
            "MessageBody": render(letter.content, letter.values, letter.unsubscribe_url),
            "MessageType": "PROMOTIONAL",
            "Context": dict(letter.tags),
        }

    def call(self, request: Item) -> Outcome:
        """What a person's values made too long is not sent: nobody pays for what was not foreseen."""
        if parts(request["MessageBody"]) > MOST_PARTS:
            return Outcome("refused", "too_many_parts")
        return outcomes.call(SERVICE, "send_text_message", request, judge)


def judge(error: BaseException) -> Outcome:
    return outcomes.judged(error, _by_answer)


def _by_answer(error: ClientError) -> Outcome:
    code, status = outcomes.status_of(error)
    reason = str(error.response.get("Reason") or code)
    if code in BUSY or status == 429:
        return Outcome("again", "throttled")
    if code in HALTED or status in (401, 403):
        return Outcome("halt", reason)
    if code == "ServiceQuotaExceededException":
        return Outcome("refused" if reason == DAY_OF_THE_NUMBER else "halt", reason)
    if code == "ConflictException":
        if reason == OPTED_OUT:
            return Outcome("refused", "opted_out")
        return Outcome("refused" if reason in OF_THE_NUMBER else "halt", reason)
    return Outcome("unknown" if status >= 500 else "refused", reason or f"status_{status}")
