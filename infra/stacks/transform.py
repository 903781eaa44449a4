"""Runs: plan, statements, release and profiles, driven by one state machine."""

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.bundling import Layers
from infra.constructs.alarms import alarm, minute
from infra.constructs.hub import Hub, HubStack
from infra.constructs.hub_function import HubFunction
from infra.constructs.hub_queue import DeadLetters
from infra.constructs.hub_schedules import HubSchedules
from infra.rights import Grant
from infra.stacks.run_machine import definition

NIGHTLY = "cron(30 2 * * ? *)"


class Transform(HubStack):
    """Turns staging into the vault's and the reporting tables, and releases them."""

    def __init__(self, scope: Construct, hub: Hub) -> None:
        super().__init__(scope, "Transform", hub)
        layers = Layers(self, hub.home, hub.bundle)
        self._machine_functions = {
            name: HubFunction(self, name, hub, layers).function_arn
            for name in ("plan", "statement", "release", "profile")
        }
        machine = self._machine()
        hub.stores.add("machine:run", machine.attr_arn, RUN_MACHINE_ARN=machine.attr_arn)
        failed = cloudwatch.Metric(
            namespace="AWS/States",
            metric_name="ExecutionsFailed",
            dimensions_map={"StateMachineArn": machine.attr_arn},
            period=minute(),
            statistic="sum",
        )
        alarm(self, "run-failed", failed, "A run failed; readers stay on the last release.", hub.alarms)
        self._nightly(machine)

    def _machine(self) -> sfn.CfnStateMachine:
        log_group = logs.LogGroup(
            self, "RunLog", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        role = iam.Role(self, "RunRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        machine = sfn.CfnStateMachine(
            self,
            "Run",
            role_arn=role.role_arn,
            definition_string=json.dumps(definition(), indent=1),
            definition_substitutions=self._machine_functions,
            logging_configuration=sfn.CfnStateMachine.LoggingConfigurationProperty(
                level="ALL",
                include_execution_data=False,
                destinations=[
                    sfn.CfnStateMachine.LogDestinationProperty(
                        cloud_watch_logs_log_group=sfn.CfnStateMachine.CloudWatchLogsLogGroupProperty(
                            log_group_arn=log_group.log_group_arn
                        )
                    )
                ],
            ),
            tracing_configuration=sfn.CfnStateMachine.TracingConfigurationProperty(enabled=True),
        )
        before = iam.Policy(self, "RunMay", roles=[role], statements=_machine_rights(self._machine_functions))
        machine.node.add_dependency(before)
        children = iam.PolicyStatement(  # the distributed map starts child executions of the same machine
            actions=["states:StartExecution", "states:RedriveExecution"], resources=[machine.attr_arn]
        )
        iam.Policy(self, "RunMayStartChildren", roles=[role], statements=[children])
        return machine

    def _nightly(self, machine: sfn.CfnStateMachine) -> None:
        """A run even when no pull completed: retention and maintenance go on."""
        lost = DeadLetters(self, "nightly-run", self.key("hub"), self.hub.alarms)
        may = Grant("machine:run", ("states:StartExecution",))
        schedules = HubSchedules(self, "nightly", machine.attr_arn, may, lost, keep_trying=3600, tries=4)
        schedules.add("Run", NIGHTLY, {"reason": "nightly"})


def _machine_rights(functions: dict[str, str]) -> list[iam.PolicyStatement]:
    """Call its four functions; deliver logs and traces, which AWS allows on `*` alone."""
    deliver = [
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
    ]
    return [
        iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=list(functions.values())),
        iam.PolicyStatement(actions=deliver, resources=["*"]),
    ]
