"""A file of bytes read as the files connector reads it, whole or from each place on."""

import pyarrow as pa

from hub.config.connections import FilesFetch
from hub.sources.containers import members
from hub.sources.folder import Ranged
from hub.sources.formats import reader


def fetch_of(**given):
    return FilesFetch(pattern="*", **{"format": "csv", **given})


def ranged(data):
    return Ranged(len(data), lambda start, end: data[start:end])


def parts_of(data, fetch, places=None):
    """All parts of all members; `places`: where to go on, by member."""
    for member in members(ranged(data), "drop/x/file", fetch):
        for part in reader(fetch.format)(member, fetch, (places or {}).get(member.key, {})):
            yield member, part


def rows_of(part):
    return part.rows.to_pylist() if isinstance(part.rows, pa.Table) else part.rows


def read(data, **given):
    """Rows, and the reasons of what could not be read."""
    parts = [part for _, part in parts_of(data, fetch_of(**given))]
    return [row for part in parts for row in rows_of(part)], [each.reason for part in parts for each in part.unreadable]
