"""dlt over its REST client to Parquet. Arguments: port, folder, `arrow` for tables instead of records."""

import sys

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator


def main(port: str, folder: str, kind: str) -> None:
    paginator = PageNumberPaginator(base_page=1, total_path=None, stop_after_empty_page=True)
    client = RESTClient(base_url=f"http://127.0.0.1:{port}", paginator=paginator, data_selector="items")

    @dlt.resource(name="orders", primary_key="id", write_disposition="append")
    def orders():
        for page in client.paginate("/orders"):
            if kind == "arrow":
                import pyarrow as pa

                yield pa.Table.from_pylist(list(page))
            else:
                yield page

    destination = dlt.destinations.filesystem(f"file://{folder}/out")
    pipeline = dlt.pipeline("bench", destination=destination, dataset_name="bench", pipelines_dir=f"{folder}/state")
    pipeline.run(orders(), loader_file_format="parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
