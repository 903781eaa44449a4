"""Tables from creation to removal: Iceberg and Hive, views, time travel, upkeep, UNLOAD."""

import pytest

from tests.laboratory import BUCKET, Laboratory

ICEBERG = "TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet', 'write_compression' = 'snappy')"


@pytest.fixture
def orders(athena: Laboratory, database: str) -> str:
    """An Iceberg table of two rows, partitioned by day; its database is the context's."""
    columns = "id bigint, at timestamp, city string, amount decimal(18,4), tags array<string>"
    place = f"s3://{BUCKET}/{database}/orders/"
    athena.rows(
        f"CREATE TABLE {database}.orders ({columns}) PARTITIONED BY (day(at), bucket(4, id)) "
        f"LOCATION '{place}' {ICEBERG}"
    )
    athena.rows(
        "INSERT INTO orders VALUES (1, TIMESTAMP '2024-01-01 10:00:00', 'Pune', 1.5, ARRAY['a', NULL]), "
        "(2, TIMESTAMP '2024-01-02 10:00:00', NULL, 2.5, NULL)",
        database,
    )
    return database


def test_iceberg_rows_come_back(athena: Laboratory, orders: str) -> None:
    assert athena.rows("SELECT * FROM orders ORDER BY id", orders) == [
        ["1", "2024-01-01 10:00:00.000000", "Pune", "1.5000", "[a, null]"],
        ["2", "2024-01-02 10:00:00.000000", None, "2.5000", None],
    ]


@pytest.mark.parametrize(
    ("sql", "updated", "cities", "reason"),
    [
        ("UPDATE orders SET city = 'Goa' WHERE id = 2", 1, ["Pune", "Goa"], "one row"),
        ("DELETE FROM orders WHERE id = 1", 1, [None], "one row"),
        ("DELETE FROM orders WHERE id = 99", 0, ["Pune", None], "none"),
        (
            "MERGE INTO orders t USING (VALUES (2, 'Goa'), (3, 'Agra')) s(id, city) ON t.id = s.id "
            "WHEN MATCHED THEN UPDATE SET city = s.city WHEN NOT MATCHED THEN INSERT (id, city) VALUES (s.id, s.city)",
            2,
            ["Pune", "Goa", "Agra"],
            "one changed, one new",
        ),
        (
            "MERGE INTO orders t USING (VALUES (1, 'Goa'), (2, 'Goa'), (3, NULL), (4, 'Leh')) s(id, city) "
            "ON t.id = s.id WHEN MATCHED AND t.city <> s.city THEN DELETE "
            "WHEN MATCHED THEN UPDATE SET city = s.city || '!' "
            "WHEN NOT MATCHED AND s.city IS NULL THEN INSERT (id, city) VALUES (s.id, 'new') "
            "WHEN NOT MATCHED THEN INSERT (id, city) VALUES (s.id, s.city)",
            4,
            ["Goa!", "new", "Leh"],
            "the first branch that holds, of several",
        ),
        (
            "MERGE INTO orders t USING (VALUES (1, 'Pune'), (2, 'Goa')) s(id, city) ON t.id = s.id "
            "WHEN MATCHED AND t.city = s.city THEN UPDATE SET city = NULL",
            1,
            [None, None],
            "no branch holds: the row stays",
        ),
        (
            "MERGE INTO orders t USING (VALUES 1, 2) s(id) ON t.id = s.id WHEN MATCHED THEN UPDATE SET city = "
            "(SELECT max(city) FROM (VALUES (1, 'Ooty'), (2, 'Goa')) o(id, city) WHERE o.id = t.id)",
            2,
            ["Ooty", "Goa"],
            "a value asked for each row",
        ),
        (
            "MERGE INTO orders t USING (VALUES (2, 'Goa'), (3, 'Agra')) s(id, city) ON t.id = s.id "
            "WHEN NOT MATCHED THEN INSERT (id, city) VALUES (s.id, s.city)",
            1,
            ["Pune", None, "Agra"],
            "only what is new",
        ),
        ("INSERT INTO orders (city, id) SELECT 'Agra', 3", 1, ["Pune", None, "Agra"], "columns in another order"),
    ],
)
def test_iceberg_changes(athena: Laboratory, orders: str, sql: str, updated: int, cities: list, reason: str) -> None:
    answer = athena.run(sql, orders)
    assert (answer.state, answer.updated) == ("SUCCEEDED", updated), answer.reason
    assert [row[0] for row in athena.rows("SELECT city FROM orders ORDER BY id", orders)] == cities, reason


def test_rows_beside_those_that_a_merge_changes_stay_and_do_not_count(athena: Laboratory, database: str) -> None:
    place = f"s3://{BUCKET}/{database}/plain/"
    athena.rows(f"CREATE TABLE {database}.plain (id bigint, city string) LOCATION '{place}' {ICEBERG}")
    athena.rows("INSERT INTO plain VALUES (1, 'Pune'), (2, 'Goa'), (3, 'Leh')", database)
    answer = athena.run(
        "MERGE INTO plain t USING (VALUES (1, 'Agra'), (2, NULL), (4, 'Ooty')) s(id, city) ON t.id = s.id "
        "WHEN MATCHED AND s.city IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET city = s.city "
        "WHEN NOT MATCHED THEN INSERT (id, city) VALUES (s.id, s.city)",
        database,
    )
    assert (answer.state, answer.updated) == ("SUCCEEDED", 3), answer.reason
    assert athena.rows("SELECT * FROM plain ORDER BY id", database) == [["1", "Agra"], ["3", "Leh"], ["4", "Ooty"]]


def test_a_merge_that_matches_a_row_twice_fails_and_changes_nothing(athena: Laboratory, orders: str) -> None:
    answer = athena.run(
        "MERGE INTO orders t USING (VALUES (1, 'a'), (1, 'b')) s(id, city) ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET city = s.city",
        orders,
    )
    assert answer.reason.startswith("MERGE_TARGET_ROW_MULTIPLE_MATCHES: ")
    assert athena.rows("SELECT city FROM orders WHERE id = 1", orders) == [["Pune"]]


def test_time_travel_by_version_and_time(athena: Laboratory, orders: str) -> None:
    [[before, moment]] = athena.rows(
        'SELECT snapshot_id, CAST(committed_at AS varchar) FROM "orders$snapshots" ORDER BY committed_at DESC LIMIT 1',
        orders,
    )
    athena.rows("DELETE FROM orders WHERE id = 1", orders)
    athena.rows("ALTER TABLE orders ADD COLUMNS (extra string)", orders)
    old = f"orders FOR VERSION AS OF {before}"
    assert athena.rows(f"SELECT count(*) FROM {old}", orders) == [["2"]]
    assert athena.rows(f"SELECT count(*) FROM orders FOR TIMESTAMP AS OF TIMESTAMP '{moment}'", orders) == [["2"]]
    joined = f"SELECT count(*) FROM {old} o LEFT JOIN orders n ON n.id = o.id WHERE n.id IS NULL"
    assert athena.rows(joined, orders) == [["1"]], "two versions of one table in one query"
    early = athena.run("SELECT * FROM orders FOR TIMESTAMP AS OF TIMESTAMP '2000-01-01 00:00:00 UTC'", orders)
    assert early.state == "FAILED"


def test_columns_are_added_and_dropped_in_place(athena: Laboratory, orders: str) -> None:
    athena.rows("ALTER TABLE orders ADD COLUMNS (note string, weight double)", orders)
    athena.rows("INSERT INTO orders (id, note) VALUES (3, 'new')", orders)
    assert athena.rows("SELECT note FROM orders ORDER BY id", orders) == [[None], [None], ["new"]]
    athena.rows("ALTER TABLE orders DROP COLUMN weight", orders)
    names = [row[0] for row in athena.rows("DESCRIBE orders", orders)]
    assert names == ["id", "at", "city", "amount", "tags", "note"]


def test_vacuum_and_optimize_keep_the_rows_and_drop_the_past(athena: Laboratory, orders: str) -> None:
    athena.rows("DELETE FROM orders WHERE id = 1", orders)
    athena.rows("OPTIMIZE orders REWRITE DATA USING BIN_PACK", orders)
    place = f"s3://{BUCKET}/{orders}/orders/"
    before = {item.key for item in athena.catalogue.objects(place)}
    athena.rows("ALTER TABLE orders SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds' = '0')", orders)
    athena.rows("VACUUM orders", orders)
    assert athena.rows('SELECT count(*) FROM "orders$snapshots"', orders) == [["1"]]
    assert athena.rows("SELECT id FROM orders", orders) == [["2"]]
    after = {item.key for item in athena.catalogue.objects(place)}
    assert before - after, "the files of expired snapshots are gone"


def test_vacuum_keeps_snapshots_that_are_young(athena: Laboratory, orders: str) -> None:
    athena.rows("DELETE FROM orders WHERE id = 1", orders)
    [[before]] = athena.rows('SELECT count(*) FROM "orders$snapshots"', orders)
    athena.rows("VACUUM orders", orders)
    assert athena.rows('SELECT count(*) FROM "orders$snapshots"', orders) == [[before]]


def test_dropping_an_iceberg_table_removes_its_files(athena: Laboratory, orders: str) -> None:
    athena.rows("DROP TABLE orders", orders)
    assert not list(athena.catalogue.objects(f"s3://{BUCKET}/{orders}/orders/"))
    assert athena.run("SELECT * FROM orders", orders).reason.startswith("TABLE_NOT_FOUND")
    assert athena.run("DROP TABLE IF EXISTS orders", orders).state == "SUCCEEDED"


def test_iceberg_from_a_query(athena: Laboratory, database: str) -> None:
    place = f"s3://{BUCKET}/{database}/made/"
    answer = athena.run(
        f"CREATE TABLE made WITH (table_type = 'ICEBERG', is_external = false, location = '{place}', "
        "partitioning = ARRAY['bucket(a, 4)']) AS SELECT 1 a, 'x' b UNION ALL SELECT 2, NULL",
        database,
    )
    assert (answer.state, answer.execution["SubstatementType"]) == ("SUCCEEDED", "CREATE_TABLE_AS_SELECT"), (
        answer.reason
    )
    assert athena.rows("SELECT a, b FROM made ORDER BY a", database) == [["1", "x"], ["2", None]]
    again = athena.run(f"CREATE TABLE made WITH (table_type = 'ICEBERG', location = '{place}') AS SELECT 1 a", database)
    assert again.reason.startswith("TABLE_ALREADY_EXISTS")


def test_a_partitioned_hive_table_from_a_query(athena: Laboratory, database: str) -> None:
    answer = athena.run(
        "CREATE TABLE made WITH (format = 'PARQUET', write_compression = 'SNAPPY', partitioned_by = ARRAY['k']) "
        "AS SELECT a, k FROM (VALUES (1, 'x'), (2, 'y'), (3, 'y')) t(a, k)",
        database,
    )
    assert answer.state == "SUCCEEDED", answer.reason
    files = athena.catalogue.read(answer.execution["Statistics"]["DataManifestLocation"]).decode().splitlines()
    assert sorted(file.rsplit("/", 2)[-2] for file in files) == ["k=x", "k=y"]
    assert athena.rows("INSERT INTO made SELECT 4, 'z'", database) == []
    assert athena.rows("SHOW PARTITIONS made", database) == [["k=x"], ["k=y"], ["k=z"]]
    one = athena.run("SELECT a FROM made WHERE k = 'y' ORDER BY a", database)
    everything = athena.run("SELECT a FROM made", database)
    assert one.rows == [["2"], ["3"]]
    scanned = [answer.execution["Statistics"]["DataScannedInBytes"] for answer in (one, everything)]
    assert 0 < scanned[0] < scanned[1], "only the partition's file is read"


def test_json_lines_with_registered_partitions(athena: Laboratory, database: str) -> None:
    place = f"s3://{BUCKET}/{database}/raw/"
    athena.rows(
        f"CREATE EXTERNAL TABLE raw (a int, b string) PARTITIONED BY (dt string) "
        f"ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION '{place}'",
        database,
    )
    athena.catalogue.write(place + "dt=2024-01-01/x.json", b'{"a": 1, "b": "q"}\n{"a": 2}\n')
    assert athena.rows("SELECT count(*) FROM raw", database) == [["0"]], "not before it is registered"
    athena.rows("MSCK REPAIR TABLE raw", database)
    assert athena.rows("SELECT a, b, dt FROM raw ORDER BY a", database) == [
        ["1", "q", "2024-01-01"],
        ["2", None, "2024-01-01"],
    ]
    athena.rows("ALTER TABLE raw DROP PARTITION (dt = '2024-01-01')", database)
    assert athena.rows("SELECT count(*) FROM raw", database) == [["0"]]
    athena.rows("ALTER TABLE raw ADD PARTITION (dt = '2024-01-01')", database)
    twice = athena.run("ALTER TABLE raw ADD PARTITION (dt = '2024-01-01')", database)
    assert twice.reason == "ALREADY_EXISTS: Partition already exists."
    assert athena.rows("SELECT count(*) FROM raw", database) == [["2"]]


def test_views(athena: Laboratory, orders: str) -> None:
    athena.rows("CREATE VIEW big AS SELECT id, amount FROM orders WHERE amount > 2 -- two", orders)
    assert athena.rows(f"SELECT * FROM {orders}.big") == [["2", "2.5000"]], "its names are found in its own database"
    assert athena.run("CREATE VIEW big AS SELECT 1 x", orders).reason.startswith("TABLE_ALREADY_EXISTS")
    athena.rows("CREATE OR REPLACE VIEW big AS SELECT city FROM orders WHERE id = 1", orders)
    assert athena.rows("SELECT * FROM big", orders) == [["Pune"]]
    assert athena.rows("SHOW VIEWS", orders) == [["big"]]
    athena.rows("DROP VIEW big", orders)
    assert athena.run("SELECT * FROM big", orders).state == "FAILED"


def test_unload(athena: Laboratory, orders: str) -> None:
    place = f"s3://{BUCKET}/{orders}/unloaded/"
    text = f"UNLOAD (SELECT id, city FROM orders) TO '{place}' WITH (format = 'PARQUET', compression = 'SNAPPY')"
    answer = athena.run(text, orders)
    assert answer.state == "SUCCEEDED", answer.reason
    files = athena.catalogue.read(answer.execution["Statistics"]["DataManifestLocation"]).decode().splitlines()
    assert files == [item.uri for item in athena.catalogue.objects(place)]
    assert athena.run(text, orders).reason.startswith("HIVE_PATH_ALREADY_EXISTS")


def test_show(athena: Laboratory, orders: str) -> None:
    assert [orders] in athena.rows("SHOW DATABASES")
    assert athena.rows(f"SHOW TABLES IN {orders} 'ord*'") == [["orders"]]
    assert athena.rows("SHOW COLUMNS IN orders", orders)[0] == ["id"]
    ddl = "\n".join(str(row[0]) for row in athena.rows("SHOW CREATE TABLE orders", orders))
    assert "PARTITIONED BY (day(at), bucket(4, id))" in ddl
    assert athena.run("SHOW TABLES IN nowhere").reason.startswith("SCHEMA_NOT_FOUND")
    assert athena.run(f"DROP DATABASE {orders}").reason.startswith("SCHEMA_NOT_EMPTY")
    athena.rows(f"DROP DATABASE {orders} CASCADE")
    assert [orders] not in athena.rows("SHOW DATABASES")
