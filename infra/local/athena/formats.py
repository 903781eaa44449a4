"""Hive's file formats: which classes Glue names for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.local.athena.errors import QueryFailed

_HIVE = "org.apache.hadoop.hive."
_TEXT = ("org.apache.hadoop.mapred.TextInputFormat", _HIVE + "ql.io.HiveIgnoreKeyTextOutputFormat")
LAZY_SIMPLE = _HIVE + "serde2.lazy.LazySimpleSerDe"
_FORMATS = {
    "PARQUET": (
        _HIVE + "ql.io.parquet.MapredParquetInputFormat",
        _HIVE + "ql.io.parquet.MapredParquetOutputFormat",
        _HIVE + "ql.io.parquet.serde.ParquetHiveSerDe",
    ),
    "ORC": (_HIVE + "ql.io.orc.OrcInputFormat", _HIVE + "ql.io.orc.OrcOutputFormat", _HIVE + "ql.io.orc.OrcSerde"),
    "AVRO": (
        _HIVE + "ql.io.avro.AvroContainerInputFormat",
        _HIVE + "ql.io.avro.AvroContainerOutputFormat",
        _HIVE + "serde2.avro.AvroSerDe",
    ),
    "JSON": (*_TEXT, "org.apache.hive.hcatalog.data.JsonSerDe"),
    "TEXTFILE": (*_TEXT, LAZY_SIMPLE),
}


def storage_descriptor(
    storage: Mapping[str, str], serde_properties: Mapping[str, str], location: str
) -> dict[str, Any]:
    """Glue's StorageDescriptor, without columns, for STORED AS, ROW FORMAT and SERDEPROPERTIES. Raises QueryFailed."""
    name = storage.get("format", "TEXTFILE").upper()
    if name not in _FORMATS:
        raise QueryFailed("NOT_SUPPORTED", f"Unrecognized file format in STORED AS clause: {name}")
    reads, writes, serde = _FORMATS[name]
    return {
        "Location": location,
        "InputFormat": storage.get("input", reads),
        "OutputFormat": storage.get("output", writes),
        "SerdeInfo": {
            "SerializationLibrary": storage.get("serde", serde),
            "Parameters": {"serialization.format": "1", **serde_properties},
        },
    }
