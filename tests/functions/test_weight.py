"""API functions start quickly: what is heavy belongs to the workers. Each handler in a process of its own."""

import functools
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"pandas", "pyarrow", "awswrangler", "duckdb", "numpy", "yaml", "pytest", "moto"}
WITH_SQL = {"reports", "segments", "campaigns", "silos", "matches"}
# What all of them import is imported once; each is then loaded by a child of that process, which sees no other one.
PROBE = """
import json, os, sys
from pathlib import Path
import boto3
from hub.api.openapi import apis

def told(name):
    print(json.dumps([name, sorted(sys.modules)]), flush=True)

told("")
for folder in sys.argv[1:]:
    if child := os.fork():
        assert os.waitpid(child, 0)[1] == 0, folder
    else:
        apis(Path(folder))
        told(Path(folder).name)
        sys.exit()
"""


def api_functions() -> list[str]:
    return sorted(
        path.parent.name for path in (ROOT / "functions").glob("*/handler.py") if "hub.api" in path.read_text()
    )


@functools.cache
def imported(folder: Path) -> dict[str, set[str]]:
    """What each function has imported, and under "" what is imported before any."""
    for name in api_functions():
        (folder / name).mkdir()
        (folder / name / name).symlink_to(ROOT / "functions" / name)
    command = [sys.executable, "-c", PROBE, *(str(folder / name) for name in api_functions())]
    environment = {"PYTHONPATH": str(ROOT / "layers/hub/python"), "PATH": "", "AWS_DEFAULT_REGION": "eu-west-1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return {name: set(modules) for name, modules in map(json.loads, done.stdout.splitlines())}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("functions")


@pytest.mark.parametrize("name", api_functions())
def test_a_handler_imports_nothing_heavy(name, folder):
    before, after = imported(folder)[""], imported(folder)[name]
    found = {module.partition(".")[0] for module in after}
    assert after > before, "the probe saw the handler's imports"
    assert found & HEAVY == set()
    assert "sqlglot" not in found or name in WITH_SQL
    assert "sqlglot" not in before, "else it would say nothing of the handler"
