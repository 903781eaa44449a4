"""dlt's sql_database with its connectorx backend, the fastest that it has. Arguments: the database's URL, folder."""

import sys

import dlt
from dlt.sources.sql_database import sql_table


def main(url: str, folder: str) -> None:
    table = sql_table(
        url.replace("postgresql:", "postgresql+psycopg2:"), table="orders", backend="connectorx", chunk_size=100_000
    )
    destination = dlt.destinations.filesystem(f"file://{folder}/out")
    pipeline = dlt.pipeline("bench", destination=destination, dataset_name="bench", pipelines_dir=f"{folder}/state")
    pipeline.run(table, loader_file_format="parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
