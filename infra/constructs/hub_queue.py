"""One way to make a queue: encrypted, TLS only, a dead-letter queue behind it and an alarm with a runbook on that."""

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarms import alarm, minute


class DeadLetters(sqs.Queue):
    """Where work waits for a person after it failed too often; rings at the first message."""

    def __init__(self, scope: Construct, name: str, key: kms.IKey, topic: sns.ITopic) -> None:
        super().__init__(
            scope,
            f"DeadLetters-{name}",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        visible = self.metric_approximate_number_of_messages_visible(period=minute(), statistic="max")
        alarm(self, f"dead-letters-{name}", visible, f"Work for {name} failed too often and waits for a person.", topic)


class HubQueue(sqs.Queue):
    """A queue whose messages are tried `tries` times, each for at most a sixth of `visible_after`."""

    def __init__(
        self, scope: Construct, name: str, key: kms.IKey, topic: sns.ITopic, *, visible_after: Duration, tries: int = 5
    ) -> None:
        super().__init__(
            scope,
            f"Queue-{name}",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            visibility_timeout=visible_after,
            retention_period=Duration.days(4),
            dead_letter_queue=sqs.DeadLetterQueue(queue=DeadLetters(scope, name, key, topic), max_receive_count=tries),
        )
