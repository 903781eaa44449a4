"""Everybody's environment: one each under .local/bench, from requirements with hashes in `benchmarks/peers/<peer>`.

The hub has one too: the packages of its Lambda layer and nothing else. `make bench-lock` pins all of them anew.
"""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PEERS = Path(__file__).parent / "peers"
NAMED = {
    "hub": ("pyarrow",),
    "dlt": ("dlt", "pyarrow", "connectorx"),
    "airbyte": ("airbyte-cdk",),
    "singer": ("singer-sdk",),
    "pydantic": ("pydantic", "httpx"),
    "polars": ("polars", "dataframely"),
    "pandera": ("pandera", "polars"),
}


@cache
def python(peer: str) -> Path:
    """The interpreter of the peer's environment, which is made where it is missing."""
    home, pinned = ROOT / ".local/bench" / peer, PEERS / peer / "requirements.txt"
    ready = home / ".ready"
    if not ready.exists() or ready.read_text() != pinned.read_text():
        uv = ROOT / ".local/tools/bin/uv"
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, home], check=True)
        where = ["--python", home / "bin/python", "--compile-bytecode"]
        install = [uv, "pip", "install", "--quiet", *where, "--require-hashes", "-r", pinned]
        subprocess.run(install, check=True)
        ready.write_text(pinned.read_text())
    return home / "bin/python"


def variables(**more: str) -> dict[str, str]:
    """What a worker finds in its environment: no credentials but made-up ones, and no word to anybody outside."""
    named = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "eu-west-1"}
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "DO_NOT_TRACK": "1", "LOG_LEVEL": "WARNING"}
    paths = os.pathsep.join((str(ROOT), str(ROOT / "layers/hub/python")))
    return {**os.environ, "PYTHONPATH": paths, **named, **quiet, **more}


def versions() -> str:
    """Of everybody who is measured, from what is pinned."""
    found = [f"Python {sys.version.split()[0]}"]
    for peer, packages in NAMED.items():
        lines = (PEERS / peer / "requirements.txt").read_text().splitlines()
        pinned = dict(line.split(" ")[0].split("==") for line in lines if "==" in line and not line.startswith(" "))
        found.append(f"{peer}: " + ", ".join(f"{package} {pinned[package]}" for package in packages))
    return "; ".join(found)
