"""What keeps the hub going and shows how it does: the sweeper, dashboards, the budget."""

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from hub import metrics
from infra.bundling import Layers
from infra.constructs.alarms import alarm, minute
from infra.constructs.hub import Hub, HubStack
from infra.constructs.hub_function import HubFunction
from infra.constructs.hub_queue import DeadLetters
from infra.constructs.hub_schedules import HubSchedules
from infra.rights import Grant
from infra.stacks.access import Access

WATCHED: tuple[metrics.Metric, ...] = ("PullsHeld", "StaleHigh", "StaleNormal", "TargetsMissed")


class Operations(HubStack):
    """Carries on what stopped half-way, and tells the operators."""

    def __init__(self, scope: Construct, hub: Hub, access: Access) -> None:
        super().__init__(scope, "Operations", hub)
        lost = DeadLetters(self, "sweep", self.key("hub"), hub.alarms)
        hub.stores.add("queue:sweep-failed", lost.queue_arn, key=self.key("hub"))
        sweep = HubFunction(self, "sweep", hub, Layers(self, hub.home, hub.bundle))
        sweep.fail_to(lost, tries=1)
        self._each_minute(sweep, lost)
        self._on_pull_completed(sweep, lost)
        self._watch()
        self._dashboards(access)
        if hub.deployment.hub.budget_usd:
            self._budget(hub.deployment.hub.budget_usd, hub.deployment.hub.alarm_email)

    def _each_minute(self, sweep: lambda_.Function, lost: DeadLetters) -> None:
        self.hub.stores.add("function:sweep", sweep.function_arn)
        may = Grant("function:sweep", ("lambda:InvokeFunction",))
        schedules = HubSchedules(self, "sweep", sweep.function_arn, may, lost, keep_trying=60, tries=1)
        schedules.add("EachMinute", "rate(1 minute)", {"reason": "minute"})

    def _on_pull_completed(self, sweep: lambda_.Function, lost: DeadLetters) -> None:
        """A run may be due at once, not only at the next minute."""
        bus = events.EventBus.from_event_bus_name(self, "Bus", self.hub.stores.settings["EVENT_BUS"])
        events.Rule(
            self,
            "PullCompleted",
            event_bus=bus,
            event_pattern=events.EventPattern(detail_type=["PullCompleted"]),
            targets=[targets.LambdaFunction(sweep, dead_letter_queue=lost, retry_attempts=2)],
        )

    def _watch(self) -> None:
        """What the sweeper finds each minute; data sets of low importance show their age and wake nobody."""
        for name, kind, says, minutes in (
            ("pulls-held", "PullsHeld", "A pull is held: its rows are not published until somebody decides.", 1),
            ("data-stale-high", "StaleHigh", "An important data set is older than its class allows.", 5),
            ("data-stale", "StaleNormal", "A data set is older than its class allows.", 60),
            ("quality-target", "TargetsMissed", "Data are worse than a target of hub.yaml; see who answers for it.", 5),
        ):
            found = self._metric_of_the_hub(kind, "max").with_(period=minute())
            alarm(self, name, found, says, self.hub.alarms, minutes=minutes)

    def _metric_of_the_hub(self, name: metrics.Metric, statistic: str = "sum") -> cloudwatch.Metric:
        return _metric(metrics.NAMESPACE, name, statistic, **{metrics.DIMENSION: self.hub.stage})

    def _dashboards(self, access: Access) -> None:
        """One for what the hub does for the business, one for its machinery."""
        cloudwatch.Dashboard(
            self,
            "Business",
            widgets=[
                [self._of_the_hub("Rows staged", "RowsStaged"), self._of_the_hub("Releases", "Releases")],
                [
                    self._of_the_hub("Messages sent", "MessagesSent"),
                    _graph(
                        "Pulls held, stale data sets, targets missed",
                        *(self._metric_of_the_hub(name, "max") for name in WATCHED),
                    ),
                ],
            ],
        )
        settings = self.hub.stores.settings
        reports = {"WorkGroup": settings["REPORTS_WORKGROUP"]}
        transform = {"WorkGroup": settings["TRANSFORM_WORKGROUP"]}
        api = {"ApiId": access.api_id}
        machine = {"StateMachineArn": settings["RUN_MACHINE_ARN"]}
        cloudwatch.Dashboard(
            self,
            "Machinery",
            widgets=[
                [
                    _graph("API", _metric("AWS/ApiGateway", "4xx", **api), _metric("AWS/ApiGateway", "5xx", **api)),
                    _graph("Latency, ms", _metric("AWS/ApiGateway", "Latency", "p95", **api)),
                ],
                [
                    _graph(
                        "Bytes scanned",
                        _metric("AWS/Athena", "ProcessedBytes", **reports),
                        _metric("AWS/Athena", "ProcessedBytes", **transform),
                    ),
                    _graph(
                        "Runs",
                        _metric("AWS/States", "ExecutionsSucceeded", **machine),
                        _metric("AWS/States", "ExecutionsFailed", **machine),
                    ),
                ],
            ],
        )

    def _of_the_hub(self, title: str, name: metrics.Metric) -> cloudwatch.GraphWidget:
        return _graph(title, self._metric_of_the_hub(name))

    def _budget(self, usd: float, email: str | None) -> None:
        notice = budgets.CfnBudget.NotificationWithSubscribersProperty(
            notification=budgets.CfnBudget.NotificationProperty(
                comparison_operator="GREATER_THAN", notification_type="FORECASTED", threshold=100
            ),
            subscribers=[budgets.CfnBudget.SubscriberProperty(address=email, subscription_type="EMAIL")]
            if email
            else [],
        )
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=usd, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:stage${self.hub.stage}"]},
            ),
            notifications_with_subscribers=[notice] if email else None,
        )


def _metric(namespace: str, name: str, statistic: str = "sum", **dimensions: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(namespace=namespace, metric_name=name, statistic=statistic, dimensions_map=dimensions)


def _graph(title: str, *metrics: cloudwatch.Metric) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=12)
