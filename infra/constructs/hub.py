"""What all stacks of one stage share while they are composed."""

from dataclasses import dataclass, field
from pathlib import Path

from aws_cdk import Aws, CfnRule, CfnRuleAssertion, Fn, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from hub.config import Deployment
from infra.constructs.stores import Stores


@dataclass
class Hub:
    """The stage that is built. The storage stack fills in the keys and the alarms' topic."""

    stage: str
    deployment: Deployment
    home: Path
    bundle: bool
    stores: Stores = field(default_factory=Stores)
    keys: dict[str, kms.Key] = field(default_factory=dict)
    alarms: sns.Topic | None = None


class HubStack(Stack):
    """A stack named `<stage>-hub-<name>`; the names of what is in it are CloudFormation's."""

    def __init__(self, scope: Construct, name: str, hub: Hub) -> None:
        super().__init__(scope, name, stack_name=f"{hub.stage}-hub-{name.lower()}", description=type(self).__doc__)
        self.hub = hub
        if residency := hub.deployment.hub.residency:
            here = Fn.condition_contains(list(residency), Aws.REGION)
            told = f"hub.yaml keeps this hub in {', '.join(residency)}"
            CfnRule(self, "Residency", assertions=[CfnRuleAssertion(assert_=here, assert_description=told)])

    def key(self, name: str) -> kms.IKey:
        """The vault or the hub key as this stack sees it: its own policy is the storage stack's affair alone."""
        found = self.node.try_find_child(f"Key-{name}")
        return found or kms.Key.from_key_arn(self, f"Key-{name}", self.hub.keys[name].key_arn)
