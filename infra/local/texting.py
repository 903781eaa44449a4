"""AWS End User Messaging for MiniStack, which lacks it: a text is kept where MiniStack keeps those that SNS sends.

So it is saved with the rest, and shown at /_ministack/sns/sms-messages.
"""

import json
import re
import uuid

from ministack import app as ministack
from ministack.services import sns

JSON = {"content-type": "application/x-amz-json-1.0"}
TARGET = "PinpointSMSVoiceV2.SendTextMessage"
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
LONGEST = 1600  # characters
Reply = tuple[int, dict[str, str], bytes]


async def answer(method: str, path: str, headers: dict[str, str], body: bytes, query_params: object) -> Reply:
    """One text taken, or the error that AWS gives for it."""
    if headers.get("x-amz-target") != TARGET:
        return _error("UnknownOperationException", "this emulator sends texts and does nothing else here")
    asked = json.loads(body)
    number, text = asked.get("DestinationPhoneNumber", ""), asked.get("MessageBody", "")
    if not NUMBER.fullmatch(number) or not 1 <= len(text) <= LONGEST:
        return _error("ValidationException", "the number or the text is none", Reason="INVALID_PARAMETER")
    message = {"MessageId": str(uuid.uuid4()), "PhoneNumber": number, "Message": text}
    sns._sms_log_for(number).append(message | {"From": asked.get("OriginationIdentity"), "Kind": "SMS"})
    return 200, dict(JSON), json.dumps({"MessageId": message["MessageId"]}).encode()


def _error(code: str, message: str, **more: str) -> Reply:
    return 400, dict(JSON), json.dumps({"__type": code, "Message": message, **more}).encode()


def install() -> None:
    ministack.SERVICE_HANDLERS["sms-voice"] = answer
