"""What a handler imports is in its layer: on the laptop every package is there, on Lambda only the layer's."""

import json
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
import importlib, json, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

absent = set(sys.argv[1].split())
sys.meta_path.insert(0, Absent())
from hub.settings import placeholders
failed = {}
with placeholders():
    for function in sys.argv[2:]:
        try:
            importlib.import_module(f"functions.{function}.handler")
        except Exception as error:
            failed[function] = repr(error)
print(json.dumps(failed))
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


def failures(layer: str) -> dict[str, str]:
    """The handlers on a layer that cannot be imported, and why; one process for all of them.

    All other packages of this environment are hidden; what libraries import if it is there is no matter.
    """
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'layers/hub/python'}", "AWS_DEFAULT_REGION": "eu-west-1", "PATH": ""}
    hidden = [module for module in absent(layer) if module not in {"hub", "functions", "infra"}]
    assert "duckdb" in hidden
    functions = [name for name, spec in FUNCTIONS.items() if spec.layer == layer]
    command = [sys.executable, "-c", PROBE, " ".join(hidden), *functions]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-400:]
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("layer", sorted({spec.layer for spec in FUNCTIONS.values()}))
def test_handlers_import_with_their_layer_alone(layer):
    assert failures(layer) == {}


def test_a_package_that_the_layer_lacks_is_missed():
    """Else the test above would prove nothing: the bulk reader is on the batch layer alone."""
    assert "awswrangler" in absent("core")
    assert "awswrangler" not in absent("batch")
