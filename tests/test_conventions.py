"""The shape of the repository: rooms, thin handlers, one reader of the environment, one maker of clients."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
HUB = ROOT / "layers/hub/python/hub"
TOP = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "benchmarks",
    "cdk.json",
    "deployments",
    "docs",
    "functions",
    "infra",
    "layers",
    "package-lock.json",
    "package.json",
    "pyproject.toml",
    "requirements.lock",
    "sql",
    "tests",
    "tools.lock",
}
OPEN_TO_ALL = {"errors", "settings", "aws", "metrics", "letters"}


def committed() -> list[Path]:
    """The files that are in the repository or would be."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def product() -> list[Path]:
    """The Python that runs on Lambda."""
    return sorted((*HUB.rglob("*.py"), *(ROOT / "functions").rglob("*.py")))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of all that a module imports, at its head or inside; `from hub import x` is hub.x."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module == "hub":
                yield from ((node.lineno, f"hub.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, node.module


def rooms() -> dict[str, set[str]]:
    """The table of docs/reference/rooms.md: what each room may import beside itself and what is open to all."""
    table = re.findall(
        r"^\| `hub\.(\w+)` \|[^|]*\| ([^|]*) \|$", (ROOT / "docs/reference/rooms.md").read_text(), re.MULTILINE
    )
    return {room: set(re.findall(r"\w+", allowed)) for room, allowed in table}


def test_rooms_import_only_what_the_table_allows():
    allowed, wrong = rooms(), []
    for path in HUB.rglob("*.py"):
        room = path.relative_to(HUB).parts[0]
        if not (HUB / room).is_dir():
            continue
        for line, module in imports(path):
            parts = module.split(".")
            if parts[0] == "hub" and len(parts) > 1 and parts[1] not in allowed[room] | OPEN_TO_ALL | {room}:
                wrong.append(f"{name(path)}:{line}: hub.{room} may not import {module}")
    assert wrong == []


def test_the_table_names_every_room():
    assert {path.parent.name for path in HUB.glob("*/__init__.py")} == set(rooms())


def test_handlers_are_thin_and_alone():
    """At most 60 lines, and no other module beside them: what does the work is in hub."""
    for folder in sorted((ROOT / "functions").iterdir()):
        if folder.name != "__pycache__":
            assert [path.name for path in folder.rglob("*.py")] == ["handler.py"], name(folder)
            lines = len((folder / "handler.py").read_text(encoding="utf-8").splitlines())
            assert lines <= 60, f"{name(folder)}/handler.py has {lines} lines"


def test_one_reader_of_the_environment():
    readers = {
        name(p) for p in product() if re.search(r"\bos\.(environ|getenv|putenv)\b|from os import", p.read_text())
    }
    assert readers == {"layers/hub/python/hub/settings.py"}


def test_one_maker_of_clients():
    """hub.aws knows the right time-outs and retries; a client made elsewhere has the wrong ones."""
    makers = {
        name(p)
        for p in product()
        for _, module in imports(p)
        if module in {"boto3", "boto3.session", "botocore.session"}
    }
    assert makers == {"layers/hub/python/hub/aws.py"}


def test_one_bulk_reader():
    """awswrangler brings pandas and starts slowly: whoever imports it belongs on the batch layer."""
    readers = {name(p) for p in product() for _, module in imports(p) if module.split(".")[0] == "awswrangler"}
    assert readers == {"layers/hub/python/hub/customers/bulk.py"}


def test_the_product_does_not_know_where_it_runs():
    """No branch on the laptop, no emulator by name, no loopback address, in code or SQL."""
    known = re.compile(
        r"127\.0\.0\.1|localhost|ministack|\bmoto\b|AWS_ENDPOINT|endpoint_url"
        r"|[=(]=? ?[\"']local[\"']|[\"']local[\"'] [=!]=|\bis_local\b",
        re.IGNORECASE,
    )
    files = [*product(), *(ROOT / "sql").rglob("*.sql"), *(ROOT / "sql").rglob("*.yaml")]
    wrong = [
        f"{name(path)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if known.search(line)
    ]
    assert wrong == []


def test_top_level():
    assert {path.relative_to(ROOT).parts[0] for path in committed()} <= TOP


def test_modules_and_functions_are_short():
    wrong = []
    for path in committed():
        if path.suffix != ".py":
            continue
        text = path.read_text(encoding="utf-8")
        if (length := len(text.splitlines())) > 400:
            wrong.append(f"{name(path)} has {length} lines")
        if not name(path).startswith("tests/"):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef) and (length := (node.end_lineno or 0) - node.lineno + 1) > 50:
                    wrong.append(f"{name(path)}:{node.lineno}: {node.name} has {length} lines")
    assert wrong == []


def test_every_module_says_what_it_is_for():
    modules = [p for p in committed() if p.suffix == ".py" and not name(p).startswith("tests/") and p.stat().st_size]
    silent = [name(p) for p in modules if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))]
    assert silent == []


def test_no_machine_paths_and_no_registry_hosts():
    """What is committed must be right on any machine: locks carry hashes, not hosts; nothing knows a home folder."""
    known = re.compile(
        r"https?://[^/\s\"']*(pypi|pythonhosted|npmjs|registry|artifactory|nexus|mirror)"
        r"|(?<![\w.$}~*-])/(work|root|Users)/\w|(?<![\w.$}])/home/\w"
    )
    wrong = []
    for path in committed():
        if path.suffix in {".png", ".ico", ".woff2", ".parquet", ".jar"} or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if known.search(line):
                wrong.append(f"{name(path)}:{number}: {line.strip()[:100]}")
    assert wrong == []


def tables() -> list[Path]:
    return sorted([*(ROOT / "sql").rglob("table.yaml"), *(ROOT / "deployments").rglob("table.yaml")])


@pytest.mark.parametrize("path", tables(), ids=lambda path: f"{path.parent.parent.name}.{path.parent.name}")
def test_every_table_and_column_is_described(path):
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert table["description"].strip()
    assert (path.parent / "model.sql").exists()
    for column, told in table["columns"].items():
        assert str(told.get("description", "")).strip(), f"{column} has no description"
        assert told.get("type"), f"{column} has no type"


SILENCED = re.compile(r"#\s*(?:ruff: )?(?:type: ignore\[[\w, -]+\]|noqa: [A-Z]+[0-9]+(?:, [A-Z]+[0-9]+)*)(.*)")
MENTION = re.compile(r"#\s*(?:ruff: |mypy: )?(?:type: ?ignore|noqa)")


def test_whoever_silences_a_tool_says_why():
    """With the rule's code, and the reason behind it on the same line."""
    wrong = []
    for path in (p for p in committed() if p.suffix == ".py" and p != Path(__file__)):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if MENTION.search(line):
                found = SILENCED.search(line)
                if not found or len(found[1].strip(" #-()")) < 5:
                    wrong.append(f"{name(path)}:{number}: {line.strip()[-80:]}")
    assert wrong == []


def test_every_exception_is_caught_only_to_be_raised_or_with_a_reason():
    """`except Exception` hides mistakes: it raises again, or its line says why nothing is hidden."""
    wrong = []
    for path in (p for p in committed() if p.suffix == ".py" and not name(p).startswith("tests/")):
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ExceptHandler)):
            caught = {each.id for each in ast.walk(node.type) if isinstance(each, ast.Name)} if node.type else {"all"}
            raises = any(isinstance(each, ast.Raise) and each.exc is None for each in node.body)
            if caught & {"Exception", "BaseException", "all"} and not raises and "#" not in lines[node.lineno - 1]:
                wrong.append(f"{name(path)}:{node.lineno}")
    assert wrong == []
