"""One way to make schedules: a role that may call the one target, and a dead-letter queue for calls that failed."""

import json

from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.hub import HubStack
from infra.rights import Grant


class HubSchedules(Construct):
    """Schedules that send messages to one target under one role."""

    def __init__(
        self, stack: HubStack, name: str, target: str, may: Grant, lost: sqs.IQueue, *, keep_trying: int, tries: int
    ) -> None:
        """target: its ARN; may: the right to call it; a call is tried `tries` times within `keep_trying` seconds."""
        super().__init__(stack, f"Schedules-{name}")
        stores = stack.hub.stores
        stores.add(f"queue:{name}-lost", lost.queue_arn, key=stack.key("hub"))
        rights = stores.statements((may, Grant(f"queue:{name}-lost", ("sqs:SendMessage",))))
        self._role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"),
            inline_policies={"grants": iam.PolicyDocument(statements=rights)},
        )
        self._target, self._lost, self._keep_trying, self._tries = target, lost, keep_trying, tries
        self._zone = stack.hub.deployment.hub.time_zone
        self._group = scheduler.CfnScheduleGroup(self, "Group", name=f"{stack.hub.stage}-hub-{name}")

    def add(self, name: str, expression: str, message: dict[str, str], time_zone: str | None = None) -> None:
        """Send the message by a cron or rate expression, in the hub's time zone if no other is given."""
        scheduler.CfnSchedule(
            self,
            name,
            description=name,
            group_name=self._group.ref,
            schedule_expression=expression,
            schedule_expression_timezone=time_zone or self._zone,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=self._target,
                role_arn=self._role.role_arn,
                input=json.dumps(message),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=self._lost.queue_arn),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=self._keep_trying, maximum_retry_attempts=self._tries - 1
                ),
            ),
        )
