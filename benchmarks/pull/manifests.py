"""The hub's side of the benchmark: one manifest with twelve checks, whatever the source."""

from pathlib import Path

import boto3

from hub import config
from hub.config import compiled

HUB = "name: bench\ncurrency: INR\ncountry: IN\n"
SOURCES = {
    "rest": """
connector: rest
connection: {base_url: "http://127.0.0.1:@PLACE"}
""",
    "postgresql": """
connector: sql
connection: {url: "@PLACE"}
""",
    "csv": "connector: files\n",
    "jsonl": "connector: files\n",
}
FETCHES = {
    "rest": "{path: /orders, records: $.items, paging: {kind: page, parameter: page, size: 1000}, total: $.total}",
    "postgresql": "{table: orders}",
    "csv": "{pattern: orders.csv, format: csv}",
    "jsonl": "{pattern: orders.jsonl, format: jsonl}",
}
DATA_SET = """
name: erp
description: An application's orders.
owner: erp@bench.example
trust: 50
@SOURCE
data_sets:
  orders:
    description: One row per order.
    fetch: @FETCH
    frequency: {class: on-demand}
    keys: {business: [id], change: updated_at}
    columns:
      id:          {type: bigint, required: true, check: {between: [0, 100000000]}}
      order_no:    {type: varchar, required: true, check: {pattern: "^SO-[0-9]{8}$"}}
      customer_id: {type: bigint, required: true}
      sku:         {type: varchar, required: true, check: {length: [1, 20]}}
      quantity:    {type: integer, check: {between: [1, 10000]}}
      unit_price:  {type: "decimal(18,4)", check: {between: [0, 1000000]}}
      currency:    {type: varchar, check: {one_of: [INR, USD, EUR]}}
      discount:    {type: double, check: {between: [0, 1]}}
      status:      {type: varchar, check: {one_of: [open, paid, shipped, closed]}}
      channel:     {type: varchar, check: {one_of: [web, shop, phone]}}
      ordered_at:  {type: timestamp, check: {between: [2000-01-01, 2100-01-01]}}
      updated_at:  {type: timestamp, required: true}
"""


def write(folder: Path, kind: str, place: str) -> Path:
    """A deployment folder for one kind of source, with its compiled form beside it as functions read it."""
    kind = "rest" if kind == "flat" else kind
    (folder / "sources").mkdir()
    (folder / "hub.yaml").write_text(HUB)
    text = DATA_SET.replace("@SOURCE", SOURCES[kind].strip().replace("@PLACE", place))
    (folder / "sources/erp.yaml").write_text(text.replace("@FETCH", FETCHES[kind]))
    (folder / compiled.FILE).write_text(config.load(folder).model_dump_json())
    return folder


def drop(url: str, kind: str, place: str) -> None:
    """Put the file where the hub finds it."""
    if kind not in ("csv", "jsonl"):
        return
    keys = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench", "region_name": "eu-west-1"}
    with Path(place).open("rb") as file:
        boto3.client("s3", endpoint_url=url, **keys).put_object(
            Bucket="vault-bucket", Key=f"drop/erp/{Path(place).name}", Body=file.read()
        )
