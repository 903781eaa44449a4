"""What a handler imports is in its layer: on the laptop every package is there, on Lambda only the layer's."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from infra.functions import FUNCTIONS

ROOT = Path(__file__).parents[2]
# Lambda's Python brings these; they are not in any layer.
RUNTIME = {"boto3", "botocore", "s3transfer", "jmespath", "urllib3", "python-dateutil", "six"}
PROBE = """
import importlib, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

absent = set(sys.argv[2].split())
sys.meta_path.insert(0, Absent())
from hub.settings import placeholders
with placeholders():
    importlib.import_module(sys.argv[1])
"""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def shipped(layer: str) -> set[str]:
    text = (ROOT / "layers" / layer / "requirements.txt").read_text()
    return {canonical(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}


def absent(layer: str) -> list[str]:
    """The modules of this environment that a function on the layer does not have."""
    there = shipped(layer) | RUNTIME
    return [module for module, owners in packages_distributions().items() if not {canonical(o) for o in owners} & there]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_handler_imports_with_its_layer_alone(name):
    """All other packages of this environment are hidden; what libraries import if it is there is no matter."""
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'layers/hub/python'}", "AWS_DEFAULT_REGION": "eu-west-1", "PATH": ""}
    hidden = [module for module in absent(FUNCTIONS[name].layer) if module not in {"hub", "functions", "infra"}]
    assert "duckdb" in hidden
    command = [sys.executable, "-c", PROBE, f"functions.{name}.handler", " ".join(hidden)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"layer {FUNCTIONS[name].layer}: {done.stderr[-400:]}"
