"""What SES says about messages, through a topic and a queue: receipts, bounces, complaints."""

import json
from functools import cache

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.campaigns.events import MailEvents
from hub.settings import MailEventsSettings

events = cache(lambda: MailEvents(MailEventsSettings.read()))
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def take(record: SQSRecord) -> None:
    events().take(json.loads(record.body))


def handler(event: dict, context: LambdaContext) -> dict:
    return process_partial_response(event=event, record_handler=take, processor=processor, context=context)
