"""The API's own rules: work groups, idempotency, paging, cancelling, limits, parameters, errors."""

import io
import json
import os
import uuid

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from infra.local.athena.catalogue import Catalogue
from infra.local.athena.service import READ_AGAIN, Service
from tests.laboratory import BUCKET, Laboratory

OUTPUT = {"OutputLocation": f"s3://{BUCKET}/results/"}


def refusal(call, **request) -> dict:
    """The error that a call answers with."""
    with pytest.raises(ClientError) as error:
        call(**request)
    return error.value.response["Error"]


def test_a_query_has_a_result_file_pages_and_types(athena: Laboratory) -> None:
    answer = athena.run("SELECT 1 AS a, CAST(NULL AS varchar) AS n, '' AS e, 'say \"hi\"' AS q, DECIMAL '1.50' AS d")
    assert answer.rows == [["1", None, "", 'say "hi"', "1.50"]]
    assert [(column["Name"], column["Type"]) for column in answer.columns] == [
        ("a", "integer"),
        ("n", "varchar"),
        ("e", "varchar"),
        ("q", "varchar"),
        ("d", "decimal"),
    ]
    place = answer.execution["ResultConfiguration"]["OutputLocation"]
    assert place == f"s3://{BUCKET}/results/{answer.execution['QueryExecutionId']}.csv"
    assert athena.catalogue.read(place) == b'"a","n","e","q","d"\n"1",,"","say ""hi""","1.50"\n'


def test_pages_follow_one_another(athena: Laboratory) -> None:
    answer = athena.run("SELECT x FROM UNNEST(sequence(1, 25)) AS t(x) ORDER BY x")
    pages = athena.client.get_paginator("get_query_results").paginate(
        QueryExecutionId=answer.execution["QueryExecutionId"], PaginationConfig={"PageSize": 10}
    )
    found = [[row["Data"][0]["VarCharValue"] for row in page["ResultSet"]["Rows"]] for page in pages]
    assert [len(page) for page in found] == [10, 10, 6], "the header is a row of the first page"
    assert [text for page in found for text in page] == ["x", *map(str, range(1, 26))]


def test_rows_that_are_no_longer_kept_come_from_the_result_file(athena: Laboratory) -> None:
    sql = "SELECT x, CASE WHEN x = 2 THEN '' END AS e FROM UNNEST(sequence(1, 2)) AS t(x) ORDER BY x"
    answer = athena.run(sql)
    for _ in range(READ_AGAIN):
        athena.run("SELECT 1")
    assert athena.answer(answer.execution["QueryExecutionId"]).rows == answer.rows == [["1", None], ["2", ""]]


@pytest.mark.parametrize(
    ("sql", "name", "reason"),
    [
        ("SELECT 1 / 0", "DIVISION_BY_ZERO", "an error while it runs"),
        ("SELECT * FROM nowhere", "TABLE_NOT_FOUND", "an error of analysis"),
        ("SELECT a FROM (VALUES 1) t(b)", "COLUMN_NOT_FOUND", "an error of analysis"),
        ("SELECT DATE '2024-01-01' = '2024-01-01'", "TYPE_MISMATCH", "no silent casts"),
        ("DROP TABLE nowhere", "TABLE_NOT_FOUND", "an error of DDL"),
    ],
)
def test_a_failed_query_says_why(athena: Laboratory, sql: str, name: str, reason: str) -> None:
    answer = athena.run(sql)
    assert answer.state == "FAILED", reason
    assert answer.reason.startswith(f"{name}: ")
    problem = answer.execution["Status"]["AthenaError"]
    assert (problem["ErrorCategory"], problem["Retryable"], problem["ErrorMessage"]) == (2, False, answer.reason)
    error = refusal(athena.client.get_query_results, QueryExecutionId=answer.execution["QueryExecutionId"])
    assert "Final query state: FAILED" in error["Message"]


@pytest.mark.parametrize(
    ("sql", "place", "reason"),
    [
        ("SELEC 1", "line 1:1", "no statement"),
        ("SELECT a,, b FROM t", "line 1:10", "a comma too many"),
        ("SELECT a\nFROM t WHERE", "line 2:13", "line and column where it stops"),
        ("CREATE TABLE x AS SELEC 1", "line ", "the query inside a statement"),
    ],
)
def test_a_syntax_error_is_refused_at_once(athena: Laboratory, sql: str, place: str, reason: str) -> None:
    error = refusal(athena.client.start_query_execution, QueryString=sql, ResultConfiguration=OUTPUT)
    assert error["Code"] == "InvalidRequestException"
    assert error["Message"].startswith(place), reason


@pytest.mark.parametrize(
    ("request_", "message", "reason"),
    [
        ({"QueryString": "SELECT 1"}, "No output location", "neither the request nor the work group has a place"),
        ({"QueryString": "SELECT 1", "WorkGroup": "nobody"}, "WorkGroup nobody is not found", "an unknown work group"),
        (
            {"QueryString": "SELECT " + "1" * 262_144, "ResultConfiguration": OUTPUT},
            "longer than",
            "Athena's longest text",
        ),
    ],
)
def test_bad_requests_are_refused(athena: Laboratory, request_: dict, message: str, reason: str) -> None:
    error = refusal(athena.client.start_query_execution, **request_)
    assert (error["Code"], message in error["Message"]) == ("InvalidRequestException", True), reason


def test_unknown_executions_are_refused(athena: Laboratory) -> None:
    assert "was not found" in refusal(athena.client.get_query_execution, QueryExecutionId=str(uuid.uuid4()))["Message"]


@pytest.mark.parametrize(
    ("sql", "parameters", "rows", "reason"),
    [
        ("SELECT ?, ?", ["1", "'O''Brien'"], [["1", "O'Brien"]], "literals"),
        ("SELECT x FROM (VALUES 1, 2, 3) t(x) WHERE x > ? ORDER BY x LIMIT 1", ["1"], [["2"]], "in a condition"),
        ("SELECT concat('?', ?)", ["'007'"], [["?007"]], "digits in quotes stay text"),
    ],
)
def test_execution_parameters(athena: Laboratory, sql: str, parameters: list[str], rows: list, reason: str) -> None:
    assert athena.rows(sql, ExecutionParameters=parameters) == rows, reason


def test_prepared_statements(athena: Laboratory) -> None:
    athena.rows("PREPARE plus FROM SELECT ? + ?")
    assert athena.rows("EXECUTE plus USING 40, 2") == [["42"]]
    assert athena.rows("EXECUTE plus", ExecutionParameters=["1", "2"]) == [["3"]]
    athena.rows("DEALLOCATE PREPARE plus")
    assert athena.run("EXECUTE plus USING 1, 2").reason == "NOT_FOUND: Prepared statement not found: plus"


def test_the_same_token_starts_one_query(athena: Laboratory) -> None:
    request = {"QueryString": "SELECT 1", "ResultConfiguration": OUTPUT, "ClientRequestToken": uuid.uuid4().hex}
    first, second = (athena.client.start_query_execution(**request)["QueryExecutionId"] for _ in range(2))
    assert first == second
    assert (
        "Idempotent" in refusal(athena.client.start_query_execution, **request | {"QueryString": "SELECT 2"})["Message"]
    )


def test_a_work_group_that_enforces_its_place(athena: Laboratory) -> None:
    athena.client.create_work_group(
        Name="strict", Configuration={"ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/strict"}}
    )
    answer = athena.run("SELECT 1", WorkGroup="strict")
    assert answer.execution["ResultConfiguration"]["OutputLocation"].startswith(f"s3://{BUCKET}/strict/")
    elsewhere = f"CREATE TABLE t WITH (external_location = 's3://{BUCKET}/x/') AS SELECT 1 a"
    error = refusal(athena.client.start_query_execution, QueryString=elsewhere, WorkGroup="strict")
    assert "enforces a centralized output location" in error["Message"]
    athena.client.update_work_group(WorkGroup="strict", State="DISABLED")
    assert (
        "disabled"
        in refusal(athena.client.start_query_execution, QueryString="SELECT 1", WorkGroup="strict")["Message"]
    )


def test_a_work_groups_scan_limit_cancels(athena: Laboratory, database: str) -> None:
    place = f"s3://{BUCKET}/{database}/wide/"
    columns = {"a": [os.urandom(500).hex() for _ in range(12_000)], "b": list(range(12_000))}
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, compression="none", use_dictionary=False)
    athena.catalogue.write(place + "one.parquet", buffer.getvalue())
    athena.rows(f"CREATE EXTERNAL TABLE wide (a string, b bigint) STORED AS PARQUET LOCATION '{place}'", database)
    limited = {"BytesScannedCutoffPerQuery": 10_000_000, "ResultConfiguration": OUTPUT}
    athena.client.create_work_group(Name="frugal", Configuration=limited)
    wide = athena.run("SELECT max(a) FROM wide", database, WorkGroup="frugal")
    assert (wide.state, wide.reason) == ("CANCELLED", "Bytes scanned limit was exceeded")
    whole = athena.run("SELECT count(DISTINCT a) FROM wide", database)
    assert whole.rows == [["12000"]], "another work group has no limit"
    assert whole.execution["Statistics"]["DataScannedInBytes"] > 12_000_000


def test_a_running_query_is_cancelled(athena: Laboratory) -> None:
    numbers = "UNNEST(sequence(1, 10000))"
    endless = (
        f"SELECT count(*) FROM {numbers} a(x) CROSS JOIN {numbers} b(y) CROSS JOIN {numbers} c(z) WHERE x * y * z = 7"
    )
    started = athena.client.start_query_execution(QueryString=endless, ResultConfiguration=OUTPUT)["QueryExecutionId"]
    athena.client.stop_query_execution(QueryExecutionId=started)
    assert athena.finished(started)["Status"]["State"] == "CANCELLED"


class Broken:
    """An engine with a fault of its own."""

    def check(self, statement) -> None:
        pass

    def run(self, statement, context):
        raise RuntimeError("out of luck")

    def close(self) -> None:
        pass


@pytest.fixture
def bare(athena: Laboratory, tmp_path) -> Service:
    service = Service(Broken(), Catalogue(), tmp_path)
    yield service
    service.close()


def test_a_fault_of_the_engine_fails_the_query_alone(bare: Service, capsys) -> None:
    started = bare.call("StartQueryExecution", {"QueryString": "SELECT 1", "ResultConfiguration": OUTPUT})
    assert bare.wait(started["QueryExecutionId"], 10)
    status = bare.call("GetQueryExecution", started)["QueryExecution"]["Status"]
    assert status["StateChangeReason"] == "GENERIC_INTERNAL_ERROR: RuntimeError: out of luck"
    assert status["AthenaError"]["ErrorCategory"] == 1
    assert "out of luck" in capsys.readouterr().err, "the trace is in the log"


def test_a_restart_remembers(bare: Service, tmp_path, capsys) -> None:
    request = {"QueryString": "SELECT 1", "ResultConfiguration": OUTPUT, "ClientRequestToken": "t-1"}
    started = bare.call("StartQueryExecution", request)
    assert bare.wait(started["QueryExecutionId"], 10)
    bare.call("CreateWorkGroup", {"Name": "kept", "Configuration": {}})
    again = Service(Broken(), Catalogue(), tmp_path)
    assert again.call("StartQueryExecution", request) == started, "a token starts one query, whatever happens between"
    assert again.call("GetWorkGroup", {"WorkGroup": "kept"})["WorkGroup"]["Name"] == "kept"
    again.close()


def test_what_a_killed_process_was_running_has_failed(athena: Laboratory, tmp_path) -> None:
    public = {"QueryExecutionId": "q-1", "Query": "SELECT 1", "StatementType": "DML", "Statistics": {}}
    public |= {"Status": {"State": "RUNNING", "SubmissionDateTime": 1.0}, "WorkGroup": "primary"}
    accepted = json.dumps({"public": public, "token": "t", "columns": [], "updated": None})
    (tmp_path / "executions.jsonl").write_text(accepted + '\n{"public": {"Quer')
    service = Service(Broken(), Catalogue(), tmp_path)
    status = service.call("GetQueryExecution", {"QueryExecutionId": "q-1"})["QueryExecution"]["Status"]
    assert (status["State"], status["StateChangeReason"]) == (
        "FAILED",
        "GENERIC_INTERNAL_ERROR: the engine was stopped",
    )
    service.close()
