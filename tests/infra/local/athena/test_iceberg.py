"""Iceberg's properties: what a new table begins with, and what a change leaves alone."""

import pytest

from infra.local.athena import iceberg

CODEC = "write.parquet.compression-codec"


@pytest.mark.parametrize(
    ("given", "codec", "reason"),
    [
        ({}, "snappy", "nothing given"),
        ({"write_compression": "ZSTD"}, "zstd", "what is given goes before the default"),
        ({"compression_level": 3}, "snappy", "a level alone names no codec"),
    ],
)
def test_a_new_table_is_written_with_snappy_unless_told(given, codec, reason):
    assert iceberg.new_table_properties(given)[CODEC] == codec, reason


def test_a_change_of_properties_sets_only_what_is_named():
    assert iceberg.properties_of({"format": "PARQUET"}) == {"write.format.default": "parquet"}
