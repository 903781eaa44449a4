"""Rows of Iceberg tables: appended, and changed by writing the files anew in which a row changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.io.pyarrow import _dataframe_to_data_files, _determine_partitions, schema_to_pyarrow
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from infra.local.athena.catalogue import GlueTable
from infra.local.athena.dialect import casts, tree
from infra.local.athena.dialect.dml import Delete, Merge, Update, When
from infra.local.athena.dialect.expressions import Expressions, Level
from infra.local.athena.dialect.relations import Relations
from infra.local.athena.dialect.rendered import Columns
from infra.local.athena.dialect.scope import Column, Scope
from infra.local.athena.dialect.typed import Typed, failed
from infra.local.athena.engine import QueryFailed
from infra.local.athena.reader import Snapshot, data_object
from infra.local.athena.storage import to_storage, trino_type

if TYPE_CHECKING:
    from infra.local.athena.duckdb_engine import Work

MOST_PARTITIONS = 100
_TARGET = "target_"


def insert(glue: GlueTable, values: Mapping[str, Typed], sql: str, work: Work) -> int:
    """Appends what `sql` gives; `values` by column name reads a row q_ of it. The number of rows."""
    table = work.catalogue.read_iceberg(glue)
    items = []
    for field in table.schema().fields:
        kind = trino_type(field.field_type)
        value = values.get(field.name.lower())
        items.append(f'{to_storage(value) if value else f"CAST(NULL AS {kind.duck})"} AS "{field.name}"')
    rows = as_stored(table, work.arrow(f"SELECT {', '.join(items)} FROM ({sql}) q_"))
    work.context.check()
    few_partitions(table, rows)
    if rows.num_rows:
        table.append(rows)
    return int(rows.num_rows)


def as_stored(table: IcebergTable, rows: pa.Table) -> pa.Table:
    """Arrow rows in the table's own schema."""
    return rows.cast(schema_to_pyarrow(table.schema(), include_field_ids=False))


def few_partitions(table: IcebergTable, rows: pa.Table) -> None:
    """Athena writes at most 100 partitions at once."""
    if table.spec().is_unpartitioned() or not rows.num_rows:
        return
    count = len(list(_determine_partitions(table.spec(), table.schema(), rows)))
    if count > MOST_PARTITIONS:
        raise QueryFailed(
            "ICEBERG_TOO_MANY_OPEN_PARTITIONS", f"Exceeded limit of {MOST_PARTITIONS} open writers for partitions"
        )


class Target:
    """The rows of the table that a statement changes, as a relation with the file and the place of each row."""

    def __init__(self, glue: GlueTable, work: Work):
        self.work, self.table = work, work.catalogue.read_iceberg(glue)
        snapshot = self.table.current_snapshot()
        handle = Snapshot(self.table, snapshot.snapshot_id if snapshot else None)
        self.files: dict[str, DataFile] = {}
        self.columns: Columns = [(f.name.lower(), trino_type(f.field_type)) for f in self.table.schema().fields]
        tasks = work.reader.planned(handle, [])
        self._delete_files = any(t.delete_files for t in tasks)
        self.source = work.reader.snapshot_text(handle, [], places=not self._delete_files)
        if self._delete_files:
            self._of_arrow(tasks)
        elif tasks:
            local = [str(work.catalogue.copy(data_object(task.file))) for task in tasks]
            self.files = {name: task.file for name, task in zip(local, tasks, strict=True)}
        else:
            self.source = f"(SELECT *, '' AS file_, 0 AS place_ FROM {self.source})"

    def _of_arrow(self, tasks: Iterable[FileScanTask]) -> None:
        """Where delete files lie beside the data, all files count as changed: they are written anew without them."""
        self.files = {t.file.file_path: t.file for t in tasks}
        self.source = f"(SELECT *, 'all' AS file_, row_number() OVER () AS place_ FROM {self.source})"

    def scope(self, qualifiers: tuple[str, ...]) -> list[Column]:
        return [Column(n, qualifiers, Typed(f"{_TARGET}.c{i}", k)) for i, (n, k) in enumerate(self.columns)]

    def stored(self, values: list[Typed]) -> str:
        names = [f.name for f in self.table.schema().fields]
        return ", ".join(f'{to_storage(v)} AS "{n}"' for n, v in zip(names, values, strict=True))

    @property
    def own(self) -> list[Typed]:
        return [Typed(f"{_TARGET}.c{i}", k) for i, (_, k) in enumerate(self.columns)]

    def commit(self, changed: list[str], rows: pa.Table | None) -> None:
        """Replaces the files that changed by new ones with these rows, in one snapshot."""
        gone = list(self.files.values()) if self._delete_files else [self.files[name] for name in changed if name]
        self.work.context.check()
        made = as_stored(self.table, rows) if rows is not None and rows.num_rows else None
        if made is not None:
            few_partitions(self.table, made)
        transaction = self.table.transaction()
        with transaction.update_snapshot().overwrite() as overwrite:
            for file in gone:
                overwrite.delete_data_file(file)
            if made is not None:
                for file in _dataframe_to_data_files(transaction.table_metadata, made, self.table.io):
                    overwrite.append_data_file(file)
        transaction.commit_transaction()


def _compiled(target: Target, qualifiers: tuple[str, ...], work: Work) -> tuple[Relations, Expressions]:
    relations = Relations(work.reader)
    return relations, Expressions(relations, Level(Scope(target.scope(qualifiers)), "WHERE clause"))


def _assigned(
    target: Target, assignments: list[tuple[str, tree.Node]], compiler: Expressions, where: tree.Where
) -> list[Typed]:
    """The row's values after an UPDATE's assignments."""
    wanted = dict(assignments)
    known = dict(target.columns)
    values = target.own
    for name in wanted:
        if name not in known:
            raise failed("COLUMN_NOT_FOUND", where, f"The UPDATE SET target column {name} doesn't exist")
    for i, (name, kind) in enumerate(target.columns):
        if name in wanted:
            values[i] = _fitting(compiler(wanted[name]), kind, where, name)
    return values


def _fitting(value: Typed, kind: Any, where: tree.Where, name: str) -> Typed:
    from infra.local.athena.writer import assignable

    if not assignable(value.type, kind):
        raise failed(
            "TYPE_MISMATCH", where, f"column types don't match: column {name} is {kind}, the value {value.type}"
        )
    return casts.coerce(value, kind)


def delete(node: Delete, glue: GlueTable, work: Work) -> int:
    target = Target(glue, work)
    relations, compiler = _compiled(target, node.table[-2:], work)
    condition = compiler.boolean(node.condition, "WHERE clause").sql if node.condition is not None else "true"
    return _rewrite(target, relations, condition, None, work)


def update(node: Update, glue: GlueTable, work: Work) -> int:
    target = Target(glue, work)
    relations, compiler = _compiled(target, node.table[-2:], work)
    condition = compiler.boolean(node.condition, "WHERE clause").sql if node.condition is not None else "true"
    values = _assigned(target, node.assignments, compiler, node.where)
    return _rewrite(target, relations, condition, values, work)


def _rewrite(target: Target, relations: Relations, condition: str, values: list[Typed] | None, work: Work) -> int:
    """Rows that meet the condition get other values (or go, without `values`); other rows of their files stay."""
    hit = work.reader.render(
        f"CREATE OR REPLACE TEMP TABLE hit_ AS SELECT {target.stored(values or target.own)}, {_TARGET}.file_, "
        f"{_TARGET}.place_ "
        f"FROM {target.source} {_TARGET} WHERE {condition}",
        relations.scans,
    )
    work.execute(hit)
    found = work.execute("SELECT file_, count(*) FROM hit_ GROUP BY file_").fetchall()
    if not found:
        return 0
    kept = (
        f"SELECT {target.stored(target.own)} FROM {target.source} {_TARGET} WHERE file_ IN (SELECT file_ FROM hit_) "
        "AND NOT EXISTS (SELECT 1 FROM hit_ h_ WHERE h_.file_ = target_.file_ AND h_.place_ = target_.place_)"
    )
    new = "" if values is None else " UNION ALL SELECT * EXCLUDE (file_, place_) FROM hit_"
    rows = work.arrow(kept + new)
    target.commit([name for name, _ in found], rows)
    return sum(count for _, count in found)


def merge(node: Merge, glue: GlueTable, work: Work) -> int:
    """MERGE: the first WHEN that holds decides; a target row that two source rows match is an error."""
    target = Target(glue, work)
    relations = Relations(work.reader)
    source, scope = relations.sources.read(node.source, None)
    columns = ", ".join(f"{c.value.sql} AS s{i}" for i, c in enumerate(scope.columns))
    work.execute(
        work.reader.render(
            f"CREATE OR REPLACE TEMP TABLE source_ AS SELECT {columns}, row_number() OVER () AS line_ FROM {source}",
            relations.scans,
        )
    )
    relations = Relations(work.reader)
    held = [Column(c.name, c.qualifier, Typed(f"source_.s{i}", c.value.type)) for i, c in enumerate(scope.columns)]
    qualifiers = (node.alias,) if node.alias else node.table[-2:]
    both = Expressions(relations, Level(Scope(target.scope(qualifiers) + held), "MERGE"))
    alone = Expressions(relations, Level(Scope(held), "MERGE"))
    matched, inserted = _branches(node, target, both, alone)
    on = both.boolean(node.on, "MERGE ON clause").sql
    _match(target, on, matched, relations, work)
    return _settle(target, matched, inserted, relations, work)


Branch = tuple[When, str, list[Typed]]


def _branches(node: Merge, target: Target, both: Expressions, alone: Expressions) -> tuple[list[Branch], list[Branch]]:
    """The WHEN clauses with their conditions and values, those for matched rows apart from the others."""
    matched: list[Branch] = []
    inserted: list[Branch] = []
    for when in node.whens:
        compiler = alone if when.action == "insert" else both
        condition = "true" if when.condition is None else compiler.boolean(when.condition, "MERGE WHEN clause").sql
        if when.action == "insert":
            inserted.append((when, condition, _inserted(target, when, alone)))
        else:
            values = target.own if when.action == "delete" else _assigned(target, when.assignments, both, when.where)
            matched.append((when, condition, values))
    return matched, inserted


def _inserted(target: Target, when: When, compiler: Expressions) -> list[Typed]:
    names = when.columns or [n for n, _ in target.columns]
    if len(names) != len(when.values):
        raise failed(
            "TYPE_MISMATCH",
            when.where,
            f"Insert VALUES list has {len(when.values)} entries, the columns are {len(names)}",
        )
    unknown = set(names) - {n for n, _ in target.columns}
    if unknown:
        raise failed(
            "COLUMN_NOT_FOUND", when.where, f"Merge column name does not exist in target table: {min(unknown)}"
        )
    given = dict(zip(names, when.values, strict=True))
    return [
        _fitting(compiler(given[name]), kind, when.where, name) if name in given else casts.null(kind)
        for name, kind in target.columns
    ]


def _match(target: Target, on: str, matched: list[Branch], relations: Relations, work: Work) -> None:
    """Pairs of target and source rows, with the branch that each takes (NULL: none), kept in hit_.

    The branch is judged once for a row, beside both rows as values: a MERGE has conditions over all its columns, which
    for each value again would be a text that takes DuckDB longer to parse than to run.
    """
    action = (
        "CASE " + " ".join(f"WHEN {c} THEN {i}" for i, (_, c, _) in enumerate(matched)) + " END" if matched else "NULL"
    )
    items = []
    for at in range(len(target.columns)):
        whens = " ".join(f"WHEN {i} THEN {values[at].sql}" for i, (_, _, values) in enumerate(matched))
        items.append(f"CASE action_ {whens} END AS v{at}" if matched else f"NULL AS v{at}")
    work.execute(
        work.reader.render(
            f"CREATE OR REPLACE TEMP TABLE hit_ AS SELECT {', '.join(items)}, action_, {_TARGET}.file_, "
            f"{_TARGET}.place_, source_.line_ FROM (SELECT {_TARGET}, source_, CAST({action} AS INTEGER) AS action_ "
            f"FROM {target.source} {_TARGET} JOIN source_ ON {on})",
            relations.scans,
        )
    )
    twice = "SELECT 1 FROM hit_ WHERE action_ IS NOT NULL GROUP BY file_, place_ HAVING count(*) > 1 LIMIT 1"
    if work.execute(twice).fetchall():
        raise QueryFailed(
            "MERGE_TARGET_ROW_MULTIPLE_MATCHES", "One MERGE target table row matched more than one source row"
        )


def _settle(target: Target, matched: list[Branch], inserted: list[Branch], relations: Relations, work: Work) -> int:
    """Writes the outcome of a MERGE and answers how many rows it touched."""
    updates = ", ".join(str(i) for i, (w, _, _) in enumerate(matched) if w.action == "update") or "-1"
    values = [Typed(f"hit_.v{i}", k) for i, (_, k) in enumerate(target.columns)]
    parts = [
        f"SELECT {target.stored(target.own)}, true AS kept_ FROM {target.source} {_TARGET} WHERE file_ IN "
        "(SELECT file_ FROM hit_ WHERE action_ IS NOT NULL) "
        "AND NOT EXISTS (SELECT 1 FROM hit_ h_ WHERE h_.action_ IS NOT NULL AND h_.file_ = target_.file_ AND "
        "h_.place_ = target_.place_)",
        f"SELECT {target.stored(values)}, false AS kept_ FROM hit_ WHERE action_ IN ({updates})",
    ]
    before = "true"
    for _, condition, fresh in inserted:
        free = "NOT EXISTS (SELECT 1 FROM hit_ h_ WHERE h_.line_ = source_.line_)"
        parts.append(
            f"SELECT {target.stored(fresh)}, false AS kept_ FROM source_ "
            f"WHERE {free} AND ({before}) AND ({condition}) IS TRUE"
        )
        before += f" AND ({condition}) IS NOT TRUE"
    rows = work.arrow(work.reader.render(" UNION ALL ".join(parts), relations.scans))
    kept = pc.sum(rows["kept_"]).as_py() or 0
    found = work.execute(
        f"SELECT file_, count(*) FILTER (action_ NOT IN ({updates})) FROM hit_ WHERE action_ IS NOT NULL GROUP BY file_"
    ).fetchall()
    removed = sum(count for _, count in found)
    if found or rows.num_rows:
        target.commit([name for name, _ in found], rows.drop_columns(["kept_"]))
    return int(rows.num_rows - kept + removed)
