"""OPTIMIZE and VACUUM of Iceberg tables."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan, _dataframe_to_data_files
from pyiceberg.table import Table as IcebergTable

from infra.local.athena.catalogue import Catalogue, GlueTable

if TYPE_CHECKING:
    from infra.local.athena.duckdb_engine import Work

FULL = 128 * 1024 * 1024  # a file of this size stays as it is


def optimize(glue: GlueTable, where: str | None, work: Work) -> None:
    """OPTIMIZE ... BIN_PACK: the small files of each partition become one. The WHERE clause may leave files out."""
    table = work.catalogue.load_iceberg(glue)
    small: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for task in table.scan().plan_files():
        if task.file.file_size_in_bytes < FULL or task.delete_files:
            small[tuple(task.file.partition[i] for i in range(len(task.file.partition)))].append(task)
    chosen = [t for tasks in small.values() if len(tasks) > 1 or any(t.delete_files for t in tasks) for t in tasks]
    if not chosen:
        return
    scan = ArrowScan(table.metadata, table.io, table.schema(), AlwaysTrue())
    rows = scan.to_table(chosen)
    work.context.check()
    transaction = table.transaction()
    with transaction.update_snapshot().overwrite() as overwrite:
        for task in chosen:
            overwrite.delete_data_file(task.file)
        for file in _dataframe_to_data_files(transaction.table_metadata, rows, table.io):
            overwrite.append_data_file(file)
    transaction.commit_transaction()


def vacuum(catalogue: Catalogue, glue: GlueTable) -> None:
    """VACUUM: snapshots beyond the table's age are forgotten, and every file that none is left to name is deleted."""
    table = catalogue.load_iceberg(glue)
    age = float(table.properties.get("vacuum_max_snapshot_age_seconds", 432_000))
    least = int(table.properties.get("vacuum_min_snapshots_to_keep", 1))
    newest = sorted(table.metadata.snapshots, key=lambda s: s.timestamp_ms, reverse=True)
    current = table.metadata.current_snapshot_id
    limit = time.time() * 1000 - age * 1000
    old = [s.snapshot_id for s in newest[least:] if s.timestamp_ms < limit and s.snapshot_id != current]
    if not old:
        return
    before = _referenced(table)
    table.maintenance.expire_snapshots().by_ids(old).commit()
    left = _referenced(catalogue.load_iceberg(glue))
    for uri in before - left:
        bucket, _, key = uri.partition("://")[2].partition("/")
        catalogue.s3.delete_object(Bucket=bucket, Key=key)


def _referenced(table: IcebergTable) -> set[str]:
    """Manifest lists, manifests and data files of all snapshots."""
    found: set[str] = set()
    for snapshot in table.metadata.snapshots:
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            if manifest.manifest_path in found:
                continue
            found.add(manifest.manifest_path)
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
            found.update(entry.data_file.file_path for entry in entries)
    return found
