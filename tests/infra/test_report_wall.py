"""The second wall: by the rights of the reports function alone no evasion of the guard gets anywhere.

The guard is not asked. Each statement of tests/hub/guard/evasions.yaml names what Athena would have to do for it with
the caller's rights; the synthesised policy must deny each of these by itself.
"""

import fnmatch
from pathlib import Path

import pytest
import yaml

from infra.functions import FUNCTIONS

EVASIONS = yaml.safe_load((Path(__file__).parents[1] / "hub/guard/evasions.yaml").read_text())
GLUE = "arn:aws:glue:eu-west-1:123456789012:"


@pytest.fixture(scope="session")
def allowed(cloud):
    """allowed(action, resource) of the role of `reports`. Conditions are taken as met: that allows more, never less."""
    statements = [
        ([action.lower() for action in _list(each["Action"])], _list(each["Resource"]))
        for each in cloud.policy("reports")
    ]

    def ask(action: str, resource: str) -> bool:
        return any(
            any(fnmatch.fnmatchcase(action.lower(), pattern) for pattern in actions)
            and any(fnmatch.fnmatchcase(resource, pattern) for pattern in resources)
            for actions, resources in statements
        )

    return ask


@pytest.fixture(scope="session")
def needs(cloud):
    """What a statement has to do, as (action, resource)."""
    vault = cloud.arn("Storage", cloud.named("AWS::S3::Bucket", "Bucketvault").id)
    reporting = cloud.arn("Storage", cloud.named("AWS::S3::Bucket", "Bucketreporting").id)
    return {
        "vault table": [("glue:GetTable", f"{GLUE}table/test_vault/customer")],
        "vault database": [
            ("glue:GetTables", f"{GLUE}database/test_vault"),
            ("glue:GetDatabase", f"{GLUE}database/test_vault"),
        ],
        "vault object": [("s3:GetObject", f"{vault}/vault/customer/data/1.parquet")],
        "staging table": [("glue:GetTable", f"{GLUE}table/test_staging/crm_contacts")],
        "staging object": [("s3:GetObject", f"{vault}/staging/crm/contacts/pull_date=2026-01-01/1.parquet")],
        "landing object": [("s3:GetObject", f"{vault}/landing/crm/contacts/1/batch-00001.json.gz")],
        "foreign object": [("s3:PutObject", "arn:aws:s3:::elsewhere/x")],
        "create table": [("glue:CreateTable", f"{GLUE}database/test_reporting")],
        "update table": [("glue:UpdateTable", f"{GLUE}table/test_reporting/product")],
        "drop table": [("glue:DeleteTable", f"{GLUE}table/test_reporting/product")],
        "reporting write": [("s3:PutObject", f"{reporting}/reporting/product/data/1.parquet")],
        "prepare": [("athena:CreatePreparedStatement", "arn:aws:athena:eu-west-1:123456789012:workgroup/test-reports")],
        "prepared": [("athena:GetPreparedStatement", "arn:aws:athena:eu-west-1:123456789012:workgroup/test-reports")],
        "lambda": [("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:123456789012:function:other")],
        "foreign catalogue": [("athena:GetDataCatalog", "arn:aws:athena:eu-west-1:123456789012:datacatalog/other")],
    }


def _list(value: object) -> list:
    return value if isinstance(value, list) else [value]


def test_the_evaluator_lets_through_what_a_report_needs(allowed, cloud):
    """Else the wall below would prove nothing."""
    reporting = cloud.arn("Storage", cloud.named("AWS::S3::Bucket", "Bucketreporting").id)
    results = cloud.arn("Storage", cloud.named("AWS::S3::Bucket", "Bucketresults").id)
    for action, resource in [
        ("glue:GetTable", f"{GLUE}table/test_reporting/customer"),
        ("glue:GetDatabase", f"{GLUE}database/test_reporting"),
        ("s3:GetObject", f"{reporting}/reporting/customer/data/1.parquet"),
        ("s3:PutObject", f"{results}/reports/1.csv"),
        ("athena:StartQueryExecution", "arn:aws:athena:eu-west-1:123456789012:workgroup/test-reports"),
    ]:
        assert allowed(action, resource), action


@pytest.mark.parametrize("evasion", EVASIONS, ids=lambda each: each["why"])
def test_the_rights_alone_refuse(evasion, allowed, needs):
    for need in evasion["needs"]:
        for action, resource in needs[need]:
            assert not allowed(action, resource), f"{action} on {resource} would let it through"


def test_the_catalogue_alone_and_the_objects_alone_are_closed(allowed, needs):
    """Either would do: a table whose entry is known but not its files, and files without an entry, tell nothing."""
    assert not allowed(*needs["vault table"][0])
    assert not allowed(*needs["vault object"][0])


def test_the_function_has_no_way_to_the_vault_key(cloud):
    vault_key = cloud.arn("Storage", cloud.named("AWS::KMS::Key", "Keyvault").id)
    assert not [s for s in cloud.policy("reports") if vault_key in _list(s["Resource"])]


def test_no_other_workgroup_is_open(allowed):
    for workgroup in ("test-transform", "primary"):
        arn = f"arn:aws:athena:eu-west-1:123456789012:workgroup/{workgroup}"
        assert not allowed("athena:StartQueryExecution", arn), "its results and its limits are not the reports'"


def test_the_workgroup_bounds_what_a_query_reads(cloud):
    (group,) = [g for g in cloud.of_type("AWS::Athena::WorkGroup") if "report" in str(g.properties["Name"])]
    configuration = group.properties["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert int(configuration["BytesScannedCutoffPerQuery"]) >= 10_000_000
    assert "reports" in FUNCTIONS
