"""Machine clients in the template: one stack of its own, for a deployment that declares some."""

import json

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from hub import config
from hub.access import GRANTABLE
from hub.access.limits import Limit, Limits
from infra.constructs.hub import Hub
from infra.stacks.access import Access
from tests.infra.conftest import DEMO
from tests.infra.test_nag import ACCEPTED, accepts

CLIENTS = {
    "crm": config.Client(scopes=("customers.read", "contacts.read", "customers.read")),
    "c_rm": config.Client(scopes=("pulls.start",), quota=Limit(per_minute=30, burst=5)),
}


def stack(tmp_path, stage, clients):
    deployment = config.load(DEMO)
    hub = deployment.hub.model_copy(update={"clients": clients})
    app = App(outdir=str(tmp_path / stage), analytics_reporting=False)
    told = Hub(stage, deployment.model_copy(update={"hub": hub}), tmp_path, bundle=False)
    return app, Access(app, told), told


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    app, access, told = stack(tmp_path_factory.mktemp("machines"), "blue", CLIENTS)
    return app, access, told, Template.from_stack(access)


def of_machines(template):
    found = template.find_resources("AWS::Cognito::UserPoolClient")
    return {r["Properties"]["ClientName"]: (name, r) for name, r in found.items() if "ClientName" in r["Properties"]}


def test_a_client_gets_its_scopes_by_client_credentials_and_nothing_else(made):
    template = made[3]
    ((server, resource),) = template.find_resources("AWS::Cognito::UserPoolResourceServer").items()
    assert {scope["ScopeName"] for scope in resource["Properties"]["Scopes"]} == GRANTABLE
    clients = of_machines(template)
    assert set(clients) == set(CLIENTS), "two names that differ by a sign are two clients"
    for name, (_, client) in clients.items():
        properties = client["Properties"]
        assert set(properties["AllowedOAuthScopes"]) == {f"hub/{scope}" for scope in CLIENTS[name].scopes}
        assert len(properties["AllowedOAuthScopes"]) == len(set(CLIENTS[name].scopes))
        assert properties["AllowedOAuthFlows"] == ["client_credentials"]
        assert properties["GenerateSecret"] is True
        assert properties["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"], "no passwords by this client"
        assert properties["AccessTokenValidity"] == 15
        assert server in client["DependsOn"], "its scopes must be there first"


def test_the_door_knows_users_and_machines_and_nobody_else(made):
    template = made[3]
    (authorizer,) = template.find_resources("AWS::ApiGatewayV2::Authorizer").values()
    audience = authorizer["Properties"]["JwtConfiguration"]["Audience"]
    assert sorted(each["Ref"] for each in audience) == sorted(template.find_resources("AWS::Cognito::UserPoolClient"))


def test_the_functions_are_told_who_is_who(made):
    _, access, told, template = made
    text = access.resolve(told.stores.settings["MACHINE_CLIENTS"])
    parts = text["Fn::Join"][1]
    written = json.loads("".join(part if isinstance(part, str) else part["Ref"] for part in parts))
    assert {entry["name"]: entry["id"] for entry in written} == {
        name: logical for name, (logical, _) in of_machines(template).items()
    }


def test_the_functions_are_told_who_may_ask_how_much(made):
    limits = Limits.model_validate_json(made[2].stores.settings["QUOTAS"])
    assert limits.clients == {"c_rm": Limit(per_minute=30, burst=5)}
    assert limits.default == Limits().default


def test_two_stages_share_no_domain(made, tmp_path):
    domain = made[3].find_resources("AWS::Cognito::UserPoolDomain")
    (properties,) = (resource["Properties"] for resource in domain.values())
    assert "AWS::StackId" in json.dumps(properties["Domain"]), "the stack's own id, which no other stack has"


def test_without_a_client_nothing_is_made(tmp_path):
    _, _, told = stack(tmp_path, "green", {})
    template = Template.from_stack(stack(tmp_path, "green2", {})[1])
    assert told.stores.settings["MACHINE_CLIENTS"] == "[]"
    for kind in ("UserPoolDomain", "UserPoolResourceServer"):
        assert template.find_resources(f"AWS::Cognito::{kind}") == {}
    assert len(template.find_resources("AWS::Cognito::UserPoolClient")) == 1


def test_nag_has_nothing_new_to_say(made):
    app = made[0]
    found = {
        (violation.rule_name, resource.construct_path)
        for pack in (AwsSolutionsChecks(app), ServerlessChecks(app))
        for violation in pack.validate_scope(app).violations
        for resource in violation.violating_resources
    }
    assert sorted(finding for finding in found if not any(accepts(each, finding) for each in ACCEPTED)) == []
