"""Staging in Glue. A pull is published by registering its partition: before that no query sees its rows."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from hub import aws
from hub.config import DataSet
from hub.errors import HubError
from hub.pulls.models import Pull
from hub.pulls.objects import folder, staging_folder
from hub.pulls.schema import PARTITIONS, database_name, staging_columns, table_name

PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}
# What was made of values: JSON lines, readable by no role that reads staging; the API shows them to stewards.
FIXES = "fixes"
FIX_COLUMNS = {
    "column": "string",
    "rule": "string",
    "row": "int",
    "record_key": "string",
    "before": "string",
    "after": "string",
    "certainty": "double",
    "applied": "boolean",
}
FIX_PARTITIONS = {"source": "string", "data_set": "string", "pull_id": "string"}
JSON_LINES = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hive.hcatalog.data.JsonSerDe"},
}
KEPT = ("Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")


class CannotPublish(HubError):
    """The staging table and the manifest contradict each other."""

    code, status = "cannot_publish", 409


class Catalogue:
    """The staging tables of one stage."""

    def __init__(self, stage: str, bucket: str) -> None:
        self._database, self._bucket = database_name(stage), bucket

    def publish(self, pull: Pull, rules: DataSet) -> None:
        """Register the pull's partition in the table that `ensure_table` made; safe to repeat."""
        storage = self._storage(staging_columns(rules), staging_folder(pull))
        self._register(table_name(pull.source, pull.data_set), [pull.started_at[:10], pull.pull_id], storage)

    def publish_fixes(self, pull: Pull) -> None:
        """Register what the pull has fixed in the one table of all data sets' fixes; safe to repeat."""
        glue = aws.client("glue")
        table = _table(FIXES, "What pulls made of values that broke a rule", FIX_PARTITIONS, "json")
        table["StorageDescriptor"] = self._storage(FIX_COLUMNS, f"{FIXES}/", JSON_LINES)
        try:
            known = glue.get_table(DatabaseName=self._database, Name=FIXES)["Table"]
            if known["StorageDescriptor"]["Columns"] != table["StorageDescriptor"]["Columns"]:
                glue.update_table(DatabaseName=self._database, TableInput=table)  # made by an earlier version
        except glue.exceptions.EntityNotFoundException:
            with suppress(glue.exceptions.AlreadyExistsException):  # another data set's pull was quicker
                glue.create_table(DatabaseName=self._database, TableInput=table)
        storage = self._storage(FIX_COLUMNS, folder(FIXES, pull), JSON_LINES)
        self._register(FIXES, [pull.source, pull.data_set, pull.pull_id], storage)

    def _register(self, table: str, values: Sequence[str], storage: Mapping[str, Any]) -> None:
        answer = aws.client("glue").batch_create_partition(
            DatabaseName=self._database,
            TableName=table,
            PartitionInputList=[{"Values": list(values), "StorageDescriptor": storage}],
        )
        for error in answer.get("Errors", []):
            if error["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException":
                raise CannotPublish(f"Glue refuses the partition: {error['ErrorDetail']}")

    def ensure_table(self, source: str, data_set: str, rules: DataSet) -> None:
        """Make the table of a data set what the manifest says: create it, or add the columns that are new."""
        columns = staging_columns(rules)
        glue, name = aws.client("glue"), table_name(source, data_set)
        try:
            table = glue.get_table(DatabaseName=self._database, Name=name)["Table"]
        except glue.exceptions.EntityNotFoundException:
            self._create(source, data_set, rules, columns)
            return
        known = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
        for column in known.keys() & columns.keys():
            if known[column] != columns[column]:
                raise CannotPublish(
                    f"{name}.{column} is {known[column]} in staging and {columns[column]} in the manifest; "
                    "declare the new type under a new column name"
                )
        if added := {column: kind for column, kind in columns.items() if column not in known}:
            kept: dict[str, Any] = {key: table[key] for key in KEPT if table.get(key)}  # an empty owner is refused
            kept["StorageDescriptor"]["Columns"] += [{"Name": column, "Type": kind} for column, kind in added.items()]
            glue.update_table(DatabaseName=self._database, TableInput=kept)

    def _create(self, source: str, data_set: str, rules: DataSet, columns: dict[str, str]) -> None:
        glue = aws.client("glue")
        table = _table(table_name(source, data_set), rules.description[:2048], PARTITIONS, "parquet")
        table["StorageDescriptor"] = self._storage(columns, f"staging/{source}/{data_set}/")
        try:
            glue.create_table(DatabaseName=self._database, TableInput=table)
        except glue.exceptions.AlreadyExistsException:
            self.ensure_table(source, data_set, rules)

    def _storage(self, columns: Mapping[str, str], folder: str, form: Mapping[str, Any] = PARQUET) -> dict[str, Any]:
        listed = [{"Name": column, "Type": kind} for column, kind in columns.items()]
        return {"Columns": listed, "Location": f"s3://{self._bucket}/{folder}", **form}


def _table(name: str, description: str, partitions: Mapping[str, str], form: str) -> dict[str, Any]:
    return {
        "Name": name,
        "Description": description,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": form, "EXTERNAL": "TRUE"},
        "PartitionKeys": [{"Name": column, "Type": kind} for column, kind in partitions.items()],
    }
