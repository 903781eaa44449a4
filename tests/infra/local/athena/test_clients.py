"""The clients that people use, unchanged: awswrangler in its modes, PyAthena's cursors."""

from datetime import date, datetime
from decimal import Decimal

import awswrangler as wr
import pandas as pd
import pytest
from pyathena import connect
from pyathena.error import DatabaseError, OperationalError
from pyathena.pandas.cursor import PandasCursor

from tests.laboratory import BUCKET, Laboratory

pytestmark = pytest.mark.filterwarnings("ignore:The copy keyword is deprecated")  # awswrangler on pandas 3
OUTPUT = f"s3://{BUCKET}/results/"
PEOPLE = """SELECT id, name, CAST(amount AS decimal(10,2)) AS amount, born, CAST(at AS timestamp(3)) AS at, ok
FROM (VALUES
    (1, 'Asha', 1.50, DATE '1990-02-28', TIMESTAMP '2024-01-31 10:00:00', true),
    (2, CAST(NULL AS varchar), 2.50, NULL, NULL, NULL),
    (3, '', 3.50, DATE '2000-01-01', TIMESTAMP '2024-02-29 23:59:59', false)) AS t(id, name, amount, born, at, ok)"""


@pytest.fixture
def people(athena: Laboratory, database: str) -> str:
    """A database with the Hive table `people` of three rows."""
    athena.rows(f"CREATE TABLE people WITH (format = 'PARQUET', write_compression = 'SNAPPY') AS {PEOPLE}", database)
    return database


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ({"ctas_approach": False}, "the result file, read as CSV"),
        ({"ctas_approach": True}, "a table made of the query, read as Parquet"),
        ({"ctas_approach": False, "unload_approach": True}, "an UNLOAD, read as Parquet"),
    ],
)
def test_awswrangler_reads(athena: Laboratory, people: str, mode: dict, reason: str) -> None:
    place = {} if mode.get("unload_approach") is None else {"s3_output": f"{OUTPUT}{people}/"}
    found = wr.athena.read_sql_query(
        "SELECT id, name, amount, born FROM people ORDER BY id", people, **{"s3_output": OUTPUT, **place}, **mode
    )
    found = found.sort_values("id").reset_index(drop=True)
    assert found["id"].tolist() == [1, 2, 3], reason
    assert found["amount"].tolist() == [Decimal("1.50"), Decimal("2.50"), Decimal("3.50")], reason
    assert found["name"].isna().tolist()[1], reason
    assert [None if pd.isna(value) else value for value in found["born"]] == [date(1990, 2, 28), None, date(2000, 1, 1)]


def test_awswrangler_passes_parameters(athena: Laboratory, people: str) -> None:
    asked = "SELECT id FROM people WHERE name = :name"
    found = wr.athena.read_sql_query(
        asked, people, s3_output=OUTPUT, ctas_approach=False, params={"name": "O'Brien"}, paramstyle="named"
    )
    assert found["id"].tolist() == []
    found = wr.athena.read_sql_query(
        "SELECT id FROM people WHERE name = ?",
        people,
        s3_output=OUTPUT,
        ctas_approach=False,
        params=["'Asha'"],
        paramstyle="qmark",
    )
    assert found["id"].tolist() == [1]


def test_awswrangler_writes_iceberg(athena: Laboratory, database: str) -> None:
    common = {
        "database": database,
        "table": "made",
        "temp_path": f"s3://{BUCKET}/{database}/temp/",
        "table_location": f"s3://{BUCKET}/{database}/made/",
        "s3_output": OUTPUT,
        "keep_files": False,
    }
    first = pd.DataFrame({"id": [1, 2], "city": ["Pune", "Goa"]})
    wr.athena.to_iceberg(first, partition_cols=["city"], **common)
    changed = pd.DataFrame({"id": [2, 3], "city": ["Agra", "Leh"]})
    wr.athena.to_iceberg(changed, merge_cols=["id"], **common)
    assert athena.rows("SELECT id, city FROM made ORDER BY id", database) == [
        ["1", "Pune"],
        ["2", "Agra"],
        ["3", "Leh"],
    ]


def test_awswrangler_starts_and_waits(athena: Laboratory, people: str) -> None:
    started = wr.athena.start_query_execution("SELECT count(*) FROM people", people, s3_output=OUTPUT)
    assert wr.athena.wait_query(started)["Status"]["State"] == "SUCCEEDED"
    made = wr.athena.create_ctas_table("SELECT id FROM people", people, "copied", s3_output=OUTPUT, wait=True)
    assert made["ctas_table"] == "copied"
    assert athena.rows("SELECT count(*) FROM copied", people) == [["3"]]


def cursor(database: str, **options):
    return connect(s3_staging_dir=OUTPUT, schema_name=database, poll_interval=0.05, **options).cursor()


def test_pyathena_reads_python_values(athena: Laboratory, people: str) -> None:
    with cursor(people) as one:
        one.execute("SELECT id, name, amount, born, at, ok FROM people ORDER BY id")
        assert [column[:2] for column in one.description] == [
            ("id", "integer"),
            ("name", "varchar"),
            ("amount", "decimal"),
            ("born", "date"),
            ("at", "timestamp"),
            ("ok", "boolean"),
        ]
        assert one.fetchall() == [
            (1, "Asha", Decimal("1.50"), date(1990, 2, 28), datetime(2024, 1, 31, 10), True),
            (2, None, Decimal("2.50"), None, None, None),
            (3, "", Decimal("3.50"), date(2000, 1, 1), datetime(2024, 2, 29, 23, 59, 59), False),
        ]


def test_pyathena_fetches_many_pages(athena: Laboratory) -> None:
    with cursor("default") as one:
        one.execute("SELECT x FROM UNNEST(sequence(1, 2500)) AS t(x) ORDER BY x")
        assert [row[0] for row in one] == list(range(1, 2501))


@pytest.mark.parametrize(
    ("sql", "parameters", "style", "rows", "reason"),
    [
        ("SELECT id FROM people WHERE name = %(name)s", {"name": "Asha"}, None, [(1,)], "written into the text"),
        ("SELECT id FROM people WHERE name = ?", ["'Asha'"], "qmark", [(1,)], "sent beside it"),
        ("SELECT id FROM people WHERE id IN (?, ?) ORDER BY id", ["1", "3"], "qmark", [(1,), (3,)], "numbers"),
    ],
)
def test_pyathena_parameters(athena: Laboratory, people: str, sql, parameters, style, rows, reason) -> None:
    with cursor(people) as one:
        one.execute(sql, parameters, **({"paramstyle": style} if style else {}))
        assert one.fetchall() == rows, reason


def test_pyathena_reads_frames(athena: Laboratory, people: str) -> None:
    with cursor(people, cursor_class=PandasCursor) as one:
        found = one.execute("SELECT id, name, ok FROM people ORDER BY id").as_pandas()
    assert found["id"].tolist() == [1, 2, 3]
    assert found["name"].tolist()[0] == "Asha"


def test_pyathena_tells_of_failures(athena: Laboratory, people: str) -> None:
    with cursor(people) as one:
        with pytest.raises(OperationalError, match="COLUMN_NOT_FOUND: line 1:8"):
            one.execute("SELECT nothing FROM people")
        with pytest.raises(DatabaseError, match="mismatched input"):
            one.execute("SELECT nothing FROM FROM people")
