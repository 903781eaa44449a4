"""Who may do what: nothing on `*` but what is listed, each key's principals, and who reads persons in bulk."""

import re

import pytest
from aws_cdk import Stack

from infra.functions import BULK_READERS, FUNCTIONS
from infra.stacks.campaigns import text_senders
from tests.infra.iam import regional

# AWS knows no narrower resource for these; none of them reads or changes anything of a person.
ON_ANY_RESOURCE = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}


def as_list(value: object) -> list:
    return value if isinstance(value, list) else [value]


def roles_that_use(cloud, key_id: str) -> set[str]:
    """The logical ids of roles that have any right on a key."""
    arn = cloud.arn("Storage", cloud.named("AWS::KMS::Key", key_id).id)
    found = {where for where, statement in cloud.all_statements() if arn in as_list(statement["Resource"])}
    return {re.sub(r"^\w+/(Function)?|Role[0-9A-F]{8}$", "", where) for where in found}


def test_only_listed_actions_on_any_resource(cloud):
    found = {
        action
        for _, statement in cloud.all_statements()
        if "*" in as_list(statement["Resource"])
        for action in as_list(statement["Action"])
    }
    assert found == ON_ANY_RESOURCE


def test_every_action_is_written_out(cloud):
    assert [(where, s["Action"]) for where, s in cloud.all_statements() if "*" in str(s["Action"])] == []


def test_a_listing_shows_one_prefix(cloud):
    for where, statement in cloud.all_statements():
        if "s3:ListBucket" in as_list(statement["Action"]):
            assert statement["Condition"]["StringLike"]["s3:prefix"][0], where
            assert as_list(statement["Action"]) == ["s3:ListBucket"], where


def test_no_role_has_a_managed_policy(cloud):
    assert [r.where for r in cloud.of_type("AWS::IAM::Role") if r.properties.get("ManagedPolicyArns")] == []


def test_only_reviewed_machines_read_persons_and_facts_in_bulk(cloud):
    """By the synthesised policies, not by the table: reading objects of the vault and of reporting."""
    vault = cloud.arn("Storage", cloud.named("AWS::S3::Bucket", "Bucketvault").id)
    reporting = cloud.arn("Storage", cloud.named("AWS::S3::Bucket", "Bucketreporting").id)

    def reads(name: str, bucket: str) -> bool:
        return any(
            resource.startswith(bucket) and not resource.endswith("/metadata/*")
            for statement in cloud.policy(name)
            if "s3:GetObject" in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        )

    assert {name for name in FUNCTIONS if reads(name, vault) and reads(name, reporting)} == BULK_READERS
    assert not {name for name in BULK_READERS if FUNCTIONS[name].trigger == "api"}


def test_no_function_of_the_api_reads_persons_in_bulk_but_quarantine(cloud):
    """Quarantine is shown to data engineers row by row, fixes to stewards one by one, lists to both as files,
    evidence by a link to one object; no more of the vault's bucket."""
    reach = {
        (name, grant.store.partition("/")[2])
        for name, spec in FUNCTIONS.items()
        if spec.trigger == "api"
        for grant in spec.grants
        if grant.store.startswith("vault/") and "s3:GetObject" in grant.actions
    }
    evidence = {("verifications", "evidence"), ("evidence", "evidence")}
    assert reach == evidence | {
        ("quarantine", "quarantine"), ("quality", "fixes"), ("quality", "undone"), ("lists", "lists"),
    }  # fmt: skip


def test_who_of_the_api_writes_into_the_vault(cloud):
    """What is pushed and what is uploaded comes in by its own door, and whoever holds it open reads nothing there."""
    writes = {
        (name, grant.store.partition("/")[2])
        for name, spec in FUNCTIONS.items()
        if spec.trigger == "api"
        for grant in spec.grants
        if grant.store.startswith("vault/") and "s3:GetObject" not in grant.actions
    }
    assert writes == {("collect", "landing/_pushed"), ("uploads", "drop")}


@pytest.mark.parametrize(
    ("key", "principals", "services"),
    [
        (
            "Keyvault",
            {
                "customers",
                "decisions",
                "groups",
                "companies",
                "relations",
                "matches",
                "capture",
                "verifications",
                "evidence",
                "contacts",
                "links",
                "quality",
                "quarantine",
                "collect",
                "recent",
                "uploads",
                "lists",
                "merge",
                "pull",
                "plan",
                "statement",
                "release",
                "profile",
                "freeze",
                "send",
                "mailevents",
            },
            {"ses.amazonaws.com", "sns.amazonaws.com"},
        ),
        (
            "Keyhub",
            {
                "session",
                "sources",
                "quality",
                "quarantine",
                "collect",
                "recent",
                "uploads",
                "lists",
                "merge",
                "silos",
                "runs",
                "customers",
                "decisions",
                "groups",
                "companies",
                "relations",
                "matches",
                "reports",
                "campaigns",
                "segments",
                "capture",
                "verifications",
                "evidence",
                "contacts",
                "users",
                "roles",
                "clients",
                "links",
                "pull",
                "sweep",
                "plan",
                "statement",
                "release",
                "profile",
                "freeze",
                "send",
                "mailevents",
                "Schedulespulls",
                "Schedulesnightly",
                "Schedulessweep",
            },
            {"cloudwatch.amazonaws.com", "events.amazonaws.com", "scheduler.amazonaws.com"},
        ),
    ],
)
def test_whom_a_key_admits(cloud, key, principals, services):
    assert roles_that_use(cloud, key) == principals
    statements = cloud.named("AWS::KMS::Key", key).properties["KeyPolicy"]["Statement"]
    admitted = {s["Principal"].get("Service") for s in statements} - {None}
    assert admitted == services
    account = [s["Principal"] for s in statements if "Service" not in s["Principal"]]
    assert account == [{"AWS": "arn:aws:iam::123456789012:root"}], "the account's IAM decides about roles, see above"
    for statement in statements:
        if "Service" in statement["Principal"]:
            assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_keys_rotate_and_stay(cloud):
    keys = cloud.of_type("AWS::KMS::Key")
    assert len(keys) == 2, "each key costs a dollar a month"
    for key in keys:
        assert key.properties["EnableKeyRotation"] is True
        assert key.raw["DeletionPolicy"] == "Retain"


def test_a_function_uses_a_key_only_through_the_services_that_it_uses(cloud):
    for name in FUNCTIONS:
        for statement in cloud.policy(name):
            actions = as_list(statement["Action"])
            if any(action.startswith("kms:") for action in actions) and name != "session":
                assert "kms:ViaService" in str(statement.get("Condition")), (name, statement)


def test_texts_go_out_as_the_one_sender_of_hub_yaml(cloud):
    texts = [
        (where, statement["Action"], statement["Resource"])
        for where, statement in cloud.all_statements()
        if "sms-voice" in str(statement["Action"])
    ]
    (found,) = texts
    sender = regional("sms-voice", "pool/pool-00000000000000000000000000000001")
    assert "Functionsend" in found[0]
    assert found[1:] == ("sms-voice:SendTextMessage", sender)


@pytest.mark.parametrize(
    ("sender", "resource"),
    [
        ("phone-0123abcd", "phone-number/phone-0123abcd"),
        ("pool-0123abcd", "pool/pool-0123abcd"),
        ("HUBTEA/IN", "sender-id/HUBTEA/IN"),
        (None, None),
    ],
)
def test_each_kind_of_sender_has_its_arn(sender, resource):
    arns = [str(Stack().resolve(arn)) for arn in text_senders(sender)]
    assert [resource in arn for arn in arns] == ([True] if resource else [])
