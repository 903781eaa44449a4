"""A whole hub in open formats: `make export-hub` writes it, `make import-hub` makes an empty hub of it.

place.py      the folder, or bucket and prefix, that holds an export
stores.py     where a hub keeps what
manifest.py   what an export says of itself, and the check that it is whole
digests.py    hashes of rows, of items, of files
items.py      DynamoDB's tables as JSON lines
objects.py    objects as they are
tables.py     Iceberg's tables as Parquet files
staged.py     Hive's tables: their files are objects, their partitions stand in the manifest
translated.py what an item says of the place where it lies
state.py      whether a hub is quiet enough to be exported, and empty enough to be filled
leaving.py    an export from end to end
arriving.py   an import from end to end
keys.py       the keys of the old hub, for the empty one
"""
