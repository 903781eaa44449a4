"""Keys, secrets and what destroy says on moto's SSM and KMS; CloudFormation and the user pool are doubles."""

import io
import json

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from hub.config import load
from infra.operate import __main__ as operate
from infra.operate.keys import ensure_keys, put_secret
from infra.operate.people import first_admin
from infra.operate.stage import STACKS, OperateError, Stage

DEMO = "deployments/demo"


TABLE = {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": {"TableName": "control"}}


class CloudFormation:
    """The stacks of a stage `test` in memory: a table, outputs, the error for what is not there."""

    def __init__(self, outputs: dict[str, dict[str, str]]) -> None:
        self._outputs = {f"test-hub-{part}": outputs.get(part, {}) for part in STACKS}

    def _known(self, stack: str) -> str:
        if stack not in self._outputs:
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": f"{stack} does not exist"}}, "DescribeStacks"
            )
        return stack

    def describe_stacks(self, StackName):
        outputs = self._outputs[self._known(StackName)]
        return {"Stacks": [{"Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()]}]}

    def get_template(self, StackName):
        resources = (
            {"Table": TABLE} if self._known(StackName) == "test-hub-storage" else {"Topic": {"Type": "AWS::SNS::Topic"}}
        )
        return {"TemplateBody": json.dumps({"Resources": resources})}

    def get_paginator(self, operation):
        assert operation == "list_stack_resources"
        return self

    def paginate(self, StackName):
        self._known(StackName)
        return [{"StackResourceSummaries": [{"LogicalResourceId": "Table", "PhysicalResourceId": "control"}]}]


@pytest.fixture
def stage(monkeypatch):
    """The stage `test`, deployed with a key of moto's."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
    ):
        monkeypatch.setenv(name, value)
    with mock_aws():
        key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
        stacks = CloudFormation(
            {"storage": {"HubKey": key}, "access": {"UserPoolId": "eu-west-1_pool", "PublicUrl": "https://hub.example"}}
        )
        real = boto3.client
        monkeypatch.setattr(boto3, "client", lambda service: stacks if service == "cloudformation" else real(service))
        yield Stage("test")


def parameter(name: str) -> dict:
    return boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]


def test_a_stage_that_is_not_there_is_named(stage):
    with pytest.raises(OperateError, match="'other' is not deployed"):
        _ = Stage("other").outputs


@pytest.mark.parametrize(
    "verb", [["smoke"], ["first-admin", "a@example.com"], ["destroy"], ["secret", "/hub/crm/token"]]
)
def test_a_name_that_is_no_stage_is_refused_before_anything_is_asked(verb, monkeypatch, capsys):
    monkeypatch.setenv("STAGE", "Prod!")
    assert operate.main(verb) == 1
    assert "'Prod!': must be up to 16 lower-case letters" in capsys.readouterr().err


def test_keys_are_made_once_under_the_hub_key(stage):
    made = ensure_keys("test")
    assert made == ["/hub/test/token-key", "/hub/test/link-keys"]
    token, links = parameter(made[0])["Value"], json.loads(parameter(made[1])["Value"])
    assert len(bytes.fromhex(token)) == 32
    assert len(bytes.fromhex(links["keys"][links["current"]])) == 32
    described = boto3.client("ssm").describe_parameters()["Parameters"]
    assert {(p["Type"], p["KeyId"]) for p in described} == {("SecureString", stage.outputs["HubKey"])}
    assert ensure_keys("test") == [], "a second time changes nothing"
    assert parameter(made[0])["Value"] == token


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("/hub/crm/tokn", "s3cret", "no source asks for"),
        ("/hub/crm/token", "", "standard input is empty"),
        ("/hub/crm/token", "\n", "standard input is empty"),
    ],
)
def test_a_secret_that_cannot_be_meant(stage, name, value, complaint):
    with pytest.raises(OperateError, match=complaint):
        put_secret(stage, load(DEMO), name, value)


def test_a_secret_is_kept_without_its_line_end_and_never_shown(stage, monkeypatch, capsys):
    for value in ("first\n", "second\r\n"):
        monkeypatch.setattr("sys.stdin", io.StringIO(value))
        operate.secret(DEMO, stage, "/hub/crm/token")
    assert parameter("/hub/crm/token")["Value"] == "second"
    assert "second" not in capsys.readouterr().out


class UserPool:
    """A user pool in memory: the calls of first_admin, with Cognito's error for a name that is taken."""

    def __init__(self, *users: str) -> None:
        self.users, self.admins, self.invited = set(users), [], []

    def list_users_in_group(self, UserPoolId, GroupName):
        assert (UserPoolId, GroupName) == ("eu-west-1_pool", "admin")
        return {"Users": [{"Username": name} for name in self.admins]}

    def admin_create_user(self, UserPoolId, Username, UserAttributes, DesiredDeliveryMediums):
        if Username in self.users:
            raise ClientError({"Error": {"Code": "UsernameExistsException"}}, "AdminCreateUser")
        assert {"Name": "email", "Value": Username} in UserAttributes
        self.users.add(Username)
        self.invited += [Username] if DesiredDeliveryMediums == ["EMAIL"] else []

    def admin_add_user_to_group(self, UserPoolId, Username, GroupName):
        assert GroupName == "admin"
        self.admins.append(Username)


@pytest.fixture
def pool(stage, monkeypatch):
    """Use as pool(*users): the stage's user pool with these users."""

    def with_users(*users: str) -> UserPool:
        made = UserPool(*users)
        _ = stage.outputs
        monkeypatch.setattr(boto3, "client", lambda service: made)
        return made

    return with_users


def test_the_first_admin_is_invited_and_there_is_no_second(stage, pool):
    users = pool()
    assert "anna@demo.example is the first admin" in first_admin(stage, "anna@demo.example")
    assert (users.admins, users.invited) == (["anna@demo.example"], ["anna@demo.example"])
    with pytest.raises(OperateError, match=r"has an admin: anna@demo\.example"):
        first_admin(stage, "ben@demo.example")


def test_a_first_admin_who_was_made_but_not_yet_in_the_group(stage, pool):
    users = pool("anna@demo.example")
    first_admin(stage, "anna@demo.example")
    assert users.admins == ["anna@demo.example"], "a call that broke in the middle is carried on"


@pytest.mark.parametrize("email", ["", "anna", "anna@", "@demo.example", "anna@demo", "an na@demo.example"])
def test_an_address_that_is_none(stage, email):
    with pytest.raises(OperateError, match="not an e-mail address"):
        first_admin(stage, email)


def test_destroy_names_what_stays_and_wants_the_name(stage, monkeypatch, capsys):
    monkeypatch.setattr("builtins.input", lambda question: "tset")
    with pytest.raises(OperateError, match="nothing was destroyed"):
        operate.destroy(DEMO, stage)
    assert "AWS::DynamoDB::Table     control" in capsys.readouterr().out


def test_destroy_with_nobody_to_type_destroys_nothing(stage, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(OperateError, match="nothing was destroyed: test was not typed"):
        operate.destroy(DEMO, stage)


def test_destroy_of_nothing(stage):
    with pytest.raises(OperateError, match="not deployed"):
        operate.destroy(DEMO, Stage("other"))


def test_guard_refuses_to_lose_a_table(stage, monkeypatch, tmp_path):
    for part in STACKS:
        (tmp_path / f"{part.capitalize()}.template.json").write_text('{"Resources": {}}')
    monkeypatch.setattr("infra.operate.cdk.OUT", tmp_path)
    with pytest.raises(OperateError, match=r"test-hub-storage: Table \(AWS::DynamoDB::Table\) would no longer"):
        operate.guard(stage)


def test_a_sender_is_asked_for_once(stage):
    assert "mails a link" in operate.ensure_sender("hello@demo.example")
