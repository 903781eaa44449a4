"""The rows of a query in bulk: Athena writes them to files (UNLOAD), awswrangler reads the files piece by piece."""

from collections.abc import Iterator

import awswrangler as wr
from pandas import DataFrame

ROWS_AT_ONCE = 1000

Row = dict[str, str | None]
Mark = tuple[str, int]  # a file, and how many of its rows are read


def unload(sql: str, folder: str) -> str:
    """The statement that writes a query's rows to a folder, which has to be empty."""
    return f"UNLOAD (\n{sql}\n) TO '{folder}'\nWITH (format = 'PARQUET', compression = 'SNAPPY')"


def rows(folder: str, after: Mark | None) -> Iterator[tuple[list[Row], Mark]]:
    """The rows of a folder's files past a mark, some at a time, each time with the mark to go on from.

    The columns are texts. Memory holds a group of rows of one file, however many files there are.
    """
    begun, read = after or ("", 0)
    for file in sorted(wr.s3.list_objects(folder)):
        if file < begun:
            continue
        place = 0
        for frame in wr.s3.read_parquet([file], chunked=ROWS_AT_ONCE, use_threads=False):
            place += len(frame)
            if file == begun and place <= read:
                continue
            yield _texts(frame), (file, place)


def _texts(frame: DataFrame) -> list[Row]:
    texts = frame.astype(object)
    found: list[Row] = texts.where(frame.notna(), None).to_dict("records")
    return found
