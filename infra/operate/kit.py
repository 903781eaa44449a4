"""The connector kit: `make new-source`, `make check-source` and `make try-source`. None of them writes to a stage."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from hub import config
from hub.config import DataSet, Deployment, Source
from hub.quality import profile
from hub.quality.profile import Keys, Profile
from hub.sources import SourceError, connector, json_text
from hub.sources.database import Database, connect, quoted
from hub.sources.tables import EXTRA, ORIGIN, column_of
from infra.operate import drafts, samples
from infra.operate.stage import OperateError

Say = Callable[[str], None]
SQLITE = "sqlite_master as q", ("name",), " where type = 'table' and name not like 'sqlite_%' order by name"
OTHERS = (
    "INFORMATION_SCHEMA.TABLES as q",  # as SQL Server writes it, whose names may have a case
    ("table_schema", "table_name"),
    " where TABLE_SCHEMA not in ('information_schema', 'pg_catalog', 'mysql', 'performance_schema', 'sys') "
    "order by TABLE_SCHEMA, TABLE_NAME",
)


def new_source(hub: str, name: str, kind: str, say: Say) -> None:
    """Write a commented manifest; OperateError where there is one of that name."""
    text = drafts.manifest(name, kind)
    path = Path(hub) / "sources" / f"{name}.yaml"
    if path.exists():
        raise OperateError(f"{path} is there already; take another NAME")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    code = Path(hub) / "connectors" / f"{name}.py"
    if kind == "own" and not code.exists():
        code.parent.mkdir(exist_ok=True)
        code.write_text(drafts.OWN)
        say(f"{code} is written; it gives no row yet")
    say(f"{path} is written; edit it, then: make check-source SOURCE={name}, make try-source SOURCE={name}")


def check_source(hub: str, name: str, say: Say) -> None:
    """Say what a manifest does with rows that are made up; ConfigError where it is not sound."""
    deployment = config.load(hub)
    source = _source(deployment, hub, name)
    country = deployment.hub.country
    for data_set, rules in source.data_sets.items():
        entities = ", ".join(rules.entity) or "no entity"
        key = ", ".join(rules.keys.business) or "the row's place"
        say(f"{name}.{data_set}: sound; {len(rules.columns)} columns, known by {key}, mapped to {entities}")
        found = samples.refined(samples.fitting(rules, 3, country), rules, country)
        problems = sorted({f"{each.column}: {each.rule}" for row in found.rejected.values() for each in row})
        if problems:
            say(f"  drafted rows do not pass {', '.join(problems)}; try real ones: make try-source SOURCE={name}")
            continue
        say("  three drafted rows pass")
        for column, declared in rules.columns.items():
            for check in declared.checks:
                fate = samples.fate(rules, column, check, country)
                say(f"  {column}: a row that breaks {check.rule} is {fate or 'not tried here'}")


def try_source(hub: str, name: str, rows: int, vault: Callable[[], str], say: Say) -> None:
    """Read the first rows of each data set and say what they look like. vault: the bucket of dropped files."""
    deployment = config.load(hub)
    source = _source(deployment, hub, name)
    if source.connector == "push":
        raise OperateError(f"{name} is pushed to the hub; there is nothing to read before it sends something")
    bucket = vault() if source.connector == "files" and not source.connection.location else ""
    tables: dict[str, pa.Table] = {}
    found: dict[str, list[Profile]] = {}
    for data_set, rules in source.data_sets.items():
        try:
            table, unreadable = _sample(source, data_set, rules, rows, bucket, Path(hub))
        except SourceError as error:
            say(f"{name}.{data_set}: cannot be read: {error.message}")
            continue
        say(f"{name}.{data_set}: {len(table)} rows read, {unreadable} could not be taken apart")
        declared = {column.source_name or each: column.personal for each, column in rules.columns.items()}
        tables[data_set], found[data_set] = table, profile.columns(table, declared)
        keys = profile.keys(table, found[data_set], data_set)
        _tell(found[data_set], say)
        _compare(rules, table, found[data_set], keys, deployment.hub.country, say)
    if source.connector == "sql":
        _undeclared(source, rows, tables, found, say)
    for each in profile.overlaps(tables, found):
        say(f"{each.data_set}.{each.column} seems to point to {each.of}.{each.key}: {each.share:.0%} of its values")


def _source(deployment: Deployment, hub: str, name: str) -> Source:
    if name not in deployment.sources:
        raise OperateError(f"{hub} has no source {name!r}; say SOURCE={' or '.join(deployment.sources)}")
    return deployment.sources[name]


def _sample(source: Any, name: str, rules: DataSet, rows: int, bucket: str, home: Path) -> tuple[pa.Table, int]:
    """Up to so many rows under the source's own names, undeclared ones too, and how many could not be taken apart."""
    if hasattr(rules.fetch, "rows"):
        rules = rules.model_copy(update={"fetch": rules.fetch.model_copy(update={"rows": rows})})
        source = source.model_copy(update={"data_sets": {**source.data_sets, name: rules}})
    theirs = {column: declared.source_name or column for column, declared in rules.columns.items()}
    records: list[dict[str, Any]] = []
    unreadable = 0
    pieces = connector(source, name, bucket, home).pieces(None, None)
    try:
        for piece in pieces:
            unreadable += len(piece.unreadable)
            records += (_whole(row, theirs) for row in piece.rows.slice(0, rows - len(records)).to_pylist())
            if len(records) >= rows:
                break
    finally:
        if isinstance(pieces, Iterator) and hasattr(pieces, "close"):
            pieces.close()
    names = dict.fromkeys([*theirs.values(), *(name for record in records for name in record)])
    return pa.table({each: column_of([record.get(each) for record in records]) for each in names}), unreadable


def _whole(row: Mapping[str, Any], theirs: Mapping[str, str]) -> dict[str, Any]:
    extra: dict[str, Any] = json_text.loads((row.get(EXTRA) or "{}").encode())
    return {theirs[name]: value for name, value in row.items() if name not in (EXTRA, ORIGIN)} | extra


def _tell(found: list[Profile], say: Say) -> None:
    width = max(len(each.name) for each in found)
    for each in found:
        fill = f"{each.filled / each.rows:4.0%} filled" if each.rows else "no rows"
        told = [f"{fill}, {each.distinct} distinct"]
        if each.personal != "none":
            told.append(f"personal ({each.personal}): nothing of it is told")
        elif each.least is not None:
            told.append(f"{each.least} to {each.most}")
        elif each.shapes:
            told.append("like " + ", ".join(f"{shape} ({count})" for shape, count in each.shapes))
        kind = f"{each.type} {each.format}" if each.format else each.type
        say(f"  {each.name:{width}}  {kind:15} {'; '.join(told)}")


def _compare(rules: DataSet, table: pa.Table, found: list[Profile], keys: Keys, country: str, say: Say) -> None:
    """What differs between the manifest and the rows."""
    columns = {column.source_name or name: (name, column) for name, column in rules.columns.items()}
    own = tuple(rules.columns[name].source_name or name for name in rules.keys.business)
    if own != keys.business and keys.business:
        say(f"  keys: declared {', '.join(own) or 'none'}, the rows look like {', '.join(keys.business)}")
    if keys.change and not rules.keys.change:
        say(f"  keys: {keys.change} seems to say when a row changed; add `change:`")
    if newest := profile.newest(table, found, keys.change):
        say(f"  the newest row is of {newest:%Y-%m-%d}")
    for each in found:
        name, column = columns.get(each.name, ("", None))
        if column is None:
            say(f"  not declared, drafted: {drafts.column(each)}")
        elif each.rows and not each.filled:
            say(f"  {name}: has no value in these rows; is {each.name!r} its name there?")
        elif column.personal == "none" and each.personal != "none":
            say(f"  {name}: looks personal; add `personal: {each.personal}`")
    records = [{name: row[name] for name in columns if name in row} for row in table.to_pylist()]
    judged = samples.refined(records, rules, country) if records else None
    broken: dict[str, int] = {}
    for failures in judged.rejected.values() if judged else ():
        for failure in failures:
            broken[f"{failure.column}: {failure.rule}"] = broken.get(f"{failure.column}: {failure.rule}", 0) + 1
    for rule, count in sorted(broken.items()):
        say(f"  {count} of {len(records)} rows would be refused by {rule}")


def _undeclared(source: Any, rows: int, tables: dict[str, pa.Table], found: dict[str, list[Profile]], say: Say) -> None:
    """Drafts of the tables that no data set reads; their samples join the others."""
    declared = {rules.fetch.table.lower() for rules in source.data_sets.values() if rules.fetch.table}
    database = connect(source)
    try:
        for table in _tables(source, database):
            if table.lower() in declared or table.lower().partition(".")[2] in declared:
                continue
            sample = _first(database, ".".join(map(quoted, table.split("."))) + " as q", "", rows)
            if not len(sample):
                say(f"{table}: no data set reads it; it is empty")
                continue
            columns = profile.columns(sample)
            keys = profile.keys(sample, columns, table.rpartition(".")[2])
            tables[table], found[table] = sample, columns
            say(f"{table}: no data set reads it; drafted from {len(sample)} rows:")
            say(drafts.data_set(table, columns, keys))
    finally:
        database.close()


def _tables(source: Any, database: Database) -> list[str]:
    """The tables of a database, behind their schemas where it has any."""
    relation, wanted, rest = SQLITE if source.connection.url.startswith("sqlite:") else OTHERS
    listed = _first(database, relation, rest)
    theirs = {name.lower(): name for name in listed.column_names}
    rows = listed.select([theirs[name] for name in wanted]).to_pylist()
    return [".".join(map(str, row.values())) for row in rows]


def _first(database: Database, relation: str, rest: str, most: int | None = None) -> pa.Table:
    return database.page([quoted(name) for name in database.columns(relation)], [], relation, rest, most).rows
