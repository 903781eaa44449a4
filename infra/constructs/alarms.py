"""An alarm always goes to the operators' topic and always says where its runbook is."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

RUNBOOKS = "docs/TROUBLESHOOTING.md"


def alarm(
    scope: Construct,
    name: str,
    metric: cloudwatch.IMetric,
    says: str,
    topic: sns.ITopic,
    *,
    above: float = 0,
    minutes: int = 1,
) -> cloudwatch.Alarm:
    """Ring when the metric is above the threshold for so many minutes; `name` is its runbook's anchor too."""
    ring = cloudwatch.Alarm(
        scope,
        f"Alarm-{name}",
        metric=metric,
        threshold=above,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluation_periods=minutes,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=f"{says} Runbook: {RUNBOOKS}#{name}",
    )
    ring.add_alarm_action(actions.SnsAction(topic))
    return ring


def minute() -> Duration:
    return Duration.minutes(1)
