"""The Glue catalogue and the S3 objects behind it: what tables there are, where their data lie, which partitions."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import boto3
from botocore.config import Config
from pyiceberg.catalog import METADATA_LOCATION
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.serializers import FromInputFile
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table import Transaction
from pyiceberg.table.metadata import TableMetadata

from infra.local.athena.errors import QueryFailed

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
BATCH = 100  # partitions per BatchCreatePartition, keys per DeleteObjects: both allow more, Glue not

PIECE = 1024 * 1024  # bytes
MOST_PARSED = 200  # metadata files

GlueTable = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DataObject:
    """One object of a table; `path` is its key below the location that was listed."""

    bucket: str
    key: str
    etag: str
    size: int
    path: str

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class Partition:
    """Values by partition column, as text (NULL_PARTITION for NULL), and where the files are."""

    values: dict[str, str]
    location: str


class Changes(Transaction):
    """PyIceberg's transaction, which does not copy the whole metadata at each look at it."""

    _seen: tuple[TableMetadata, object, TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        base, updates = self._table.metadata, self._updates  # each change makes new ones
        if self._seen is None or self._seen[0] is not base or self._seen[1] is not updates:
            self._seen = base, updates, super().table_metadata
        return self._seen[2]


class Loaded(IcebergTable):
    def transaction(self) -> Transaction:
        return Changes(self)


class Tables(GlueCatalog):
    """PyIceberg's catalogue, which does not parse the same metadata file twice."""

    def __init__(self, name: str, **properties: str) -> None:
        super().__init__(name, **properties)
        self._parsed = lru_cache(MOST_PARSED)(self._metadata)

    def of(self, table: GlueTable) -> IcebergTable:
        return self._convert_glue_to_iceberg(table)

    def _is_s3tables_database(self, database_name: str) -> bool:
        """A laptop has no S3 Tables; PyIceberg would ask Glue at each commit."""
        return False

    def _convert_glue_to_iceberg(self, glue_table: Any) -> IcebergTable:
        location = (glue_table.get("Parameters") or {}).get(METADATA_LOCATION)
        if location is None:
            return super()._convert_glue_to_iceberg(glue_table)  # which says what is missing
        return Loaded(
            identifier=(glue_table["DatabaseName"], glue_table["Name"]),
            metadata=self._parsed(location),
            metadata_location=location,
            io=self._load_file_io(location=location),
            catalog=self,
        )

    def _metadata(self, location: str) -> TableMetadata:
        return FromInputFile.table_metadata(self._load_file_io(location=location).new_input(location))


class Catalogue:
    """Reads and writes Glue and S3 at the endpoint of the environment. Safe to share between threads."""

    def __init__(self, cache: Path | None = None) -> None:
        config = Config(max_pool_connections=32, retries={"mode": "standard"})
        self._session = boto3.Session()
        self.s3 = self._session.client("s3", config=config)
        self.glue = self._session.client("glue", config=config)
        self._cache = cache or Path(tempfile.gettempdir()) / "athena-cache"
        self._iceberg: Tables | None = None
        self._locks: defaultdict[tuple[str, str], threading.RLock] = defaultdict(threading.RLock)
        self._starting = threading.Lock()

    # --- databases and tables

    def databases(self) -> list[dict[str, Any]]:
        pages = self.glue.get_paginator("get_databases").paginate()
        return [database for page in pages for database in page["DatabaseList"]]

    def tables(self, database: str) -> list[GlueTable]:
        """Raises QueryFailed when there is no such database."""
        try:
            self.glue.get_database(Name=database)
            pages = self.glue.get_paginator("get_tables").paginate(DatabaseName=database)
            return [table for page in pages for table in page["TableList"]]
        except self.glue.exceptions.EntityNotFoundException:
            raise QueryFailed("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist") from None

    def table(self, database: str, name: str) -> GlueTable | None:
        try:
            found: GlueTable = self.glue.get_table(DatabaseName=database, Name=name)["Table"]
        except self.glue.exceptions.EntityNotFoundException:
            return None
        return found

    def require(self, database: str, name: str) -> GlueTable:
        """The table. Raises QueryFailed TABLE_NOT_FOUND."""
        table = self.table(database, name)
        if table is None:
            raise QueryFailed("TABLE_NOT_FOUND", f"Table 'awsdatacatalog.{database}.{name}' does not exist")
        return table

    def put_table(self, database: str, table: GlueTable, *, replace: bool = False) -> None:
        """Create a table or view from a TableInput. Raises QueryFailed when it or the database stands in the way."""
        try:
            self.glue.create_table(DatabaseName=database, TableInput=table)
        except self.glue.exceptions.AlreadyExistsException:
            if not replace:
                name = f"awsdatacatalog.{database}.{table['Name']}"
                raise QueryFailed("TABLE_ALREADY_EXISTS", f"Table '{name}' already exists") from None
            self.glue.update_table(DatabaseName=database, TableInput=table)
        except self.glue.exceptions.EntityNotFoundException:
            raise QueryFailed("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist") from None

    def update_table(self, table: GlueTable) -> None:
        """Write a table back that was read and changed."""
        fields = ("Name", "Description", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")
        changed = {field: table[field] for field in fields if field in table}
        self.glue.update_table(DatabaseName=table["DatabaseName"], TableInput=changed)

    def delete_table(self, database: str, name: str) -> None:
        self.glue.delete_table(DatabaseName=database, Name=name)

    def writer(self, database: str, name: str) -> threading.RLock:
        """The lock that the writers of one table take in turn."""
        return self._locks[(database, name)]

    # --- partitions of Hive tables

    def partitions(self, table: GlueTable) -> list[Partition]:
        """The partitions of a Hive table; a table without partition columns is one partition without values."""
        keys = [column["Name"] for column in table.get("PartitionKeys") or ()]
        location = table["StorageDescriptor"].get("Location", "")
        if not keys:
            return [Partition({}, location)]
        if is_projected(table):
            return self._projected(table, keys)
        pages = self.glue.get_paginator("get_partitions").paginate(
            DatabaseName=table["DatabaseName"], TableName=table["Name"]
        )
        return [
            Partition(dict(zip(keys, found["Values"], strict=True)), found["StorageDescriptor"]["Location"])
            for page in pages
            for found in page["Partitions"]
        ]

    def _projected(self, table: GlueTable, keys: list[str]) -> list[Partition]:
        """Partition projection: the partitions that have files, read from the layout of the locations."""
        template = table["Parameters"].get("storage.location.template")
        if template is None:
            names = "/".join(f"{key}=${{{key}}}" for key in keys)
            template = table["StorageDescriptor"]["Location"].rstrip("/") + "/" + names
        template = template.rstrip("/") + "/"
        base = template[: template[: template.index("${")].rindex("/") + 1]
        parts = re.split(r"\$\{(\w+)\}", template)
        pattern = "".join(f"(?P<{part}>[^/]+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
        found = {}
        for item in self.objects(base):
            if match := re.match(pattern, item.uri):
                found[match.group()] = {key: unquote(value) for key, value in match.groupdict().items()}
        return [Partition(values, location) for location, values in found.items()]

    def add_partitions(self, table: GlueTable, partitions: Iterable[Partition]) -> None:
        """Register partitions; those that are there stay as they are."""
        keys = [column["Name"] for column in table["PartitionKeys"]]
        wanted = [
            {
                "Values": [partition.values[key] for key in keys],
                "StorageDescriptor": {**table["StorageDescriptor"], "Location": partition.location},
            }
            for partition in partitions
        ]
        for batch in _batches(wanted):
            self.glue.batch_create_partition(
                DatabaseName=table["DatabaseName"], TableName=table["Name"], PartitionInputList=batch
            )

    # --- objects

    def objects(self, location: str) -> Iterator[DataObject]:
        """The data objects below a location: neither empty nor hidden by a leading "_" or "."."""
        bucket, prefix = _place(location)
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", ()):
                path = item["Key"][len(prefix) :]
                if item["Size"] and path and not any(part[:1] in "_." for part in path.split("/")):
                    yield DataObject(bucket, item["Key"], item["ETag"].strip('"'), item["Size"], path)

    def copy(self, item: DataObject) -> Path:
        """The object's file in the local cache; an object that changed has another name there."""
        name = hashlib.sha256(f"{item.key}|{item.etag}".encode()).hexdigest()[:32]
        return self._cache / item.bucket / (name + "-" + item.key.rsplit("/", 1)[-1][-60:])

    def fetch(self, item: DataObject) -> None:
        """Put the object into the local cache."""
        file = self.copy(item)
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(dir=file.parent)
        os.close(descriptor)
        body = self.s3.get_object(Bucket=item.bucket, Key=item.key)["Body"]
        with open(unfinished, "wb") as output, body:
            shutil.copyfileobj(body, output, PIECE)
        Path(unfinished).replace(file)

    def read(self, uri: str) -> bytes:
        parts = urlsplit(uri)
        body: bytes = self.s3.get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))["Body"].read()
        return body

    def write(self, uri: str, body: bytes) -> None:
        parts = urlsplit(uri)
        self.s3.put_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"), Body=body)

    def delete_below(self, location: str) -> None:
        """Delete every object below a location."""
        bucket, prefix = _place(location)
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            if keys := [{"Key": item["Key"]} for item in page.get("Contents", ())]:
                self.s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})

    # --- Iceberg

    def iceberg(self) -> Tables:
        """PyIceberg's catalogue over the same Glue and S3; it is told the endpoint, which it does not read itself."""
        with self._starting:
            if self._iceberg is None:
                found = self._session.get_credentials()
                assert found is not None, "the environment has no AWS credentials"
                credentials = found.get_frozen_credentials()
                region, endpoint = self.glue.meta.region_name, self.s3.meta.endpoint_url
                self._iceberg = Tables(
                    "local",
                    **{
                        "glue.region": region,
                        "glue.endpoint": self.glue.meta.endpoint_url,
                        "glue.access-key-id": credentials.access_key,
                        "glue.secret-access-key": credentials.secret_key,
                        "s3.region": region,
                        "s3.endpoint": endpoint,
                        "s3.access-key-id": credentials.access_key,
                        "s3.secret-access-key": credentials.secret_key,
                        "py-io-impl": "infra.local.athena.file_io.S3Files",
                    },
                )
        return self._iceberg

    def load_iceberg(self, table: GlueTable) -> IcebergTable:
        """The table as it is now, for its writers."""
        return self.iceberg().load_table((table["DatabaseName"], table["Name"]))

    def read_iceberg(self, table: GlueTable) -> IcebergTable:
        """The table as it was when `table` was read from Glue: one request less."""
        return self.iceberg().of(table)


def is_iceberg(table: GlueTable) -> bool:
    return str((table.get("Parameters") or {}).get("table_type", "")).upper() == "ICEBERG"


def current_columns(table: GlueTable) -> list[dict[str, Any]]:
    """The columns of a table without its partition columns; Glue keeps those that Iceberg dropped, marked."""
    columns: list[dict[str, Any]] = table["StorageDescriptor"].get("Columns") or []
    return [column for column in columns if (column.get("Parameters") or {}).get("iceberg.field.current") != "false"]


def is_view(table: GlueTable) -> bool:
    return table.get("TableType") == "VIRTUAL_VIEW"


def is_projected(table: GlueTable) -> bool:
    return str((table.get("Parameters") or {}).get("projection.enabled", "")).lower() == "true"


def partition_path(values: dict[str, str]) -> str:
    """dt=2024-01-01/city=New%20York, as Hive writes it."""
    return "/".join(f"{key}={quote(value, safe=' -_.')}" for key, value in values.items())


def _place(location: str) -> tuple[str, str]:
    parts = urlsplit(location)
    prefix = parts.path.strip("/")
    return parts.netloc, prefix + "/" if prefix else ""


def _batches(items: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rest = iter(items)
    while batch := list(itertools.islice(rest, BATCH)):
        yield batch
