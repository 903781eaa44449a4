"""Campaigns: the audience is frozen, chunks are sent from a queue, what SES says comes back through another."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from hub.campaigns.store import FREEZE_TRIES
from infra.bundling import Layers
from infra.constructs.alarms import alarm, minute
from infra.constructs.hub import Hub, HubStack
from infra.constructs.hub_function import HubFunction
from infra.constructs.hub_queue import DeadLetters, HubQueue
from infra.constructs.stores import regional
from infra.functions import FUNCTIONS

CHUNKS_AT_ONCE = 2
LATE_MINUTES = 60
MAIL_EVENTS = ["send", "reject", "bounce", "complaint", "delivery", "renderingFailure", "deliveryDelay"]


def text_senders(sender: str | None) -> tuple[str, ...]:
    """The ARN of `senders.sms` of hub.yaml; of none there is nothing to send texts as."""
    if sender is None:
        return ()
    kind = "sender-id" if "/" in sender else {"phone": "phone-number", "pool": "pool"}[sender.partition("-")[0]]
    return (regional("sms-voice", f"{kind}/{sender}"),)


class Campaigns(HubStack):
    """Sends messages to the people of a segment and keeps a receipt for each."""

    def __init__(self, scope: Construct, hub: Hub) -> None:
        super().__init__(scope, "Campaigns", hub)
        layers = Layers(self, hub.home, hub.bundle)
        self._mail_events(layers)
        hub.stores.add("texts", *text_senders(hub.deployment.hub.senders.sms))
        key = self.key("hub")
        queue = HubQueue(self, "sends", key, hub.alarms, visible_after=Duration.seconds(6 * FUNCTIONS["send"].timeout))
        hub.stores.add("queue:send", queue.queue_arn, key=key, SEND_QUEUE_URL=queue.queue_url)
        send = HubFunction(self, "send", hub, layers)
        send.feed(queue, batch=1, at_once=CHUNKS_AT_ONCE)
        oldest = queue.metric_approximate_age_of_oldest_message(period=minute(), statistic="max")
        alarm(self, "sends-late", oldest, "Chunks wait longer than an hour.", hub.alarms, above=60 * LATE_MINUTES)
        failed = DeadLetters(self, "freeze", key, hub.alarms)
        hub.stores.add("queue:freeze-failed", failed.queue_arn, key=key)
        freeze = HubFunction(self, "freeze", hub, layers)
        freeze.fail_to(failed, tries=FREEZE_TRIES)
        hub.stores.add("function:freeze", freeze.function_arn, FREEZE_FUNCTION=freeze.function_name)

    def _mail_events(self, layers: Layers) -> None:
        """SES tells a topic, the topic a queue; the addresses inside are the vault key's."""
        hub = self.hub
        key = self.key("vault")
        configuration = ses.CfnConfigurationSet(
            self,
            "Mail",
            reputation_options=ses.CfnConfigurationSet.ReputationOptionsProperty(reputation_metrics_enabled=True),
            delivery_options=ses.CfnConfigurationSet.DeliveryOptionsProperty(tls_policy="REQUIRE"),
            suppression_options=ses.CfnConfigurationSet.SuppressionOptionsProperty(
                suppressed_reasons=["BOUNCE", "COMPLAINT"]
            ),
        )
        hub.stores.add(
            "mail",
            regional("ses", "identity/*"),
            regional("ses", f"configuration-set/{configuration.ref}"),
            CONFIGURATION_SET=configuration.ref,
        )
        topic = sns.Topic(self, "MailEvents", master_key=key, enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("ses.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        destination = ses.CfnConfigurationSetEventDestination(
            self,
            "MailEventsDestination",
            configuration_set_name=configuration.ref,
            event_destination=ses.CfnConfigurationSetEventDestination.EventDestinationProperty(
                enabled=True,
                matching_event_types=[*MAIL_EVENTS, *(["click"] if hub.deployment.hub.senders.clicks else [])],
                sns_destination=ses.CfnConfigurationSetEventDestination.SnsDestinationProperty(
                    topic_arn=topic.topic_arn
                ),
            ),
        )
        destination.node.add_dependency(topic)
        visible_after = Duration.seconds(6 * FUNCTIONS["mail_events"].timeout)
        queue = HubQueue(self, "mail-events", key, hub.alarms, visible_after=visible_after)
        lost = DeadLetters(self, "mail-events-delivery", key, hub.alarms)
        topic.add_subscription(subscriptions.SqsSubscription(queue, raw_message_delivery=True, dead_letter_queue=lost))
        hub.stores.add("queue:mail-events", queue.queue_arn, key=key)
        HubFunction(self, "mail_events", hub, layers).feed(queue, batch=10)
