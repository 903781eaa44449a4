"""What the API reads out of a statement before an engine sees it, and how parameters are put in."""

import pytest

from infra.local.athena.errors import BadStatement, QueryFailed
from infra.local.athena.statements import ColumnSpec, Statement, bind, bound, parse

ICEBERG = """CREATE TABLE IF NOT EXISTS db.t
(id bigint, at timestamp COMMENT 'when', tags array<struct<a:int,b:string>>)
PARTITIONED BY (day(at), bucket(16, id), city) LOCATION 's3://b/t/' TBLPROPERTIES ('table_type' = 'ICEBERG')"""
HIVE = """CREATE EXTERNAL TABLE `t` (`a` string) PARTITIONED BY (`dt` string, n int)
ROW FORMAT SERDE 'org.x.Serde' WITH SERDEPROPERTIES ('separatorChar' = ';') STORED AS PARQUET
LOCATION 's3://b/t/' TBLPROPERTIES ('skip.header.line.count' = '1')"""


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("SELECT 1;", {"kind": "query", "text": "SELECT 1"}, "the closing semicolon is dropped"),
        ("-- hello\n(SELECT 1)", {"kind": "query"}, "a comment and a bracket may stand first"),
        ("WITH a AS (SELECT 1) SELECT * FROM a", {"kind": "query"}, "WITH begins a query"),
        ("insert into Db.T select 1", {"kind": "insert", "table": ("db", "t")}, "names compare in lower case"),
        (
            'MERGE INTO "awsdatacatalog"."d"."t" x USING s ON true',
            {"kind": "merge", "table": ("d", "t")},
            "three parts",
        ),
        ("DELETE FROM t", {"kind": "delete", "table": (None, "t")}, "the context's database stands in"),
        (
            "UNLOAD (SELECT (1), ')') TO 's3://b/' WITH (format = 'JSON')",
            {"query": "SELECT (1), ')'", "location": "s3://b/", "properties": {"format": "JSON"}},
            "brackets in texts do not count",
        ),
        (
            "CREATE TABLE t WITH (a = 'x', b = ARRAY['y', 'z'], c = 4, d = false) AS SELECT 1 AS w",
            {"kind": "ctas", "properties": {"a": "x", "b": ["y", "z"], "c": 4, "d": False}, "query": "SELECT 1 AS w"},
            "values by kind",
        ),
        (
            "CREATE TABLE t AS SELECT 1 x WITH NO DATA",
            {"query": "SELECT 1 x", "with_data": False},
            "the tail is no part of the query",
        ),
        (
            "CREATE TABLE t AS WITH a AS (SELECT 1 data) SELECT data FROM a",
            {"with_data": True},
            "WITH ... DATA elsewhere is not it",
        ),
        (
            ICEBERG,
            {
                "kind": "create_iceberg_table",
                "transforms": ("day(at)", "bucket(16, id)", "city"),
                "if_exists": True,
                "columns": (
                    ColumnSpec("id", "bigint"),
                    ColumnSpec("at", "timestamp", "when"),
                    ColumnSpec("tags", "array<struct<a:int,b:string>>"),
                ),
            },
            "commas inside types and transforms",
        ),
        (
            HIVE,
            {
                "kind": "create_external_table",
                "partition_columns": (ColumnSpec("dt", "string"), ColumnSpec("n", "int")),
                "serde_properties": {"separatorChar": ";"},
                "storage": {"serde": "org.x.Serde", "format": "PARQUET"},
            },
            "Hive's clauses",
        ),
        (
            "CREATE OR REPLACE VIEW v AS SELECT 1 x -- end",
            {"kind": "create_view", "replace": True, "query": "SELECT 1 x -- end"},
            "a view",
        ),
        (
            "OPTIMIZE d.t REWRITE DATA USING BIN_PACK WHERE at > DATE '2024-01-01'",
            {"kind": "optimize", "table": ("d", "t"), "where": "at > DATE '2024-01-01'"},
            "the condition goes to the engine",
        ),
        ("OPTIMIZE t REWRITE DATA USING BIN_PACK", {"where": None}, "the whole table"),
        ("VACUUM `_t`", {"kind": "vacuum", "table": (None, "_t")}, "backticks for names that begin with _"),
        (
            "ALTER TABLE t ADD IF NOT EXISTS PARTITION (dt = '1') LOCATION 's3://x' PARTITION (dt = '2')",
            {"partitions": (({"dt": "1"}, "s3://x"), ({"dt": "2"}, None)), "if_exists": True},
            "several at once",
        ),
        ("EXECUTE p USING 1, 'a, b', f(1, 2)", {"arguments": ("1", "'a, b'", "f(1, 2)")}, "commas inside an argument"),
        (
            "DROP DATABASE IF EXISTS d CASCADE",
            {"kind": "drop_database", "cascade": True, "if_exists": True},
            "with its tables",
        ),
        ("SHOW TABLES IN d 'a*'", {"kind": "show_tables", "table": ("d", ""), "pattern": "a*"}, "Hive's pattern"),
    ],
)
def test_reads(text: str, expected: dict[str, object], reason: str) -> None:
    statement = parse(text)
    assert {name: getattr(statement, name) for name in expected} == expected, reason


@pytest.mark.parametrize(
    ("text", "message", "reason"),
    [
        ("", "line 1:1: mismatched input '<EOF>'", "nothing at all"),
        ("SELEC 1", "line 1:1: mismatched input 'SELEC'", "no statement begins so"),
        ("GRANT ALL", "line 1:1: mismatched input 'GRANT'", "not among Athena's statements"),
        ("CREATE TABLE t (a int) LOCATION 's3://b/'", "line 1:", "a table is EXTERNAL or of type ICEBERG"),
        ("VACUUM t now", "line 1:10: mismatched input 'now'. Expecting: <EOF>", "nothing may follow"),
        ("UNLOAD (SELECT 1 TO 's3://b/'", "line 1:30: mismatched input '<EOF>'. Expecting: ')'", "an open bracket"),
        ("DROP\n  INDEX x", "line 2:3: mismatched input 'INDEX'", "line and column of the word"),
        ("SELECT 1; DELETE FROM t", "line 1:9", "one statement at a time"),
    ],
)
def test_refuses(text: str, message: str, reason: str) -> None:
    with pytest.raises(BadStatement) as error:
        parse(text)
    assert message in str(error.value), reason


@pytest.mark.parametrize(
    ("text", "parameters", "expected", "reason"),
    [
        ("SELECT ?, '?' -- ?", ["1"], "SELECT 1, '?' -- ?", "question marks in texts and comments are none"),
        ("SELECT ?, ?", ["'O''Brien'", "-5"], "SELECT 'O''Brien', -5", "literals go in as they are"),
        ("SELECT 2 * ?", ["1 + 1"], "SELECT 2 * (1 + 1\n)", "an expression stays one"),
        ("SELECT ?, 2", ["1 -- x"], "SELECT 1, 2", "a comment in a parameter swallows nothing"),
        ("SELECT 3-?", ["-1"], "SELECT 3- -1", "two signs are no comment"),
    ],
)
def test_binds(text: str, parameters: list[str], expected: str, reason: str) -> None:
    assert bind(text, parameters) == expected, reason


@pytest.mark.parametrize("parameter", ["1) OR (1 = 1", "1; DROP TABLE t", "", "(1", "?"])
def test_a_parameter_is_one_expression(parameter: str) -> None:
    with pytest.raises(BadStatement):
        bind("SELECT * FROM t WHERE a = ?", [parameter])


@pytest.mark.parametrize(("text", "parameters"), [("SELECT ?", []), ("SELECT ?", ["1", "2"]), ("SELECT 1", ["1"])])
def test_the_number_of_parameters_must_fit(text: str, parameters: list[str]) -> None:
    with pytest.raises(QueryFailed, match="INVALID_PARAMETER_USAGE"):
        bound(parse(text), parameters)


def test_parameters_are_for_reading_and_inserting() -> None:
    with pytest.raises(BadStatement, match="Execution parameters"):
        bound(parse("DELETE FROM t WHERE a = ?"), ["1"])
    assert bound(Statement("delete", "DELETE FROM t"), None).text == "DELETE FROM t"
