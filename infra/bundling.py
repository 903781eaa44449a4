"""What is shipped: layers resolved for Lambda by uv, the hub's own library, and a deployment folder made readable."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import jsii
import yaml
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from hub import config
from hub.models import lint, loader

ROOT = Path(__file__).parent.parent
IGNORED = ["**/__pycache__", "**/*.pyc", "**/.*"]
PLATFORM, PYTHON = "aarch64-manylinux_2_28", "3.13"
# Lambda brings these itself; a copy in a layer would shadow the runtime's. The rest is never imported there.
LEFT_OUT = (
    "boto3",
    "boto3-*",
    "botocore",
    "botocore-*",
    "s3transfer",
    "s3transfer-*",
    "bin",
    "*/tests",
    "*/include",
    "pyarrow/libarrow_flight*",
    "pyarrow/*.pyx",
    "pyarrow/*.pxd",
    "pyarrow/src",
)


def install(layer: str, target: Path) -> None:
    """Put the layer's packages for Lambda's platform into target/python; CalledProcessError if one has no wheel."""
    python = target / "python"
    subprocess.run(
        [
            Path(sys.executable).with_name("uv"),
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--python-platform",
            PLATFORM,
            "--python-version",
            PYTHON,
            "--only-binary",
            ":all:",
            "--require-hashes",
            "--target",
            python,
            "--requirement",
            ROOT / "layers" / layer / "requirements.txt",
        ],
        check=True,
    )
    for pattern in LEFT_OUT:
        for path in python.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    _compile(python)


def _compile(folder: Path) -> None:
    """Bytecode that stays valid when the archive loses its dates; a third of the cold start. Needs Lambda's Python."""
    compiler = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(folder)]
    chosen = {**os.environ, "PYENV_VERSION": PYTHON}  # pyenv's shim runs nothing that is not chosen
    found = shutil.which(f"python{PYTHON}")
    if found is None or subprocess.run([found, *compiler], env=chosen, capture_output=True).returncode != 0:
        print(
            f"no Python {PYTHON} here: {folder.parent.name} ships without bytecode and starts slower", file=sys.stderr
        )


@jsii.implements(ILocalBundling)
class WithUv:
    """Lets the CDK build a layer without Docker."""

    def __init__(self, layer: str) -> None:
        self._layer = layer

    def try_bundle(self, output_dir: str, options: object = None, **_: object) -> bool:
        install(self._layer, Path(output_dir))
        return True


class Layers:
    """The layers of one stack, each made when it is first asked for.

    They are not shared between stacks: a new version could then not replace one that another stack imports.
    """

    def __init__(self, stack: Construct, home: Path, bundle: bool) -> None:
        """home: the compiled deployment; bundle: whether packages are installed (tests and the laptop need none)."""
        self._stack, self._home, self._bundle = stack, home, bundle
        self._made: dict[str, lambda_.LayerVersion] = {}

    def of(self, packages: str) -> list[lambda_.ILayerVersion]:
        """The packages' layer, the hub's library, the deployment's configuration."""
        library = lambda_.Code.from_asset(str(ROOT / "layers/hub"), exclude=IGNORED)
        shipped = {packages: self._packages(packages), "hub": library, "home": lambda_.Code.from_asset(str(self._home))}
        return [self._made.get(name) or self._make(name, code) for name, code in shipped.items()]

    def _make(self, name: str, code: lambda_.Code) -> lambda_.LayerVersion:
        self._made[name] = lambda_.LayerVersion(
            self._stack,
            f"Layer-{name}",
            code=code,
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
            compatible_architectures=[lambda_.Architecture.ARM_64],
            removal_policy=RemovalPolicy.DESTROY,
        )
        return self._made[name]

    def _packages(self, layer: str) -> lambda_.Code:
        folder = str(ROOT / "layers" / layer)
        if not self._bundle:
            return lambda_.Code.from_asset(folder)
        return lambda_.Code.from_asset(
            folder,
            asset_hash_type=AssetHashType.SOURCE,
            bundling=BundlingOptions(image=DockerImage.from_registry("never-pulled"), local=WithUv(layer)),
        )


def compile_home(folder: Path, home: Path, variables: Mapping[str, str] | None = None) -> config.Deployment:
    """Write what functions read under $HUB_HOME: the deployment and all SQL, YAML as JSON; ConfigError as config.load.

    home/deployment.json, home/sql/<zone>/<table>/{model.sql, checks.sql, table.json}, home/reports/<name>.json,
    home/connectors/<name>.py
    """
    deployment = config.load(folder, variables)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / "deployment.json").write_text(deployment.model_dump_json(indent=1))
    if (folder / "connectors").is_dir():
        shutil.copytree(folder / "connectors", home / "connectors", ignore=shutil.ignore_patterns("__pycache__"))
    for root in (ROOT, folder):
        for part in ("sql", "reports"):
            _copy(root / part, home / part)
    lint.check_all(loader.load(ROOT / "sql", folder / "sql"))
    return deployment


def _copy(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        if path.suffix not in {".sql", ".yaml"}:
            continue
        to = target / path.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".sql":
            shutil.copyfile(path, to)
        else:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            to.with_suffix(".json").write_text(json.dumps(content, default=str, ensure_ascii=False), encoding="utf-8")


def main() -> None:
    """Install every layer into .local/layers, where the test of their weight finds them."""
    for requirements in sorted((ROOT / "layers").glob("*/requirements.txt")):
        layer = requirements.parent.name
        target = ROOT / ".local/layers" / layer
        shutil.rmtree(target, ignore_errors=True)
        install(layer, target)
        size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
        print(f"{layer}: {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
