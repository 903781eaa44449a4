"""Singer: a tap and a target on Meltano's SDK, over a pipe as Singer wants it. Arguments: port, folder.

The only target-parquet on PyPI (0.0.1) wants pyarrow 0.13 and cannot be installed any more, so the target is the SDK's
own batch sink with pyarrow behind it. The SDK checks every record against the stream's schema, as it does by default.
"""

import json
import subprocess
import sys
from pathlib import Path

TEXT = ("order_no", "sku", "currency", "status", "channel", "ordered_at", "updated_at")


def tap(folder: str) -> None:
    from singer_sdk import RESTStream, Tap
    from singer_sdk import typing as th
    from singer_sdk.pagination import BasePageNumberPaginator

    class Pages(BasePageNumberPaginator):
        def has_more(self, response) -> bool:
            return bool(response.json()["items"])

    class Orders(RESTStream):
        name, path, primary_keys, records_jsonpath = "orders", "/orders", ("id",), "$.items[*]"
        schema = th.PropertiesList(
            *(th.Property(name, th.IntegerType) for name in ("id", "customer_id", "quantity")),
            *(th.Property(name, th.NumberType) for name in ("unit_price", "discount")),
            *(th.Property(name, th.StringType) for name in TEXT),
        ).to_dict()

        @property
        def url_base(self) -> str:
            return f"http://127.0.0.1:{self.config['port']}"

        def get_new_paginator(self) -> Pages:
            return Pages(start_value=1)

        def get_url_params(self, context, next_page_token) -> dict:
            return {"page": next_page_token}

    class Bench(Tap):
        name = "tap-bench"
        config_jsonschema = th.PropertiesList(th.Property("port", th.StringType)).to_dict()

        def discover_streams(self):
            return [Orders(self)]

    Bench.cli(["--config", f"{folder}/config.json"])


def target(folder: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from singer_sdk import Target
    from singer_sdk import typing as th
    from singer_sdk.sinks import BatchSink

    class Parquet(BatchSink):
        max_size = 10_000

        def process_batch(self, context) -> None:
            name = f"{self.config['folder']}/{context['batch_id']}.parquet"
            pq.write_table(pa.Table.from_pylist(context["records"]), name)

    class Bench(Target):
        name, default_sink_class = "target-bench", Parquet
        config_jsonschema = th.PropertiesList(th.Property("folder", th.StringType)).to_dict()

    Bench.cli(["--config", f"{folder}/config.json"])


def main(port: str, folder: str) -> None:
    (Path(folder) / "config.json").write_text(json.dumps({"port": port, "folder": folder}))
    with subprocess.Popen([sys.executable, __file__, "--tap", folder], stdout=subprocess.PIPE) as reading:
        writing = subprocess.run([sys.executable, __file__, "--target", folder], stdin=reading.stdout, check=False)
    sys.exit(reading.returncode or writing.returncode)


if __name__ == "__main__":
    {"--tap": tap, "--target": target}[sys.argv[1]](sys.argv[2]) if sys.argv[1].startswith("--") else main(
        *sys.argv[1:]
    )
