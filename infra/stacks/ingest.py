"""Pulls: the queue, its function, and a schedule per data set."""

from aws_cdk import Duration
from constructs import Construct

from infra.bundling import Layers
from infra.constructs.alarms import alarm, minute
from infra.constructs.hub import Hub, HubStack
from infra.constructs.hub_function import HubFunction
from infra.constructs.hub_queue import DeadLetters, HubQueue
from infra.constructs.hub_schedules import HubSchedules
from infra.functions import FUNCTIONS
from infra.rights import Grant

PULLS_AT_ONCE = 10
LATE_MINUTES = 30
MERGE_TRIES = 3


class Ingest(HubStack):
    """Brings the rows of the sources into staging."""

    def __init__(self, scope: Construct, hub: Hub) -> None:
        super().__init__(scope, "Ingest", hub)
        key = self.key("hub")
        visible_after = Duration.seconds(6 * FUNCTIONS["pull"].timeout)
        self._queue = HubQueue(self, "pulls", key, hub.alarms, visible_after=visible_after)
        hub.stores.add("queue:pull", self._queue.queue_arn, key=key, PULL_QUEUE_URL=self._queue.queue_url)
        layers = Layers(self, hub.home, hub.bundle)
        pull = HubFunction(self, "pull", hub, layers)
        pull.feed(self._queue, batch=1, at_once=PULLS_AT_ONCE)
        oldest = self._queue.metric_approximate_age_of_oldest_message(period=minute(), statistic="max")
        alarm(self, "pulls-late", oldest, "Pulls wait longer than half an hour.", hub.alarms, above=60 * LATE_MINUTES)
        failed = DeadLetters(self, "merge", key, hub.alarms)
        hub.stores.add("queue:merge-failed", failed.queue_arn, key=key)
        merge = HubFunction(self, "merge", hub, layers)
        merge.fail_to(failed, tries=MERGE_TRIES)
        hub.stores.add("function:merge", merge.function_arn, MERGE_FUNCTION=merge.function_name)
        unseen = DeadLetters(self, "recent", key, hub.alarms)
        hub.stores.add("queue:recent-failed", unseen.queue_arn, key=key)
        recent = HubFunction(self, "recent", hub, layers)
        recent.fail_to(unseen, tries=MERGE_TRIES)
        hub.stores.add("function:recent", recent.function_arn, RECENT_FUNCTION=recent.function_name)
        self._schedules()

    def _schedules(self) -> None:
        """One per data set, in its own time zone; a paused data set is refused by the pull, not by its schedule."""
        lost = DeadLetters(self, "schedules", self.key("hub"), self.hub.alarms)
        may = Grant("queue:pull", ("sqs:SendMessage",))
        schedules = HubSchedules(self, "pulls", self._queue.queue_arn, may, lost, keep_trying=3600, tries=4)
        for source in self.hub.deployment.sources.values():
            for name, data_set in source.data_sets.items():
                if data_set.frequency.expression:
                    message = {
                        "source": source.name,
                        "data_set": name,
                        "scheduled_at": "<aws.scheduler.scheduled-time>",
                    }
                    schedules.add(
                        f"Pull-{source.name}-{name}",
                        data_set.frequency.expression,
                        message,
                        data_set.frequency.time_zone,
                    )
