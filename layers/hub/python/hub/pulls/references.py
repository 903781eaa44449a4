"""Keys of a data set that others of its source refer to: all that were ever published, eight bytes each.

They are the first half of HMAC tokens, so no value is in them and two values are taken for one less than once in a
million million look-ups. Each pull adds those that are new; the data set's state lists the objects.
"""

import io
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hub import aws
from hub.config import Source
from hub.pulls.models import Pull
from hub.pulls.repeats import prefixes
from hub.quality import as_text, tokens
from hub.sources import SourceError

MOST_OBJECTS = 16
KEY = "key"
Listed = Mapping[str, list[str]]  # column -> its objects


class NotPulledYet(SourceError):
    """A data set is referred to whose keys nobody knows yet."""

    code, status = "not_pulled_yet", 409


class Known:
    """The published values of one column."""

    def __init__(self, key: bytes, source: str, of: str, parts: Iterable[pa.Array]) -> None:
        self._key, self._source, self._of = key, source, of
        self._hashes = pa.chunked_array(list(parts), pa.uint64())

    def lacks(self, values: pa.Array) -> pa.Array:
        """Which values are not among them; a missing value lacks nothing."""
        there = pc.is_valid(values)
        hashes = self._hash(values.filter(there))
        # The known ones are many and the batch is small, so the batch is what is kept in a hash table.
        found = self._hashes.filter(pc.is_in(self._hashes, value_set=hashes))
        missing = pc.invert(pc.is_in(hashes, value_set=found))
        return pc.replace_with_mask(pa.repeat(pa.scalar(False), len(values)), there, missing)

    def new(self, values: pa.Array) -> pa.Array:
        """Hashes of those of the values that are not known, each once; they are known from now on."""
        hashes = pc.unique(self._hash(values.drop_null()))
        found = self._hashes.filter(pc.is_in(self._hashes, value_set=hashes))
        fresh = hashes.filter(pc.invert(pc.is_in(hashes, value_set=found)))
        self._hashes = pa.chunked_array([*self._hashes.chunks, fresh], pa.uint64())
        return fresh

    def all(self) -> pa.ChunkedArray:
        return self._hashes

    def _hash(self, values: pa.Array) -> pa.Array:
        return prefixes(tokens(self._key, self._source, self._of, [as_text(values)]))


class References:
    """The known keys of one source's data sets, as its pulls write and read them."""

    def __init__(self, bucket: str, token_key: bytes, source: Source) -> None:
        self._bucket, self._key, self._source = bucket, token_key, source

    def needed(self, data_set: str) -> dict[str, tuple[str, str]]:
        """Column of this data set -> the data set and column that it refers to."""
        found = self._source.data_sets[data_set].checked("reference")
        return {name: (check.of["data_set"], check.of["column"]) for name, check in found.items()}

    def referred(self, data_set: str) -> list[str]:
        """The columns of this data set that others refer to."""
        found = {of for name in self._source.data_sets for of in self.needed(name).values()}
        return sorted(column for name, column in found if name == data_set)

    def load(self, data_set: str, column: str, listed: Listed) -> Known:
        """What is known of a column, by the state of its data set."""
        parts = (self._get(key) for key in listed.get(column, []))
        return Known(self._key, self._source.name, f"{data_set}.{column}", parts)

    def for_pull(self, data_set: str, states: Mapping[str, Mapping[str, Any]]) -> dict[str, Known]:
        """What the checks of a data set look up; NotPulledYet where rows would be refused for want of a first pull.

        states: by data set. A check that only warns is not judged before there is something to judge by.
        """
        known = {}
        for name, (other, column) in self.needed(data_set).items():
            listed = states[other].get("known", {})
            rules = self._source.data_sets[data_set].columns[name]
            check = rules.rule("reference")
            if column in listed:
                known[name] = self.load(other, column, listed)
            elif check and rules.severity(check) == "reject":
                raise NotPulledYet(
                    f"{data_set}.{name} refers to {other}.{column}, whose keys are not known before it is pulled; "
                    f"pull {self._source.name}.{other} first"
                )
        return known

    def remember(self, pull: Pull, batches: Iterable[pa.Table], listed: Listed) -> dict[str, list[str]]:
        """Add a pull's values to what is known; what the state shall list from its publication on.

        batches: the staged columns that are referred to.
        """
        columns = self.referred(pull.data_set)
        known = {column: self.load(pull.data_set, column, listed) for column in columns}
        fresh: dict[str, list[pa.Array]] = {column: [] for column in columns}
        for batch in batches if columns else ():
            for column in columns:
                fresh[column].append(known[column].new(batch[column].combine_chunks()))
        return {column: self._put(pull, column, known[column], fresh[column], listed) for column in columns}

    def _put(self, pull: Pull, column: str, known: Known, fresh: list[pa.Array], listed: Listed) -> list[str]:
        before = listed.get(column, [])
        merge = len(before) >= MOST_OBJECTS
        values = known.all() if merge else pa.chunked_array(fresh, pa.uint64())
        if not len(values) and before:
            return before
        key = f"keys/{pull.source}/{pull.data_set}.{column}/{pull.pull_id}.parquet"
        sink = io.BytesIO()
        pq.write_table(pa.table({KEY: values}), sink, compression="none", use_dictionary=False)
        aws.client("s3").put_object(Bucket=self._bucket, Key=key, Body=sink.getvalue())
        return [key] if merge else [*(each for each in before if each != key), key]

    def _get(self, key: str) -> pa.Array:
        body = aws.client("s3").get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return pq.read_table(pa.BufferReader(body))[KEY].combine_chunks()
