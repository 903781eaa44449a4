"""API functions start quickly: what is heavy belongs to the workers. Each handler in an interpreter of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"pandas", "pyarrow", "awswrangler", "duckdb", "numpy", "yaml", "pytest", "moto"}
WITH_SQL = {"reports", "segments", "campaigns", "silos"}
PROBE = """
import sys
from pathlib import Path
from hub.api.openapi import apis
apis(Path(sys.argv[1]))
print(*{name.partition(".")[0] for name in sys.modules})
"""


def api_functions() -> list[str]:
    return sorted(
        path.parent.name for path in (ROOT / "functions").glob("*/handler.py") if "hub.api" in path.read_text()
    )


@pytest.mark.parametrize("name", api_functions())
def test_a_handler_imports_nothing_heavy(name, tmp_path):
    (tmp_path / name).symlink_to(ROOT / "functions" / name)
    command = [sys.executable, "-c", PROBE, str(tmp_path)]
    environment = {"PYTHONPATH": str(ROOT / "layers/hub/python"), "PATH": "", "AWS_DEFAULT_REGION": "eu-west-1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    found = set(done.stdout.split())
    assert "boto3" in found, "the probe saw the handler's imports"
    assert found & HEAVY == set()
    assert "sqlglot" not in found or name in WITH_SQL
