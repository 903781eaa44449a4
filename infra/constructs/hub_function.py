"""One way to make a Lambda: own role with the actions written out, own log group, tracing, the table's settings."""

from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.bundling import IGNORED, Layers
from infra.constructs.hub import Hub
from infra.functions import ALLOCATOR, FUNCTIONS, WITH_ARROW

ROOT = Path(__file__).parents[2]


class HubFunction(lambda_.Function):
    """The function `name` of infra/functions/; its code is functions/<name>/handler.py."""

    def __init__(self, scope: Construct, name: str, hub: Hub, layers: Layers) -> None:
        spec = FUNCTIONS[name]
        place = Construct(scope, f"Function-{name}")
        log_group = logs.LogGroup(
            place, "Logs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        write_logs = iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group.log_group_arn]
        )
        role = iam.Role(
            place,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={
                "grants": iam.PolicyDocument(statements=[write_logs, *hub.stores.statements(spec.grants)]),
            },
        )
        super().__init__(
            place,
            "Function",
            description=spec.does,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler="handler.handler",
            code=lambda_.Code.from_asset(str(ROOT / "functions" / name), exclude=IGNORED),
            layers=layers.of(spec.layer),
            memory_size=spec.memory,
            timeout=Duration.seconds(spec.timeout),
            environment={
                "STAGE": hub.stage,
                "HUB_HOME": "/opt/hub",
                "POWERTOOLS_SERVICE_NAME": name,
                **(ALLOCATOR if spec.layer in WITH_ARROW else {}),
                **{setting: hub.stores.settings[setting] for setting in spec.settings},
            },
            role=role,
            log_group=log_group,
            tracing=lambda_.Tracing.ACTIVE,
        )

    def feed(self, queue: sqs.IQueue, batch: int, at_once: int | None = None) -> None:
        """Call the function with messages of a queue; its right to read them is in the table of functions."""
        lambda_.EventSourceMapping(
            self,
            "Feed",
            target=self,
            event_source_arn=queue.queue_arn,
            batch_size=batch,
            max_concurrency=at_once,
            report_batch_item_failures=True,
        )

    def fail_to(self, queue: sqs.IQueue, tries: int) -> None:
        """Where events go that failed so often; the right to put them there is in the table of functions."""
        lambda_.CfnEventInvokeConfig(
            self,
            "Failure",
            function_name=self.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=tries - 1,
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
                on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=queue.queue_arn)
            ),
        )
