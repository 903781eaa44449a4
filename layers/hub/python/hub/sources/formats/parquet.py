"""Parquet, some row groups at a time; the bytes that land are the file's own, from its first to its last."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hub.config.connections import FilesFetch
from hub.sources.containers import Member
from hub.sources.formats.part import Part, Place
from hub.sources.formats.whole import seekable
from hub.sources.piece import SourceError

ROWS, BYTES = 100_000, 24 << 20  # of one part
LARGEST_GROUP = 128 << 20  # bytes of one row group


def parts(member: Member, fetch: FilesFetch, place: Place) -> Iterator[Part]:
    """The rows, some row groups or a piece of a large one at a time."""
    with seekable(member, "Parquet") as (file, size):
        yield from _parts(file, size, member.name, place)


def _parts(file: Any, size: int, name: str, place: Place) -> Iterator[Part]:
    parquet = _opened(file, size, name)
    done, landed, reached = place.get("row", 0), place.get("landed", 0), 0
    total = parquet.metadata.num_rows
    gathered: list[pa.Table] = []
    for group in range(parquet.num_row_groups):
        count = parquet.metadata.row_group(group).num_rows
        if reached + count <= done:
            reached += count
            continue
        end = _end_of(parquet, group, name)
        for table in _tables(parquet, group, name):
            reached += len(table)
            if reached <= done:
                continue
            gathered.append(table)
            if reached == total:
                end = size
            elif sum(map(len, gathered)) < ROWS and sum(each.nbytes for each in gathered) < BYTES:
                continue
            yield Part(pa.concat_tables(gathered), {"row": reached, "landed": end}, _span(file, landed, end))
            gathered, landed = [], max(landed, end)
    if not total:
        yield Part(parquet.schema_arrow.empty_table(), {}, _span(file, 0, size))


def _opened(file: Any, size: int, name: str) -> pq.ParquetFile:
    ends = size >= 12 and _span(file, 0, 4) == b"PAR1" == _span(file, size - 4, size)
    if not ends:
        whole = size >= 4 and _span(file, 0, 4) == b"PAR1"
        what = (
            "its end is missing; was it cut off? Send it again as a whole"
            if whole
            else "it is another kind of file; correct `format`"
        )
        raise SourceError(f"{name} is not readable as parquet: {what}")
    try:
        return pq.ParquetFile(pa.PythonFile(file, mode="r"))
    except (pa.ArrowException, OSError) as error:
        raise _damaged(error, f"{name} is not readable as parquet: its list of columns is damaged") from error


def _end_of(parquet: pq.ParquetFile, group: int, name: str) -> int:
    columns = [parquet.metadata.row_group(group).column(at) for at in range(parquet.metadata.num_columns)]
    starts = [each.dictionary_page_offset or each.data_page_offset for each in columns]
    ends = [start + each.total_compressed_size for start, each in zip(starts, columns, strict=True)]
    if columns and max(ends) - min(starts) > LARGEST_GROUP:
        raise SourceError(
            f"{name}: row group {group + 1} has more than {LARGEST_GROUP >> 20} MB; write it with smaller row groups"
        )
    return max(ends, default=0)


def _tables(parquet: pq.ParquetFile, group: int, name: str) -> Iterator[pa.Table]:
    batches = parquet.iter_batches(batch_size=ROWS, row_groups=[group], use_threads=False)
    while True:
        try:
            batch = next(batches, None)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(error, f"{name} is not readable as parquet: row group {group + 1} is damaged") from error
        if batch is None:
            return
        yield _sound(pa.Table.from_batches([batch]), f"{name}: row group {group + 1}")


def _sound(table: pa.Table, told: str) -> pa.Table:
    """Text that is no UTF-8 would be staged and fail every run."""
    try:
        table.validate(full=True)
    except pa.ArrowException as error:
        raise SourceError(
            f"{told} holds text that is no UTF-8, or values that are none; write the file anew"
        ) from error
    return table


def _damaged(error: Exception, told: str) -> SourceError:
    """What Arrow met in words without its own, which may hold values; a SourceError of the reading itself stays."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, SourceError):
        cause = cause.__cause__ or cause.__context__
    return cause if isinstance(cause, SourceError) else SourceError(f"{told}; send it again")


def _span(file: Any, start: int, end: int) -> bytes:
    if end <= start:
        return b""
    file.seek(start)
    return bytes(file.read(end - start))
