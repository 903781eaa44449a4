"""The peers' environments: one each under .local/bench, from a lock with hashes beside this file."""

import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCKS = Path(__file__).parent / "peers"
NAMED = {"dlt": "dlt", "pydantic": "pydantic"}


@cache
def python(peer: str) -> Path:
    """The interpreter of the peer's environment, which is made where it is missing."""
    home, lock = ROOT / ".local/bench" / peer, LOCKS / f"{peer}.lock"
    ready = home / ".ready"
    if not ready.exists() or ready.stat().st_mtime < lock.stat().st_mtime:
        uv = ROOT / ".local/tools/bin/uv"
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", "python3", home], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", home / "bin/python", "--require-hashes", "-r", lock]
        subprocess.run(install, check=True)
        ready.touch()
    return home / "bin/python"


def versions() -> dict[str, str]:
    """Of everybody who was measured, from the locks."""
    found = {"pyarrow of the hub": version("pyarrow")}
    for peer, package in NAMED.items():
        for line in (LOCKS / f"{peer}.lock").read_text().splitlines():
            if line.startswith(f"{package}=="):
                found[peer] = line.split("==")[1].split()[0]
    return found
