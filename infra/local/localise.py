"""A synthesised template made fit for the emulator: the same resources but for the listed ones, functions from here."""

import io
import stat
import sys
import zipfile
from pathlib import Path
from typing import Any

from infra.local.laptop import ROOT, Laptop

BUCKET = "laptop-deployment"  # where templates and function code are put for CloudFormation

QUEUE_WORKERS = 3  # processes per queue, each of up to 150 MB

# Types that the emulator cannot make, and why the laptop does without.
LEFT_OUT = {
    "AWS::Athena::NamedQuery": "a convenience in AWS's own console",
    "AWS::Athena::PreparedStatement": "a convenience for analysts on Athena itself",
    "AWS::Budgets::Budget": "nothing is billed here",
    "AWS::Logs::QueryDefinition": "a convenience in AWS's own console",
    "AWS::SES::ContactList": "the hub keeps consent itself",
    "AWS::SES::Template": "the hub renders mail itself",
    "AWS::CloudTrail::Trail": "the emulator has no data events",
    "AWS::CE::AnomalyMonitor": "nothing is billed here",
    "AWS::CE::AnomalySubscription": "nothing is billed here",
    "AWS::LakeFormation::PrincipalPermissions": "the emulator does not enforce permissions",
    "AWS::Lambda::LayerVersion": "functions run from the project's own environment",
}

# Attributes that the emulator does not know, as what they are made of; `{}` is the resource's logical id.
ATTRIBUTES = {
    "ProviderURL": "https://cognito-idp.${{AWS::Region}}.amazonaws.com/${{{}}}",
    "ProviderName": "cognito-idp.${{AWS::Region}}.amazonaws.com/${{{}}}",
}


def bootstrap(function: str, handler_folder: str, compiled: Path) -> str:
    """The program that the emulator starts for a function: AWS's own runtime client in the project's environment."""
    paths = f"{ROOT}/functions/{handler_folder}:{ROOT}/layers/hub/python:{ROOT}"
    return (
        "#!/bin/sh\n"
        f"# {function}\n"
        f"cd '{ROOT}/functions/{handler_folder}'\n"
        f"export PYTHONPATH='{paths}' HUB_HOME='{compiled}'\n"
        f"exec '{sys.executable}' -m infra.local.child awslambdaric \"$_HANDLER\"\n"
    )


def archive(program: str) -> bytes:
    """A Lambda package holding one executable, `bootstrap`; the same bytes for the same program."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = (stat.S_IFREG | 0o755) << 16
        package.writestr(entry, program)
    return buffer.getvalue()


def mentions(node: object, names: set[str]) -> bool:
    """Whether a piece of a template refers to one of these logical ids."""
    if isinstance(node, dict):
        if node.get("Ref") in names:
            return True
        attribute = node.get("Fn::GetAtt")
        if isinstance(attribute, list) and attribute and attribute[0] in names:
            return True
        return any(mentions(value, names) for value in node.values())
    return isinstance(node, list) and any(mentions(value, names) for value in node)


def replace_attributes(node: object) -> object:
    """A piece of a template with every attribute of ATTRIBUTES written out."""
    if isinstance(node, dict):
        match node.get("Fn::GetAtt"):
            case [resource, attribute] if attribute in ATTRIBUTES:
                return {"Fn::Sub": ATTRIBUTES[attribute].format(resource)}
        return {key: replace_attributes(value) for key, value in node.items()}
    return [replace_attributes(value) for value in node] if isinstance(node, list) else node


def leave_out(template: dict[str, Any]) -> dict[str, str]:
    """Remove what the emulator lacks and all references to it; returns {logical id: why}."""
    resources = template["Resources"]
    gone = {name: LEFT_OUT[r["Type"]] for name, r in resources.items() if r["Type"] in LEFT_OUT}
    for name in gone:
        del resources[name]
    names = set(gone)
    for resource in resources.values():
        waits = resource.get("DependsOn", [])
        waits = [waits] if isinstance(waits, str) else waits
        if kept := [name for name in waits if name not in names]:
            resource["DependsOn"] = kept
        else:
            resource.pop("DependsOn", None)
        properties = resource.get("Properties", {})
        for key in [key for key, value in properties.items() if mentions(value, names)]:
            if isinstance(properties[key], list):
                properties[key] = [item for item in properties[key] if not mentions(item, names)]
            else:
                del properties[key]
    for name in [n for n, output in template.get("Outputs", {}).items() if mentions(output, names)]:
        del template["Outputs"][name]
    return gone


def localise_function(name: str, resource: dict[str, Any], laptop: Laptop) -> tuple[str, bytes]:
    """Point a Python function at this checkout; returns the key and the bytes of its package."""
    properties = resource["Properties"]
    variables = properties["Environment"]["Variables"]
    folder = variables["POWERTOOLS_SERVICE_NAME"]  # hub_function.py names it so
    variables.pop("HUB_HOME", None)  # the bootstrap sets it
    if "PUBLIC_URL" in variables:
        variables["PUBLIC_URL"] = laptop.console.rstrip("/")
    if "UPLOAD_ORIGIN" in variables:
        variables["UPLOAD_ORIGIN"] = laptop.endpoint
    package = archive(bootstrap(name, folder, laptop.home / "hub"))
    key = f"functions/{folder}.zip"
    properties |= {
        "Runtime": "provided.al2023",
        "Code": {"S3Bucket": BUCKET, "S3Key": key},
        "Architectures": ["x86_64"],
    }
    properties.pop("Layers", None)
    return key, package


def localise(template: dict[str, Any], laptop: Laptop) -> tuple[dict[str, str], dict[str, bytes]]:
    """Change a template in place.

    Returns what was left out as {logical id: reason}, and the packages to upload to BUCKET as {key: bytes}.
    """
    left_out = leave_out(template)
    packages: dict[str, bytes] = {}
    for part in ("Resources", "Outputs"):
        template[part] = replace_attributes(template.get(part, {}))
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Function" and resource["Properties"].get("Runtime", "").startswith(
            "python"
        ):
            key, package = localise_function(name, resource, laptop)
            packages[key] = package
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            resource["Properties"]["ScalingConfig"] = {"MaximumConcurrency": QUEUE_WORKERS}
        if resource["Type"] == "AWS::ApiGatewayV2::Api" and (cors := resource["Properties"].get("CorsConfiguration")):
            # the emulator's CloudFormation stores the names as they are given, its data plane reads camel case
            resource["Properties"]["CorsConfiguration"] = {k[0].lower() + k[1:]: v for k, v in cors.items()}
    template.pop("Rules", None)  # both look for the CDK's bootstrap stack in the account
    template.get("Parameters", {}).pop("BootstrapVersion", None)
    return left_out, packages
