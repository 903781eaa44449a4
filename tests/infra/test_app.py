"""The app as a whole: two stages side by side, CloudFormation's own validator, wrong input, what the layers weigh."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub.errors import ConfigError

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "deployments/demo"
MOST_BYTES = 250 * 1024 * 1024
NAMES = (
    "Name",
    "FunctionName",
    "TopicName",
    "QueueName",
    "BucketName",
    "TableName",
    "RoleName",
    "GroupName",
    "StateMachineName",
    "AlarmName",
    "DashboardName",
    "LogGroupName",
    "RuleName",
    "UserPoolName",
    "AliasName",
)


def names(outdir: Path) -> set[str]:
    """Every physical name that the templates fix, exports and stacks too, but for names inside a user pool or API."""
    found = set()
    for path in outdir.glob("*.template.json"):
        template = json.loads(path.read_text())
        for output in template.get("Outputs", {}).values():
            found.add(json.dumps(output.get("Export", {}).get("Name")))
        for resource in template["Resources"].values():
            if resource["Type"] in {"AWS::Cognito::UserPoolGroup", "AWS::ApiGatewayV2::Authorizer"}:
                continue
            properties = resource.get("Properties", {})
            properties = {**properties, **properties.get("DatabaseInput", {})}
            found |= {json.dumps(properties[key]) for key in ("Name", *NAMES) if isinstance(properties.get(key), str)}
    manifest = json.loads((outdir / "manifest.json").read_text())
    stacks = {
        a["properties"]["stackName"] for a in manifest["artifacts"].values() if a["type"] == "aws:cloudformation:stack"
    }
    return (found | {json.dumps(stack) for stack in stacks}) - {"null"}


@pytest.mark.parametrize("stage", ["", "Prod", "1st", "test-two", "averyveryverylongstage"])
def test_a_wrong_stage_is_named(tmp_path, stage):
    from infra.app import compose

    with pytest.raises(ConfigError, match="STAGE"):
        compose(DEMO, stage, tmp_path, bundle=False, validate=False)


def synthesise(outdir: Path, **environment: str) -> subprocess.CompletedProcess:
    """`python -m infra.app` in a process of its own, with no AWS credentials and no region."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CDK_"))}
    paths = {"PYTHONPATH": f"{ROOT}:{ROOT / 'layers/hub/python'}", "OUTDIR": str(outdir), "BUNDLE": "0"}
    return subprocess.run(
        [sys.executable, "-m", "infra.app"],
        cwd=ROOT,
        env=inherited | paths | environment,
        capture_output=True,
        text=True,
    )


def test_cloudformations_validator_finds_nothing_and_two_stages_share_no_name(tmp_path, cloud):
    """Offline, in a process of its own: the validator takes its time and its memory. The first stage is `test`."""
    done = synthesise(tmp_path, STAGE="blue")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "validation-report.json").read_text())
    assert [finding for plugin in report["pluginReports"] for finding in plugin["violations"]] == []
    blue, test = names(tmp_path), names(cloud.folder)
    assert len(blue) == len(test) > 15
    assert blue & test == set()


def test_a_wrong_deployment_folder_is_explained_without_a_trace(tmp_path):
    done = synthesise(tmp_path, HUB=str(tmp_path))
    assert done.returncode == 1
    assert "hub.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_variable_can_be_overridden(tmp_path):
    from infra.bundling import compile_home

    compile_home(DEMO, tmp_path / "hub", {"CRM_URL": "https://crm.example"})
    compiled = json.loads((tmp_path / "hub/deployment.json").read_text())
    assert compiled["sources"]["crm"]["connection"]["base_url"] == "https://crm.example"
    assert not list((tmp_path / "hub").rglob("*.yaml")), "functions have no YAML"


def test_connectors_of_a_deployment_are_shipped_with_it(tmp_path):
    from infra.bundling import compile_home

    shutil.copytree(DEMO, tmp_path / "mine")
    (tmp_path / "mine/connectors/__pycache__").mkdir(parents=True)
    (tmp_path / "mine/connectors/odoo.py").write_text("def connect(source, rules): ...\n")
    compile_home(tmp_path / "mine", tmp_path / "hub")
    assert [path.name for path in (tmp_path / "hub/connectors").iterdir()] == ["odoo.py"]


def wheels() -> Path:
    return ROOT / ".local/layers"


@pytest.mark.parametrize("layer", ["core", "query", "pull", "batch"])
def test_what_a_function_weighs(layer):
    """Package layer, library and configuration together stay under Lambda's 250 MiB."""
    folder = wheels() / layer
    if not folder.exists():
        pytest.skip("the layers are not installed; `make layers` installs them")
    library = sum(f.stat().st_size for f in (ROOT / "layers/hub").rglob("*.py"))
    weight = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) + library
    assert weight <= MOST_BYTES, f"{layer}: {weight / 1e6:.0f} MB"


@pytest.mark.parametrize("layer", ["core", "query", "pull", "batch"])
def test_layers_are_pinned_by_hash_and_agree_with_the_lock(layer):
    """What is tested is what ships: the same versions as requirements.lock, each with its hash, no index named."""
    pinned = re.compile(r"^([a-z0-9._-]+)==(\S+)(?: ; [^\\]*)? \\$", re.MULTILINE)
    locked = dict(pinned.findall((ROOT / "requirements.lock").read_text()))
    text = (ROOT / "layers" / layer / "requirements.txt").read_text()
    shipped = dict(pinned.findall(text))
    assert shipped
    assert {name: locked.get(name) for name in shipped} == shipped
    assert "://" not in text
    assert text.count("--hash=sha256:") >= len(shipped)
