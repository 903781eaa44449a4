"""GoldenMatch on a truth set, in its own environment: `python with_goldenmatch.py <in.parquet> <out.csv> <way>`.

`zero` is its configuration by itself, `prob` the one for Fellegi-Sunter that it makes by itself.
"""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import goldenmatch
import pyarrow.parquet as pq


def match(source: str, out: str, way: str) -> None:
    table = pq.read_table(source)
    people = table.drop_columns(["key"])
    config = goldenmatch.auto_configure_probabilistic_df(people) if way == "prob" else None
    found = goldenmatch.dedupe_df(people, config=config, confidence_required=False, allow_red_config=True)
    person = {row: number for number, each in found.clusters.items() for row in each["members"]}
    with Path(out).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("key", "person"))
        for row, key in enumerate(table["key"].to_pylist()):
            writer.writerow((key, person.get(row, f"alone {row}")))


def main(arguments: Sequence[str]) -> None:
    match(*arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
