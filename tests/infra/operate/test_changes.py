"""Which deployments are refused because they would leave data behind."""

import copy
import json

import pytest

from infra.operate.changes import GUARDED, kept, replaced

TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": "Retain",
    "Properties": {
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    },
}
DEPLOYED = {
    "Resources": {
        "Table": TABLE,
        "Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {}},
        "Users": {"Type": "AWS::Cognito::UserPool", "DeletionPolicy": "RetainExceptOnCreate", "Properties": {}},
        "Database": {"Type": "AWS::Glue::Database", "Properties": {"DatabaseInput": {"Name": "prod_vault"}}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "a"}},
    }
}


def changed(name: str, **properties: object) -> dict:
    new = copy.deepcopy(DEPLOYED)
    new["Resources"][name]["Properties"] |= properties
    return new


def without(name: str) -> dict:
    new = copy.deepcopy(DEPLOYED)
    del new["Resources"][name]
    return new


@pytest.mark.parametrize(
    ("new", "named", "reason"),
    [
        (DEPLOYED, [], "nothing changes"),
        (changed("Table", BillingMode="PROVISIONED"), [], "changes in place"),
        (changed("Table", TableName="fixed"), ["Table"], "a name makes another table"),
        (changed("Table", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}]), ["Table"], "so does another key"),
        (changed("Bucket", BucketName="fixed"), ["Bucket"], "a name makes another bucket"),
        (changed("Bucket", Tags=[]), [], "changes in place"),
        (changed("Users", UsernameAttributes=["email"]), ["Users"], "how people sign in cannot change in place"),
        (changed("Database", DatabaseInput={"Name": "prod_safe"}), ["Database"], "tables hang on the database's name"),
        (without("Table"), ["Table"], "a renamed logical id is a new table"),
        (without("Bucket"), ["Bucket"], "the bucket would stay but the hub would no longer use it"),
        (without("Queue"), [], "a queue holds nothing for long"),
        ({"Resources": {}}, ["Table", "Bucket", "Users", "Database"], "all of it"),
    ],
)
def test_what_is_refused(new, named, reason):
    assert [sentence.split()[0] for sentence in replaced(DEPLOYED, new)] == named, reason


def test_a_first_deployment_replaces_nothing():
    assert replaced({}, DEPLOYED) == []


def test_a_type_that_changes_under_the_same_id_is_refused():
    new = copy.deepcopy(DEPLOYED)
    new["Resources"]["Bucket"]["Type"] = "AWS::S3Express::DirectoryBucket"
    assert replaced(DEPLOYED, new) == ["Bucket (AWS::S3::Bucket) would no longer be part of the stack"]


def test_what_stays():
    assert kept(DEPLOYED) == [
        ("Table", "AWS::DynamoDB::Table"),
        ("Bucket", "AWS::S3::Bucket"),
        ("Users", "AWS::Cognito::UserPool"),
    ]


def test_everything_of_a_guarded_type_in_our_templates_stays_but_the_catalogue(cloud):
    for resource in cloud.resources:
        if resource.type in GUARDED and resource.type != "AWS::Glue::Database":
            assert resource.raw["DeletionPolicy"] == "Retain", resource.where


def test_the_same_templates_may_be_deployed_again(cloud):
    for template in cloud.templates.values():
        assert replaced(template, json.loads(json.dumps(template))) == []
