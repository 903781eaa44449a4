"""Formats of files: each turns one file into parts of rows, in bounded memory, from any part's place on."""

from collections.abc import Callable, Iterator
from functools import partial

from hub.config import DataSet
from hub.config.connections import FilesFetch
from hub.sources.containers import Member
from hub.sources.declared import declared
from hub.sources.formats.part import Part, Place

__all__ = ["KINDS", "Part", "Place", "reader"]

Reader = Callable[[Member, FilesFetch, Place], Iterator[Part]]
KINDS = {"json": "document", "jsonl": "jsonl", "xml": "xml", "xlsx": "bin", "parquet": "bin"}  # else csv


def reader(form: str, data_set: DataSet | None = None) -> Reader:
    """What reads a format; its library is imported only where it is used. data_set: reads its declared fields alone."""
    if form in ("csv", "tsv"):
        from hub.sources.formats.delimited import parts
    elif form == "fixed":
        from hub.sources.formats.delimited import fixed as parts
    elif form == "jsonl":
        from hub.sources.formats.json_lines import parts as of_lines

        parts = partial(of_lines, declared=declared(data_set) if data_set else None)
    elif form == "json":
        from hub.sources.formats.json_document import parts
    elif form == "xml":
        from hub.sources.formats.xml import parts
    elif form == "xlsx":
        from hub.sources.formats.xlsx import parts
    else:
        from hub.sources.formats.parquet import parts
    return parts
