"""Everybody's environment: one each under .local/bench, from requirements with hashes in `benchmarks/peers/<peer>`.

The hub has one too: the packages of its Lambda layer and boto3. `make bench-lock` pins all of them anew.
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


def pinned(peer: str) -> list[Path]:
    """Its requirements with hashes; the hub's are its layer's, and what Lambda itself brings."""
    own = PEERS / peer / "requirements.txt"
    return [own, ROOT / "layers/pull/requirements.txt"] if peer == "hub" else [own]


@cache
def python(peer: str) -> Path:
    """The interpreter of the peer's environment, which is made where it is missing or other packages are pinned."""
    home, wanted = ROOT / ".local/bench" / peer, "".join(file.read_text() for file in pinned(peer))
    ready = home / ".ready"
    if not ready.exists() or ready.read_text() != wanted:
        uv = ROOT / ".local/tools/bin/uv"
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, home], check=True)
        where = ["--python", home / "bin/python", "--compile-bytecode"]
        what = [part for file in pinned(peer) for part in ("-r", file)]
        subprocess.run([uv, "pip", "install", "--quiet", *where, "--require-hashes", *what], check=True)
        ready.write_text(wanted)
    return home / "bin/python"


def variables(**more: str) -> dict[str, str]:
    """What a worker finds in its environment: no credentials but made-up ones, and no word to anybody outside."""
    named = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "eu-west-1"}
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "DO_NOT_TRACK": "1", "LOG_LEVEL": "WARNING"}
    paths = os.pathsep.join((str(ROOT), str(ROOT / "layers/hub/python")))
    # Modules are compiled once: the peers' are when they are installed, the hub's when the worker is tried before.
    given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**given, "PYTHONPATH": paths, **named, **quiet, **more}


def versions() -> str:
    """Of everybody who is measured, from what is pinned."""
    found = [f"Python {sys.version.split()[0]}"]
    for peer, packages in NAMED.items():
        lines = "\n".join(file.read_text() for file in pinned(peer)).splitlines()
        known = dict(line.split(" ")[0].split("==") for line in lines if "==" in line and not line.startswith(" "))
        found.append(f"{peer}: " + ", ".join(f"{package} {known[package]}" for package in packages))
    return "; ".join(found)
