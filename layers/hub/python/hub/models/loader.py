"""Models from their folders: `<zone>/<table>/{table.yaml or table.json, model.sql, checks.sql}`."""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from hub.config.lines import Document, parse
from hub.errors import ConfigError
from hub.models import histories
from hub.models.names import ZONES
from hub.models.table import NAME, Check, Table, build

Tables = dict[str, Table]


def load(*roots: Path) -> Tables:
    """All models of the product's sql/ and the deployment's own, by full name; none may be there twice.

    Raises ConfigError with every problem as "file:line: field: what". The SQL itself is judged by `hub.models.lint`.
    """
    tables: Tables = {}
    problems: list[str] = []
    for root in roots:
        for folder in sorted(path for path in root.glob("*/*") if path.is_dir()):
            name = f"{root.name}/{folder.parent.name}/{folder.name}"
            table = _folder(folder, name, problems)
            if table and table.full_name in tables:
                problems.append(f"{name}/table.yaml:1: the file: {table.full_name} exists already; choose another name")
            elif table:
                tables[table.full_name] = table
    if problems:
        raise ConfigError(problems)
    return tables


@cache
def read(home: Path) -> Tables:
    """The models that were shipped under `home`, in their compiled form, with the twins that keep their history.

    Treat the answer as constant.
    """
    return histories.with_twins(load(home / "sql"))


def _folder(folder: Path, name: str, problems: list[str]) -> Table | None:
    compiled = (folder / "table.json").is_file()
    file = f"{name}/table.{'json' if compiled else 'yaml'}"
    model, path = folder / "model.sql", folder / Path(file).name
    for needed in (path, model):
        if not needed.is_file():
            problems.append(f"{name}/{needed.name}:1: the file: is missing; a model is table.yaml and model.sql")
            return None
    if compiled:
        document = Document(file)
        document.data = json.loads(path.read_text("utf-8"))
    else:
        document = parse(path, file)
    zone = folder.parent.name
    if zone not in ZONES or not NAME.fullmatch(folder.name):
        document.problems.append(
            document.problem((), f"{zone}/{folder.name} is not a zone ({', '.join(ZONES)}) and a table name")
        )
    checks = folder / "checks.sql"
    found = (
        tuple(_checks(checks.read_text("utf-8").splitlines(), f"{name}/checks.sql", document.problems))
        if checks.is_file()
        else ()
    )
    kept = folder / "history.sql"
    table = build(
        zone, folder.name, document.data, _select(model), found, document, _select(kept) if kept.is_file() else None
    )
    problems += document.problems
    return table if not document.problems else None


def _select(path: Path) -> str:
    return path.read_text("utf-8").strip().rstrip(";")


def _checks(lines: Iterable[str], file: str, problems: list[str]) -> Iterable[Check]:
    """Each check is a comment that says the rule, then a SELECT that ends with `;`."""
    title: list[str] = []
    sql: list[str] = []
    for number, line in enumerate(lines, 1):
        if line.startswith("--") and not sql:
            title.append(line[2:].strip())
        elif line.strip():
            sql.append(line)
        if line.rstrip().endswith(";"):
            if not title:
                problems.append(f"{file}:{number}: a check has no comment above it; say in one line what must hold")
            yield Check(" ".join(title), "\n".join(sql).rstrip().rstrip(";"))
            title, sql = [], []
    if sql:
        problems.append(f"{file}:{number}: the last check does not end with `;`")
