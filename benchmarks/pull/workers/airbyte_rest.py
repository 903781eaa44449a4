"""Airbyte's CDK: a declarative source as its connector builder writes it, its messages to Parquet by pyarrow.

The messages go over a pipe from the source's process to the writer's, as between an Airbyte source and destination.
Arguments: port, folder.
"""

import json
import subprocess
import sys
from pathlib import Path

SOURCE = """
version: 6.0.0
type: DeclarativeSource
check: {type: CheckStream, stream_names: [orders]}
streams:
  - type: DeclarativeStream
    name: orders
    primary_key: [id]
    schema_loader: {type: InlineSchemaLoader, schema: @SCHEMA}
    retriever:
      type: SimpleRetriever
      requester: {type: HttpRequester, url_base: "http://127.0.0.1:@PORT", path: /orders, http_method: GET}
      record_selector: {type: RecordSelector, extractor: {type: DpathExtractor, field_path: [items]}}
      paginator:
        type: DefaultPaginator
        page_token_option: {type: RequestOption, inject_into: request_parameter, field_name: page}
        pagination_strategy: {type: PageIncrement, page_size: 1000, start_from_page: 1, inject_on_first_request: true}
spec: {type: Spec, connection_specification: {type: object, properties: {}}}
"""
TEXT, WHOLE, FRACTION = {"type": "string"}, {"type": "integer"}, {"type": "number"}
SCHEMA = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("order_no", "sku", "currency", "status", "channel", "ordered_at", "updated_at"), TEXT),
        **dict.fromkeys(("id", "customer_id", "quantity"), WHOLE),
        **dict.fromkeys(("unit_price", "discount"), FRACTION),
    },
}
STREAM = {"name": "orders", "json_schema": SCHEMA, "supported_sync_modes": ["full_refresh"]}
CATALOG = {"streams": [{"stream": STREAM, "sync_mode": "full_refresh", "destination_sync_mode": "append"}]}
AT_ONCE = 10_000


def source(port: str, folder: str) -> None:
    from airbyte_cdk.entrypoint import launch
    from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource

    manifest = Path(folder) / "manifest.yaml"
    manifest.write_text(SOURCE.replace("@SCHEMA", json.dumps(SCHEMA)).replace("@PORT", port))
    launch(
        YamlDeclarativeSource(path_to_yaml=str(manifest)),
        ["read", "--config", f"{folder}/config.json", "--catalog", f"{folder}/catalog.json"],
    )


def write(lines, folder: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    gathered, number = [], 0
    for line in lines:
        message = json.loads(line)
        if message["type"] == "RECORD":
            gathered.append(message["record"]["data"])
        if len(gathered) == AT_ONCE:
            pq.write_table(pa.Table.from_pylist(gathered), f"{folder}/{number}.parquet")
            gathered, number = [], number + 1
    if gathered:
        pq.write_table(pa.Table.from_pylist(gathered), f"{folder}/{number}.parquet")


def main(port: str, folder: str) -> None:
    (Path(folder) / "config.json").write_text("{}")
    (Path(folder) / "catalog.json").write_text(json.dumps(CATALOG))
    with subprocess.Popen([sys.executable, __file__, "--source", port, folder], stdout=subprocess.PIPE) as reading:
        write(reading.stdout, folder)
    sys.exit(reading.returncode)


if __name__ == "__main__":
    source(*sys.argv[2:]) if sys.argv[1] == "--source" else main(*sys.argv[1:])
