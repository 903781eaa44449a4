"""What the hub costs in a month in which nobody uses it. Prices: eu-west-1, USD, no free tier, docs/COSTS.md."""

import re
from typing import get_args

import pytest

from hub import metrics
from infra.operate.prices import GB_SECOND, MACHINE_CLIENT, METRIC, PER_MONTH, REQUEST

LIMIT = 15.0
MINUTES = 30 * 24 * 60
POLLERS, POLLS_PER_MINUTE = 5, 3  # Lambda polls an idle queue five times at once, 20 seconds each
FREE = {  # cost by use alone, nothing when idle; a type that is in neither list fails the test
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Athena::WorkGroup",
    "AWS::Budgets::Budget",
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolGroup",
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::Glue::Database",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SES::ConfigurationSet",
    "AWS::SES::ConfigurationSetEventDestination",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
    "AWS::Scheduler::ScheduleGroup",
    "AWS::StepFunctions::StateMachine",
}


def times_a_month(expression: str) -> float:
    """How often a schedule fires in a month of 30 days."""
    if match := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        return MINUTES / (int(match[1]) * {"minute": 1, "hour": 60, "day": 1440}[match[2]])
    minutes, hours, days, _, weekdays, _ = re.fullmatch(r"cron\((.*)\)", expression)[1].split()

    def fires(field: str, of: int) -> float:
        if field in {"*", "?"}:
            return of
        if "/" in field:
            return of / int(field.split("/")[1])
        parts = field.split(",")
        return sum(1 for _ in parts) if "-" not in field else of

    a_month = 30.0 if days in {"*", "?"} else fires(days, 30)
    if weekdays not in {"*", "?"}:
        a_month = 30 / 7 * (fires(weekdays, 7) if "-" not in weekdays else 5)
    return fires(minutes, 60) * fires(hours, 24) * a_month


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("rate(1 minute)", 43_200),
        ("rate(12 hours)", 60),
        ("cron(5 * * * ? *)", 720),
        ("cron(0/15 * * * ? *)", 2_880),
        ("cron(30 2 * * ? *)", 30),
        ("cron(0 6,18 * * ? *)", 60),
        ("cron(0 3 1 * ? *)", 1),
    ],
)
def test_how_often_a_schedule_fires(expression, times):
    assert times_a_month(expression) == pytest.approx(times)


def idle_price(cloud) -> dict[str, float]:
    """Dollars a month by what they are for."""
    bill = {kind: price * len(cloud.of_type(kind)) for kind, price in PER_MONTH.items()}
    bill["pollers"] = (
        len(cloud.of_type("AWS::Lambda::EventSourceMapping")) * POLLERS * POLLS_PER_MINUTE * MINUTES * REQUEST["sqs"]
    )
    functions = {cloud.arn(f.stack, f.id): f.properties for f in cloud.of_type("AWS::Lambda::Function")}
    bill["schedules"] = 0.0
    for schedule in cloud.of_type("AWS::Scheduler::Schedule"):
        times = times_a_month(schedule.properties["ScheduleExpression"])
        target = schedule.properties["Target"]["Arn"]
        bill["schedules"] += times * REQUEST["schedule"]
        called = functions.get(target)
        if called:  # the sweeper: half a second, two look-ups for each data set, one look at what was pushed
            memory = called["MemorySize"] / 1024
            look_ups = 25 * REQUEST["dynamodb"] + REQUEST["kms"] + REQUEST["listing"]
            bill["schedules"] += times * (REQUEST["lambda"] + 0.5 * memory * GB_SECOND + look_ups)
        elif ":stateMachine:" in target:
            bill["schedules"] += times * 100 * REQUEST["transition"]
        else:  # a pull that finds nothing new: three seconds of a big function
            bill["schedules"] += times * (
                3 * 2 * GB_SECOND + 3 * REQUEST["sqs"] + 20 * REQUEST["dynamodb"] + 3 * REQUEST["kms"]
            )
    bill["our own metrics"] = len(get_args(metrics.Metric)) * METRIC
    clients = cloud.of_type("AWS::Cognito::UserPoolClient")
    bill["machine clients"] = MACHINE_CLIENT * sum("AllowedOAuthFlows" in client.properties for client in clients)
    return bill


def test_idle_price(cloud):
    bill = idle_price(cloud)
    total = sum(bill.values())
    print({what: round(price, 2) for what, price in bill.items()}, round(total, 2))
    assert total <= LIMIT, bill


def test_the_price_knows_every_type(cloud):
    """A new kind of resource must say whether it costs when idle: no NAT gateway comes in unseen."""
    assert {r.type for r in cloud.resources} - set(PER_MONTH) <= FREE
