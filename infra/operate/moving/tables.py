"""Iceberg's tables as Parquet files of one snapshot, and back: file by file, so that a table may be of any size."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan, schema_to_pyarrow
from pyiceberg.table import Table as IcebergTable

from hub import aws
from hub.models.athena import Athena
from infra.operate.moving.digests import Tally
from infra.operate.moving.manifest import File, Table, keep
from infra.operate.moving.place import Place, scratch
from infra.operate.moving.stores import ZONES, Stores
from infra.operate.stage import OperateError

BYTES_PER_FILE = 64 * 1024 * 1024  # of rows in memory, on the way out and on the way in
DDL_SECONDS = 120
HOUSEKEEPING = ("optimize_", "vacuum_")


def catalogue() -> GlueCatalog:
    """PyIceberg's catalogue over Glue and S3 with the caller's own credentials."""
    glue, s3 = aws.client("glue"), aws.client("s3")
    found = (boto3.DEFAULT_SESSION or boto3.Session()).get_credentials()
    if found is None:
        raise OperateError("there are no AWS credentials; sign in first")
    frozen = found.get_frozen_credentials()
    properties = {
        "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO",
        "s3.region": s3.meta.region_name,
        "s3.access-key-id": frozen.access_key,
        "s3.secret-access-key": frozen.secret_key,
    }
    if frozen.token:
        properties["s3.session-token"] = frozen.token
    if ".amazonaws.com" not in s3.meta.endpoint_url:
        properties["s3.endpoint"] = s3.meta.endpoint_url
    return GlueCatalog("hub", client=glue, **properties)


def export(where: Place, stores: Stores, glue: GlueCatalog, name: str, physical: str, snapshot: str) -> Table:
    """Write the rows of a table as of a snapshot into the export."""
    database = stores.database(name.partition(".")[0])
    table = glue.load_table((database, physical))
    tally = Tally()
    files = _written(where, f"tables/{name.replace('.', '/')}", _batches(table, int(snapshot)), tally)
    spec, schema = table.spec(), table.scan(snapshot_id=int(snapshot)).projection()
    types = _hive_types(database, physical)
    return Table(
        name=name,
        physical=physical,
        columns={field.name: types[field.name] for field in schema.fields},
        partitions=[
            _transform(str(each.transform), schema.find_column_name(each.source_id) or "") for each in spec.fields
        ],
        properties={key: value for key, value in table.properties.items() if key.startswith(HOUSEKEEPING)},
        rows=tally.count,
        digest=tally.digest,
        files=files,
    )


def make(where: Place, stores: Stores, glue: GlueCatalog, told: Table) -> str:
    """Make a table and its rows, all in one commit; its snapshot. What an import that was broken off left is gone."""
    zone = told.name.partition(".")[0]
    database, bucket = stores.database(zone), stores.buckets[ZONES[zone]]
    folder = f"{zone}/{told.physical}/"
    _forget(database, told.physical, bucket, folder)
    columns = ",\n".join(f"    `{name}` {kind}" for name, kind in told.columns.items())
    partitions = f"PARTITIONED BY ({', '.join(told.partitions)})\n" if told.partitions else ""
    own = "".join(f", '{name}' = '{value}'" for name, value in sorted(told.properties.items()))
    ddl = (
        f"CREATE TABLE {database}.{told.physical} (\n{columns}\n)\n{partitions}LOCATION 's3://{bucket}/{folder}'\n"
        f"TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet', 'write_compression' = 'snappy'{own})"
    )
    for _ in Athena(stores.workgroup).query(ddl, uuid.uuid4().hex, DDL_SECONDS):
        pass
    table = glue.load_table((database, told.physical))
    schema = schema_to_pyarrow(table.schema(), include_field_ids=False)
    with table.transaction() as change:
        for file in told.files:
            with where.file(file.name) as path:
                change.append(pq.read_table(path).select(schema.names).cast(schema))
        if not told.files:
            change.append(schema.empty_table())
    table = glue.load_table((database, told.physical))
    snapshot = table.current_snapshot()
    if snapshot is None:
        raise OperateError(f"{told.name} has no snapshot after its import")
    prove(table, snapshot.snapshot_id, told)
    return str(snapshot.snapshot_id)


def prove(table: IcebergTable, snapshot: int, told: Table) -> None:
    """OperateError where the table's rows are not those that were exported."""
    tally = Tally()
    for batch in _batches(table, snapshot):
        tally.add_rows(batch)
    if (tally.count, tally.digest) != (told.rows, told.digest):
        raise OperateError(
            f"{told.name}: {tally.count} rows after the import are not the {told.rows} that were exported; "
            "the export is damaged, or somebody else writes the table"
        )


def _batches(table: IcebergTable, snapshot: int) -> Iterator[pa.RecordBatch]:
    """The rows of a snapshot, of one file at a time; what was deleted is left out."""
    scan = table.scan(snapshot_id=snapshot)
    schema = scan.projection()
    arrow = ArrowScan(table.metadata, table.io, schema, AlwaysTrue())
    wanted = schema_to_pyarrow(schema, include_field_ids=False)
    for task in scan.plan_files():
        for batch in arrow.to_record_batches([task]):
            yield batch.select(wanted.names).cast(wanted)


def _written(where: Place, folder: str, batches: Iterator[pa.RecordBatch], tally: Tally) -> list[File]:
    """Parquet files of bounded size."""
    files: list[File] = []
    waiting = next(batches, None)
    while waiting is not None:
        with scratch() as path:
            size = 0
            with ExitStack() as stack:
                writer = stack.enter_context(pq.ParquetWriter(path, waiting.schema, compression="snappy"))
                while waiting is not None and size < BYTES_PER_FILE:
                    writer.write_batch(waiting)
                    tally.add_rows(waiting)
                    size += waiting.nbytes
                    waiting = next(batches, None)
            files.append(keep(where, f"{folder}/part-{len(files) + 1:05d}.parquet", path))
    return files


def _hive_types(database: str, name: str) -> Mapping[str, str]:
    found: dict[str, Any] = aws.client("glue").get_table(DatabaseName=database, Name=name)["Table"]
    return {column["Name"]: column["Type"] for column in found["StorageDescriptor"]["Columns"]}


def _transform(transform: str, column: str) -> str:
    """A partition as DDL has it: `month(sold_at)`, `bucket(16, id)`, `city`."""
    if transform == "identity":
        return column
    name, _, size = transform.removesuffix("]").partition("[")
    return f"{name}({size}, {column})" if size else f"{name}({column})"


def _forget(database: str, name: str, bucket: str, folder: str) -> None:
    glue, s3 = aws.client("glue"), aws.client("s3")
    with suppress(glue.exceptions.EntityNotFoundException):
        glue.delete_table(DatabaseName=database, Name=name)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder):
        for item in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=item["Key"])
