"""Carry one pull on until it is settled or this invocation's time is short; the ledger knows where to go on."""

from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from hub import metrics
from hub.pulls import PullTask, engine, profiling
from hub.settings import PullSettings
from hub.sources import push

logger = Logger()
engine_of = cache(lambda: engine.build(PullSettings.read()))
processor = BatchProcessor(event_type=EventType.SQS)


def carry_on(record: SQSRecord, lambda_context: LambdaContext) -> None:
    task = PullTask.model_validate_json(record.body)
    with logger.append_context_keys(source=task.source, data_set=task.data_set):
        puller, left = engine_of(), lambda_context.get_remaining_time_in_millis
        pull = puller.carry_on(task, left, owner=lambda_context.aws_request_id)
    if pull and pull.state == "complete":
        push.clear(puller.settings.vault_bucket, pull.source, pull.data_set, pull.cursor_to)
        metrics.count(puller.settings.stage, {"RowsStaged": pull.staged})
        rules = puller.deployment.sources[pull.source].data_sets[pull.data_set]
        try:
            profiling.keep(puller.settings, pull, rules)
        except Exception as error:  # noqa: BLE001 - the pull is published; it must not come again for a profile
            logger.error("no profile of this pull", extra={"error": type(error).__name__})


def handler(event: dict, context: LambdaContext) -> dict:
    return process_partial_response(event=event, record_handler=carry_on, processor=processor, context=context)
