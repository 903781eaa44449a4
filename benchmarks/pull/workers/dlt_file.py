"""dlt reading one file as its documentation shows. Arguments: file, folder."""

import sys
from pathlib import Path

import dlt
from dlt.sources.filesystem import filesystem, read_csv, read_jsonl


def main(file: str, folder: str) -> None:
    path = Path(file)
    reader = read_csv() if path.suffix == ".csv" else read_jsonl()
    files = filesystem(bucket_url=path.parent.as_uri(), file_glob=path.name)
    destination = dlt.destinations.filesystem(f"file://{folder}/out")
    pipeline = dlt.pipeline("bench", destination=destination, dataset_name="bench", pipelines_dir=f"{folder}/state")
    pipeline.run((files | reader).with_name("orders"), loader_file_format="parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
