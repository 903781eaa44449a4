"""Send one chunk of a campaign, each message at most once; the ledger knows what is done."""

from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.campaigns.queue import SendTask
from hub.campaigns.sending import Sender
from hub.settings import SendSettings

logger = Logger()
sender = cache(lambda: Sender(SendSettings.read()))
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def carry_on(record: SQSRecord, lambda_context: LambdaContext) -> None:
    task = SendTask.read(record.body)
    with logger.append_context_keys(run_id=task.run_id, chunk=task.chunk):
        sender().carry_on(task, milliseconds_left=lambda_context.get_remaining_time_in_millis)


def handler(event: dict, context: LambdaContext) -> dict:
    return process_partial_response(event=event, record_handler=carry_on, processor=processor, context=context)
