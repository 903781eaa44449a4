import io
import json
import stat
import zipfile
from pathlib import Path

import pytest

from infra.local.laptop import Laptop
from infra.local.localise import BUCKET, LEFT_OUT, localise

LAPTOP = Laptop(home=Path("/somewhere"), console_port=8099)


def function(**properties: object) -> dict:
    given = {
        "Runtime": "python3.13",
        "Handler": "handler.handler",
        "Code": {"S3Bucket": "assets", "S3Key": "abc.zip"},
        "Architectures": ["arm64"],
        "Layers": [{"Ref": "Hub"}],
        "Environment": {"Variables": {"POWERTOOLS_SERVICE_NAME": "health", "HUB_HOME": "/opt/hub", "PUBLIC_URL": "x"}},
    }
    return {"Type": "AWS::Lambda::Function", "Properties": given | properties}


def test_a_python_function_runs_from_this_checkout():
    template = {"Resources": {"Health": function()}}
    _, packages = localise(template, LAPTOP)
    properties = template["Resources"]["Health"]["Properties"]
    assert properties["Runtime"] == "provided.al2023"
    assert properties["Code"] == {"S3Bucket": BUCKET, "S3Key": "functions/health.zip"}
    assert "Layers" not in properties
    with zipfile.ZipFile(io.BytesIO(packages["functions/health.zip"])) as package:
        (entry,) = package.infolist()
        program = package.read(entry).decode()
    assert entry.external_attr >> 16 & stat.S_IXUSR, "the emulator starts it as a program"
    assert "functions/health" in program and "awslambdaric" in program and "HUB_HOME='/somewhere/hub'" in program


def test_a_function_is_told_the_laptops_address_and_not_the_layers_folder():
    template = {"Resources": {"Health": function()}}
    localise(template, LAPTOP)
    variables = template["Resources"]["Health"]["Properties"]["Environment"]["Variables"]
    assert variables == {"POWERTOOLS_SERVICE_NAME": "health", "PUBLIC_URL": "http://127.0.0.1:8099"}


def test_the_package_is_the_same_each_time_so_that_nothing_is_deployed_twice():
    packages = [localise({"Resources": {"Health": function()}}, LAPTOP)[1] for _ in range(2)]
    assert packages[0] == packages[1]


@pytest.mark.parametrize("kind", sorted(LEFT_OUT))
def test_what_the_emulator_lacks_goes_with_all_that_refers_to_it(kind):
    template = {
        "Resources": {
            "Gone": {"Type": kind, "Properties": {}},
            "Stays": {
                "Type": "AWS::SNS::Topic",
                "DependsOn": ["Gone", "Other"],
                "Properties": {
                    "A": {"Ref": "Gone"},
                    "B": [{"Fn::GetAtt": ["Gone", "Arn"]}, "kept"],
                    "C": {"Ref": "Other"},
                },
            },
            "Other": {"Type": "AWS::SNS::Topic", "DependsOn": "Gone", "Properties": {}},
        },
        "Outputs": {"One": {"Value": {"Ref": "Gone"}}, "Two": {"Value": {"Ref": "Stays"}}},
    }
    left_out, _ = localise(template, LAPTOP)
    assert left_out == {"Gone": LEFT_OUT[kind]}
    assert template["Resources"]["Stays"]["DependsOn"] == ["Other"]
    assert template["Resources"]["Stays"]["Properties"] == {"B": ["kept"], "C": {"Ref": "Other"}}
    assert "DependsOn" not in template["Resources"]["Other"]
    assert list(template["Outputs"]) == ["Two"]


@pytest.mark.parametrize(
    ("attribute", "written_out", "why"),
    [
        ("ProviderURL", "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}", "the issuer of the API's tokens"),
        ("ProviderName", "cognito-idp.${AWS::Region}.amazonaws.com/${Pool}", "the same without the scheme"),
    ],
)
def test_attributes_that_the_emulator_does_not_know_are_written_out(attribute, written_out, why):
    template = {"Resources": {"A": {"Type": "T", "Properties": {"Deep": [{"Fn::GetAtt": ["Pool", attribute]}]}}}}
    localise(template, LAPTOP)
    assert template["Resources"]["A"]["Properties"]["Deep"] == [{"Fn::Sub": written_out}], why


def test_other_resources_stay_as_they_are():
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"Key": {"Fn::GetAtt": ["Vault", "Arn"]}, "Visible": 30}}
    template = {"Resources": {"Queue": json.loads(json.dumps(queue))}}
    localise(template, LAPTOP)
    assert template["Resources"]["Queue"] == queue
