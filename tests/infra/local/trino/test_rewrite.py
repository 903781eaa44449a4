"""Athena's statements in Trino's words."""

import pytest

from infra.local.trino import rewrite
from infra.local.trino.rewrite import Request

TABLE = ("hive", "db", "t")


@pytest.mark.parametrize(
    ("value", "text", "reason"),
    [
        ("a", "'a'", "text is quoted"),
        ("O'Brien", "'O''Brien'", "a quote is doubled"),
        (4, "4", "a number stays a number"),
        (True, "true", "a boolean is a number in Python, not in SQL"),
        (["day(at)", "city"], "ARRAY['day(at)', 'city']", "a list is an array of texts"),
    ],
)
def test_literal(value: object, text: str, reason: str) -> None:
    assert rewrite.literal(value) == text, reason


def test_names_are_quoted() -> None:
    assert rewrite.quoted("hive", 'we"ird', "order") == '"hive"."we""ird"."order"'


@pytest.mark.parametrize(
    ("properties", "with_", "session", "reason"),
    [
        (
            {"external_location": "s3://b/x/"},
            "external_location = 's3://b/x/', format = 'PARQUET'",
            {},
            "Parquet unless said otherwise",
        ),
        (
            {"format": "ORC", "write_compression": "ZLIB"},
            "format = 'ORC'",
            {"hive.compression_codec": "GZIP"},
            "compression is a session property",
        ),
        (
            {"partitioned_by": ["dt"], "bucketed_by": ["id"], "bucket_count": 4},
            "partitioned_by = ARRAY['dt'], bucketed_by = ARRAY['id'], bucket_count = 4, format = 'PARQUET'",
            {},
            "the layout is kept",
        ),
        (
            {"format": "TEXTFILE", "field_delimiter": ","},
            "format = 'TEXTFILE', textfile_field_separator = ','",
            {},
            "another name at Trino",
        ),
        ({"table_type": "HIVE"}, "format = 'PARQUET'", {}, "the table type chooses the catalogue, it is no property"),
        (
            {"table_type": "ICEBERG", "location": "s3://b/x/", "is_external": False, "partitioning": ["bucket(id, 4)"]},
            "location = 's3://b/x/', partitioning = ARRAY['bucket(id, 4)'], format = 'PARQUET'",
            {},
            "is_external is Athena's alone",
        ),
        (
            {"table_type": "iceberg", "vacuum_max_snapshot_age_seconds": 60},
            "format = 'PARQUET', extra_properties = MAP(ARRAY['vacuum_max_snapshot_age_seconds'], ARRAY['60'])",
            {},
            "kept for VACUUM",
        ),
    ],
)
def test_create_table_as(properties: rewrite.Properties, with_: str, session: dict[str, str], reason: str) -> None:
    request = rewrite.create_table_as(TABLE, "SELECT 1 x", properties, if_not_exists=False, with_data=True)
    assert request == Request(f'CREATE TABLE "hive"."db"."t" WITH ({with_}) AS SELECT 1 x', session), reason


def test_create_table_as_keeps_its_clauses() -> None:
    request = rewrite.create_table_as(TABLE, "SELECT 1 x", {}, if_not_exists=True, with_data=False)
    assert (
        request.text
        == """CREATE TABLE IF NOT EXISTS "hive"."db"."t" WITH (format = 'PARQUET') AS SELECT 1 x WITH NO DATA"""
    )


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"colour": "red"}, "no such property anywhere"),
        ({"location": "s3://b/x/"}, "a Hive table has external_location"),
        ({"table_type": "ICEBERG", "external_location": "s3://b/x/"}, "an Iceberg table has location"),
        ({"table_type": "ICEBERG", "format_version": 2}, "Trino has it, Athena does not"),
    ],
)
def test_unknown_properties_are_refused(properties: rewrite.Properties, reason: str) -> None:
    with pytest.raises(rewrite.UnknownProperty):
        rewrite.create_table_as(TABLE, "SELECT 1 x", properties, if_not_exists=False, with_data=True)
        pytest.fail(reason)


def test_optimize() -> None:
    assert rewrite.optimize(TABLE, None).text == 'ALTER TABLE "hive"."db"."t" EXECUTE optimize'
    assert rewrite.optimize(TABLE, "day = DATE '2024-01-01'").text.endswith(
        "EXECUTE optimize WHERE day = DATE '2024-01-01'"
    )


@pytest.mark.parametrize(
    ("properties", "steps", "reason"),
    [
        (
            {},
            [
                "EXECUTE expire_snapshots(retention_threshold => '432000s')",
                "EXECUTE remove_orphan_files(retention_threshold => '432000s')",
            ],
            "Athena's default is five days",
        ),
        (
            {"vacuum_max_snapshot_age_seconds": "0"},
            [
                "EXECUTE expire_snapshots(retention_threshold => '0s')",
                "EXECUTE remove_orphan_files(retention_threshold => '0s')",
            ],
            "an erasure wants everything old gone now",
        ),
        (
            {"vacuum_max_snapshot_age_seconds": "60", "vacuum_min_snapshots_to_keep": "3"},
            [
                "SET PROPERTIES extra_properties = MAP(ARRAY['history.expire.min-snapshots-to-keep'], ARRAY['3'])",
                "EXECUTE expire_snapshots(retention_threshold => '60s')",
                "EXECUTE remove_orphan_files(retention_threshold => '60s')",
            ],
            "Iceberg's own property says how many stay",
        ),
    ],
)
def test_vacuum(properties: dict[str, str], steps: list[str], reason: str) -> None:
    assert [request.text for request in rewrite.vacuum(TABLE, properties)] == [
        f'ALTER TABLE "hive"."db"."t" {step}' for step in steps
    ], reason
