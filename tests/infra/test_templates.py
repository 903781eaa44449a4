"""What must hold for all resources of a type: encryption, TLS, privacy, retention, somebody who is told."""

import json
import re
from pathlib import Path

import pytest

from infra.functions import ALLOCATOR, FUNCTIONS
from tests.infra.deployed import Cloud

ROOT = Path(__file__).parents[2]


def refuses_plain_http(cloud: Cloud, kind: str, target: str) -> bool:
    """Whether a policy of this type denies requests without TLS to the resource that its property `target` names."""
    return any(
        statement["Effect"] == "Deny"
        and statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        for policy in cloud.of_type(kind)
        if target in json.dumps(policy.properties)
        for statement in policy.properties["PolicyDocument"]["Statement"]
    )


def test_buckets(cloud):
    """Private, versioned, TLS only, owner enforced, with a lifecycle; all but the logs encrypted by us and logged."""
    buckets = cloud.of_type("AWS::S3::Bucket")
    assert len(buckets) == 5
    for bucket in buckets:
        properties = bucket.properties
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}, bucket.where
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}, bucket.where
        assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}], bucket.where
        assert properties["LifecycleConfiguration"]["Rules"], bucket.where
        assert bucket.raw["DeletionPolicy"] == "Retain", bucket.where
        assert refuses_plain_http(cloud, "AWS::S3::BucketPolicy", cloud.name(bucket.stack, bucket.id)), bucket.where
        (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        is_log = bucket.id.startswith("Bucketlogs")
        algorithm = encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"]
        assert algorithm == ("AES256" if is_log else "aws:kms"), bucket.where
        assert is_log or "LoggingConfiguration" in properties, bucket.where


@pytest.mark.parametrize(
    ("bucket", "prefix", "days", "reason"),
    [
        ("vault", "landing/", 30, "raw bytes of persons"),
        ("vault", "drop/", 30, "files as they were dropped are raw bytes too"),
        ("vault", "staging/", 30, "typed rows of persons"),
        ("vault", "quarantine/", 30, "refused rows of persons"),
        ("vault", "fixes/", 30, "values of persons before they were mended"),
        ("vault", "staging/calls/partner_calls/", 14, "of low importance"),
        ("vault", "quarantine/shop/products/", 14, "of low importance"),
        ("vault", "campaigns/", 30, "addresses of an audience"),
        ("vault", "statements/", 30, "text of a run's statements"),
        ("vault", "scratch/", 2, "a run's working tables and Athena's results"),
        ("vault", "matching/", 30, "what the matching of the next nights reads"),
        ("results", None, 7, "what a user asked for"),
    ],
)
def test_life_by_prefix(cloud, bucket, prefix, days, reason):
    rules = cloud.named("AWS::S3::Bucket", f"Bucket{bucket}").properties["LifecycleConfiguration"]["Rules"]
    (rule,) = [r for r in rules if r.get("Prefix") == prefix and "ExpirationInDays" in r]
    assert rule["ExpirationInDays"] == days, reason
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 1, "an old version is a copy of the person too"


def test_what_is_kept_for_ever_has_no_expiration(cloud):
    for bucket, kept in (("vault", {"vault/", None}), ("reporting", {"reporting/", None}), ("audit", {"audit/", None})):
        rules = cloud.named("AWS::S3::Bucket", f"Bucket{bucket}").properties["LifecycleConfiguration"]["Rules"]
        expiring = {r.get("Prefix") for r in rules if "ExpirationInDays" in r}
        assert not expiring & kept, bucket


def test_audit_cannot_be_deleted(cloud):
    audit = cloud.named("AWS::S3::Bucket", "Bucketaudit").properties
    assert audit["ObjectLockEnabled"] is True
    assert audit["ObjectLockConfiguration"]["Rule"]["DefaultRetention"] == {"Days": 365, "Mode": "GOVERNANCE"}


def test_tables(cloud):
    """pk and sk, on demand, own key, point-in-time recovery, time to live, kept."""
    tables = {table.id.removeprefix("Table")[:-8]: table for table in cloud.of_type("AWS::DynamoDB::Table")}
    assert set(tables) == {"control", "access", "arrivals", "library", "campaigns", "profiles", "consent"}
    vault = cloud.arn("Storage", cloud.named("AWS::KMS::Key", "Keyvault").id)
    for name, table in tables.items():
        properties = table.properties
        assert properties["KeySchema"] == [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ]
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        assert properties["DeletionProtectionEnabled"] is True
        assert table.raw["DeletionPolicy"] == "Retain"
        holds_persons = name in {"profiles", "consent"}
        assert (properties["SSESpecification"]["KMSMasterKeyId"] == vault) is holds_persons, name
    (index,) = tables["control"].properties["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "by_time"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["gsi1pk", "gsi1sk"]


def test_queues(cloud):
    """Encrypted under our key, TLS only; each is a dead-letter queue with an alarm or has one behind it."""
    queues = cloud.of_type("AWS::SQS::Queue")
    behind = {q.properties["RedrivePolicy"]["deadLetterTargetArn"] for q in queues if "RedrivePolicy" in q.properties}
    watched = {
        dimension["Value"]
        for alarm in cloud.of_type("AWS::CloudWatch::Alarm")
        if alarm.properties["MetricName"] == "ApproximateNumberOfMessagesVisible"
        for dimension in alarm.properties["Dimensions"]
    }
    for queue in queues:
        name = cloud.name(queue.stack, queue.id)
        assert queue.properties["KmsMasterKeyId"].startswith("arn:aws:kms:"), queue.where
        assert refuses_plain_http(cloud, "AWS::SQS::QueuePolicy", name), queue.where
        is_dead_letters = queue.id.startswith("DeadLetters") or "DeadLetters" in queue.id
        assert ("RedrivePolicy" in queue.properties) is not is_dead_letters, queue.where
        if is_dead_letters:
            assert name in watched, f"nobody is told of messages in {queue.where}"
            assert queue.properties["MessageRetentionPeriod"] == 14 * 86400
    assert behind <= {cloud.arn(q.stack, q.id) for q in queues}


def test_topics_are_encrypted_and_refuse_plain_http(cloud):
    topics = cloud.of_type("AWS::SNS::Topic")
    assert len(topics) == 2
    for topic in topics:
        assert topic.properties["KmsMasterKeyId"].startswith("arn:aws:kms:"), topic.where
        assert refuses_plain_http(cloud, "AWS::SNS::TopicPolicy", cloud.arn(topic.stack, topic.id)), topic.where


def test_a_queue_gives_its_function_six_times_its_time(cloud):
    mappings = cloud.of_type("AWS::Lambda::EventSourceMapping")
    assert len(mappings) == 3
    queues = {cloud.arn(q.stack, q.id): q for q in cloud.of_type("AWS::SQS::Queue")}
    timeouts = {cloud.name(f.stack, f.id): f.properties["Timeout"] for f in cloud.of_type("AWS::Lambda::Function")}
    for mapping in mappings:
        assert mapping.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        queue = queues[mapping.properties["EventSourceArn"]]
        assert queue.properties["VisibilityTimeout"] >= 6 * timeouts[mapping.properties["FunctionName"]], queue.where


def test_alarms_ring_and_say_where_the_runbook_is(cloud):
    runbooks = (ROOT / "docs/TROUBLESHOOTING.md").read_text()
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in runbooks.splitlines()
        if line.startswith("#")
    }
    topic = cloud.arn("Storage", cloud.named("AWS::SNS::Topic", "Alarms").id)
    alarms = cloud.of_type("AWS::CloudWatch::Alarm")
    assert alarms
    for alarm in alarms:
        assert alarm.properties["AlarmActions"] == [topic], alarm.where
        link = re.search(r"Runbook: docs/TROUBLESHOOTING\.md#([a-z-]+)$", alarm.properties["AlarmDescription"])
        assert link, alarm.where
        assert link[1] in anchors, f"docs/TROUBLESHOOTING.md has no heading for {link[1]}"


def test_log_groups_end(cloud):
    for group in cloud.of_type("AWS::Logs::LogGroup"):
        assert group.properties["RetentionInDays"] == 30, group.where


def test_functions(cloud):
    """One runtime, own role, own log group, tracing, limits as in the table; nothing that the table lacks."""
    functions = cloud.of_type("AWS::Lambda::Function")
    names = {f.properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] for f in functions}
    assert names == set(FUNCTIONS)
    assert len(functions) == len(FUNCTIONS)
    assert len({f.properties["Role"] for f in functions}) == len(functions)
    assert len({f.properties["LoggingConfig"]["LogGroup"] for f in functions}) == len(functions)
    for function in functions:
        properties = function.properties
        spec = FUNCTIONS[properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]]
        assert properties["Runtime"] == "python3.13"
        assert properties["Architectures"] == ["arm64"]
        assert properties["TracingConfig"] == {"Mode": "Active"}
        assert (properties["MemorySize"], properties["Timeout"]) == (spec.memory, spec.timeout)
        told = set(ALLOCATOR) & set(properties["Environment"]["Variables"])
        packages = (ROOT / "layers" / spec.layer / "requirements.txt").read_text()
        assert told == (set(ALLOCATOR) if "pyarrow==" in packages else set())
        assert spec.trigger != "api" or spec.timeout <= 29, "the HTTP API gives up after 30 seconds"


def test_functions_that_are_called_asynchronously_have_somewhere_to_fail_to(cloud):
    configured = {
        config.properties["FunctionName"]: config.properties["DestinationConfig"]
        for config in cloud.of_type("AWS::Lambda::EventInvokeConfig")
    }
    for name, spec in FUNCTIONS.items():
        if spec.trigger in {"event", "minute"}:
            function = cloud.function(name)
            assert configured[cloud.name(function.stack, function.id)]["OnFailure"]["Destination"].startswith(
                "arn:aws:sqs:"
            )


def test_the_machine_logs_steps_but_not_what_they_carry(cloud):
    (machine,) = cloud.of_type("AWS::StepFunctions::StateMachine")
    logging = machine.properties["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", False)
    assert machine.properties["TracingConfiguration"] == {"Enabled": True}


def test_workgroups(cloud):
    """Reports are bound to their settings and a limit of bytes; both write results where their data belong."""
    settings = {
        w.properties["Name"]: w.properties["WorkGroupConfiguration"] for w in cloud.of_type("AWS::Athena::WorkGroup")
    }
    reports, transform = settings["test-reports"], settings["test-transform"]
    assert reports["EnforceWorkGroupConfiguration"] is True
    assert reports["BytesScannedCutoffPerQuery"] == 10 * 1024**3
    assert transform["EnforceWorkGroupConfiguration"] is False, "CTAS with an external_location is refused otherwise"
    vault_key = cloud.arn("Storage", cloud.named("AWS::KMS::Key", "Keyvault").id)
    encryption = {name: s["ResultConfiguration"]["EncryptionConfiguration"] for name, s in settings.items()}
    assert {e["EncryptionOption"] for e in encryption.values()} == {"SSE_KMS"}
    assert encryption["test-transform"]["KmsKey"] == vault_key
    assert encryption["test-reports"]["KmsKey"] != vault_key
    vault = cloud.name("Storage", cloud.named("AWS::S3::Bucket", "Bucketvault").id)
    assert transform["ResultConfiguration"]["OutputLocation"] == f"s3://{vault}/scratch/athena/"


def test_sign_in_is_strict(cloud):
    (pool,) = cloud.of_type("AWS::Cognito::UserPool")
    assert pool.properties["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert pool.properties["MfaConfiguration"] == "OPTIONAL"
    assert pool.properties["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    assert pool.properties["DeletionProtection"] == "ACTIVE"
    password = pool.properties["Policies"]["PasswordPolicy"]
    assert password["MinimumLength"] == 12
    assert all(password[f"Require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))
    (client,) = cloud.of_type("AWS::Cognito::UserPoolClient")
    assert sorted(client.properties["ExplicitAuthFlows"]) == [
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    ], "a flow without the session function's role goes round its lock-out"
    assert client.properties["PreventUserExistenceErrors"] == "ENABLED"
    assert client.properties["AccessTokenValidity"] == 15
    assert client.properties["EnableTokenRevocation"] is True


def test_every_shipped_role_is_a_group(cloud):
    groups = {group.properties["GroupName"] for group in cloud.of_type("AWS::Cognito::UserPoolGroup")}
    assert groups == {
        "admin",
        "operator",
        "data_engineer",
        "data_analysis_engineer",
        "analyst",
        "report_user",
        "marketer",
        "approver",
        "steward",
        "service",
        "sales",
        "auditor",
        "viewer",
    }


def test_access_log_holds_no_personal_data(cloud):
    (stage,) = cloud.of_type("AWS::ApiGatewayV2::Stage")
    fields = set(json.loads(stage.properties["AccessLogSettings"]["Format"]))
    assert {"requestId", "routeKey", "status"} <= fields
    assert not {f for f in fields if re.search(r"ip|path|user|claim|header|query", f, re.IGNORECASE)}
    assert stage.properties["DefaultRouteSettings"]["ThrottlingRateLimit"] == 100
    assert stage.properties["AutoDeploy"] is True


def test_schedules_follow_the_manifests(cloud):
    """Each data set with a frequency is pulled by one schedule in its own time zone, and a lost message is kept."""
    from hub.config import load

    deployment = load(ROOT / "deployments/demo")
    wanted = {
        f"{source.name}.{name}": (
            data_set.frequency.expression,
            data_set.frequency.time_zone or deployment.hub.time_zone,
        )
        for source in deployment.sources.values()
        for name, data_set in source.data_sets.items()
        if data_set.frequency.expression
    }
    found = {}
    for schedule in cloud.of_type("AWS::Scheduler::Schedule"):
        assert "DeadLetterConfig" in schedule.properties["Target"], schedule.where
        message = json.loads(schedule.properties["Target"]["Input"])
        if "data_set" in message:
            assert message["scheduled_at"] == "<aws.scheduler.scheduled-time>"
            found[f"{message['source']}.{message['data_set']}"] = (
                schedule.properties["ScheduleExpression"],
                schedule.properties["ScheduleExpressionTimezone"],
            )
    assert found == wanted
