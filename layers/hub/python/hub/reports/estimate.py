"""How much a query reads at most, before it is started: the files of the snapshots that it names.

Athena reads less where it needs few columns or partitions. A snapshot never changes, so what was looked up stays true.
"""

import json
from functools import cache

from hub import aws
from hub.guard import Projection


def bytes_at_most(sources: tuple[Projection, ...]) -> int | None:
    """None where a table does not say."""
    sizes = [_size(source.database, source.table, source.snapshot) for source in sources]
    return None if None in sizes else sum(size for size in sizes if size is not None)


@cache
def _size(database: str, table: str, snapshot: int) -> int | None:
    """The bytes of all files of one snapshot, as the table's own metadata has them."""
    parameters = aws.client("glue").get_table(DatabaseName=database, Name=table)["Table"].get("Parameters", {})
    bucket, _, key = parameters.get("metadata_location", "").removeprefix("s3://").partition("/")
    if not key:
        return None
    metadata = json.loads(aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    summaries = [each.get("summary", {}) for each in metadata["snapshots"] if each["snapshot-id"] == snapshot]
    size = summaries[0].get("total-files-size") if summaries else None
    return None if size is None else int(size)
