"""Where everything is kept: keys, buckets, tables, databases, workgroups, the bus and the alarms' topic."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy
from aws_cdk import aws_athena as athena
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from hub.config import Deployment
from infra.constructs.hub import Hub, HubStack
from infra.constructs.stores import regional
from infra.operate.keys import exchanged, fetched_with, pushed_with

# What each key's own policy admits beside this account's IAM: services that write to our topics and queues.
KEY_SERVICES = {
    "vault": ("ses.amazonaws.com", "sns.amazonaws.com"),
    "hub": ("cloudwatch.amazonaws.com", "events.amazonaws.com", "scheduler.amazonaws.com"),
}
TABLES = {
    "control": "hub",
    "access": "hub",
    "arrivals": "hub",
    "library": "hub",
    "campaigns": "hub",
    "profiles": "vault",
    "consent": "vault",
}
ZONES = {"staging": "vault", "vault": "vault", "scratch": "vault", "reporting": "reporting"}
STAGED = ("staging", "quarantine", "fixes")
NONCURRENT_DAYS = {"reporting": 30, "vault": 30}  # what VACUUM and erasure removed can be brought back for so long
BYTES_PER_REPORT = 10 * 1024**3


class Storage(HubStack):
    """Everything that the hub keeps; all of it stays when the stack is destroyed."""

    def __init__(self, scope: Construct, hub: Hub) -> None:
        super().__init__(scope, "Storage", hub)
        self._stage, self._stores, self._retention = hub.stage, hub.stores, hub.deployment.hub.retention
        self.keys = hub.keys = {name: self._key(name) for name in KEY_SERVICES}
        hub_key = self.keys["hub"].key_arn
        self._stores.add("hub_key", hub_key, SESSION_KEY_ID=hub_key, HUB_KEY_ID=hub_key)
        self._logs = self._bucket("logs", None, {"": 90})
        self._buckets()
        for name, key in TABLES.items():
            self._table(name, self.keys[key])
        for zone in ZONES:
            self._database(zone)
        self._workgroups()
        bus = events.EventBus(self, "Bus", event_bus_name=f"{hub.stage}-hub")
        self._stores.add("bus", bus.event_bus_arn, EVENT_BUS=bus.event_bus_name)
        self._parameters(hub.deployment)
        hub.alarms = self._alarm_topic(hub.deployment.hub.alarm_email)
        CfnOutput(self, "HubKey", value=self.keys["hub"].key_arn)

    def _key(self, name: str) -> kms.Key:
        key = kms.Key(
            self,
            f"Key-{name}",
            description=f"{self._stage}: what the {name} key protects is in docs/SECURITY.md",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        for service in KEY_SERVICES[name]:
            key.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal(service)],
                    actions=["kms:Decrypt", "kms:GenerateDataKey"],
                    resources=["*"],
                    conditions={"StringEquals": {"aws:SourceAccount": self.account}},
                )
            )
        return key

    def _bucket(self, name: str, key: kms.IKey | None, days: dict[str, int], **options: object) -> s3.Bucket:
        """A private bucket; `days` is how long objects under each prefix live."""
        kept = [
            s3.LifecycleRule(
                id=f"{prefix or 'all'}-{life}-days",
                prefix=f"{prefix}/" if prefix else None,
                expiration=Duration.days(life),
                noncurrent_version_expiration=Duration.days(1),
            )
            for prefix, life in days.items()
        ]
        tidy = s3.LifecycleRule(
            id="tidy",
            abort_incomplete_multipart_upload_after=Duration.days(1),
            expired_object_delete_marker=None if "" in days else True,
            noncurrent_version_expiration=Duration.days(NONCURRENT_DAYS.get(name, 1)),
        )
        if key is not None:
            options |= {"encryption_key": key, "bucket_key_enabled": True, "server_access_logs_bucket": self._logs}
        return s3.Bucket(
            self,
            f"Bucket-{name}",
            encryption=s3.BucketEncryption.S3_MANAGED if key is None else s3.BucketEncryption.KMS,
            server_access_logs_prefix=None if key is None else f"{name}/",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            lifecycle_rules=[*kept, tidy],
            removal_policy=RemovalPolicy.RETAIN,
            **options,
        )

    def _buckets(self) -> None:
        vault, hub, keep = self.keys["vault"], self.keys["hub"], self._retention
        for_landing = dict.fromkeys(("landing", "drop"), keep.landing_days)
        for_staging = dict.fromkeys((*STAGED, "statements", "campaigns", "lists", "evidence"), keep.staging_days)
        lock = s3.ObjectLockRetention.compliance if self._stage == "prod" else s3.ObjectLockRetention.governance
        # Who has a link may use it from any page; the link itself is the right, for one file of one size.
        links = s3.CorsRule(allowed_methods=[s3.HttpMethods.PUT], allowed_origins=["*"], allowed_headers=["*"])
        made = {
            "vault": self._bucket(
                "vault",
                vault,
                {**for_landing, **for_staging, "scratch": 2, "matching": 30, **self._shorter()},
                cors=[links],
            ),
            "reporting": self._bucket("reporting", hub, {}),
            "results": self._bucket("results", hub, {"": keep.results_days}),
            "audit": self._bucket(
                "audit",
                hub,
                {},
                object_lock_enabled=True,
                object_lock_default_retention=lock(Duration.days(keep.audit_days)),
            ),
        }
        for name, bucket in made.items():
            self._stores.add(
                name,
                bucket.bucket_arn,
                key=vault if name == "vault" else hub,
                **{f"{name.upper()}_BUCKET": bucket.bucket_name},
            )
        self._stores.settings["UPLOAD_ORIGIN"] = f"https://{made['vault'].bucket_regional_domain_name}"
        self.buckets = made

    def _shorter(self) -> dict[str, int]:
        """What is kept less long than the rest, by folder; of two rules S3 follows the shorter one."""
        return {
            f"{zone}/{source.name}/{name}": days
            for source in self.hub.deployment.sources.values()
            for name, rules in source.data_sets.items()
            for zone in STAGED
            if (days := rules.staging_days(self._retention)) < self._retention.staging_days
        }

    def _table(self, name: str, key: kms.IKey) -> None:
        table = dynamodb.Table(
            self,
            f"Table-{name}",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires_at",
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        arns = [table.table_arn]
        if name == "control":
            table.add_global_secondary_index(
                index_name="by_time",
                partition_key=dynamodb.Attribute(name="gsi1pk", type=dynamodb.AttributeType.STRING),
                sort_key=dynamodb.Attribute(name="gsi1sk", type=dynamodb.AttributeType.STRING),
            )
            arns.append(f"{table.table_arn}/index/by_time")
        self._stores.add(name, *arns, key=key, **{f"{name.upper()}_TABLE": table.table_name})

    def _database(self, zone: str) -> None:
        name = f"{self._stage}_{zone}"
        glue.CfnDatabase(
            self,
            f"Database-{zone}",
            catalog_id=self.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=name,
                description=f"The hub's {zone} zone",
                location_uri=f"s3://{self.buckets[ZONES[zone]].bucket_name}/{zone}/",
            ),
        )
        kinds = ("catalog", f"database/{name}", f"table/{name}/*")
        self._stores.add(f"glue:{zone}", *(regional("glue", kind) for kind in kinds))

    def _workgroups(self) -> None:
        """Transform may not enforce its settings: Athena then refuses CTAS with an external_location."""
        for name, bucket, folder, enforced in (
            ("transform", "vault", "scratch/athena", False),
            ("reports", "results", "reports", True),
        ):
            group = f"{self._stage}-{name}"
            key = self.keys["vault" if bucket == "vault" else "hub"]
            athena.CfnWorkGroup(
                self,
                f"Workgroup-{name}",
                name=group,
                description=f"The hub's {name}",
                recursive_delete_option=True,
                work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                    enforce_work_group_configuration=enforced,
                    publish_cloud_watch_metrics_enabled=True,
                    bytes_scanned_cutoff_per_query=BYTES_PER_REPORT if enforced else None,
                    engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                        selected_engine_version="Athena engine version 3"
                    ),
                    result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                        output_location=f"s3://{self.buckets[bucket].bucket_name}/{folder}/",
                        encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                            encryption_option="SSE_KMS", kms_key=key.key_arn
                        ),
                    ),
                ),
            )
            self._stores.add(
                f"workgroup:{name}", regional("athena", f"workgroup/{group}"), **{f"{name.upper()}_WORKGROUP": group}
            )

    def _parameters(self, deployment: Deployment) -> None:
        """Secrets are SecureStrings that `make deploy` and `make secret` write; a template cannot hold one."""
        hub = self.keys["hub"]
        for name, setting in (("token-key", "TOKEN_KEY_PARAMETER"), ("link-keys", "LINK_KEY_PARAMETER")):
            path = f"/hub/{self._stage}/{name}"
            self._stores.add(f"parameter:{name}", regional("ssm", f"parameter{path}"), key=hub, **{setting: path})
        secrets = {"sources": fetched_with, "pushing-sources": pushed_with, "exchanged": exchanged}
        for store, names in secrets.items():
            arns = [regional("ssm", f"parameter{path}") for path in names(deployment)]
            self._stores.add(f"parameter:{store}", *arns, key=hub)

    def _alarm_topic(self, email: str | None) -> sns.Topic:
        topic = sns.Topic(self, "Alarms", master_key=self.keys["hub"], enforce_ssl=True)
        if email:
            topic.add_subscription(subscriptions.EmailSubscription(email))
        return topic
