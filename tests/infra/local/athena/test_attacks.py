"""What a client may get wrong: each is an answer of the API, never a dropped connection or another meaning."""

import pytest
from botocore.exceptions import ClientError

from tests.laboratory import ENGINE

lighter_engine = pytest.mark.skipif(ENGINE == "trino", reason="what the lighter engine refuses and Trino does not")


@pytest.mark.parametrize(
    ("sql", "error", "reason"),
    [
        pytest.param(
            "SELECT * FROM (VALUES 1) t(x) TABLESAMPLE BERNOULLI (50)",
            "NOT_SUPPORTED",
            "refused while it is parsed",
            marks=lighter_engine,
        ),
        pytest.param("SELECT 1" + " + 1" * 5000, "STACK_OVERFLOW", "deeper than the engine goes", marks=lighter_engine),
        ("SELECT DATE '0001-01-01' - INTERVAL '1' DAY", "NOT_SUPPORTED", "a day that no client can hold"),
    ],
)
def test_a_refusal_fails_the_execution(athena, sql, error, reason):
    answer = athena.run(sql)
    assert (answer.state, answer.reason.partition(":")[0]) == ("FAILED", error), reason


def test_a_negative_parameter_begins_no_comment(athena):
    assert athena.rows("SELECT 3-?", ExecutionParameters=["-1"]) == [["4"]]


def test_a_token_stands_for_one_request(athena):
    token = "one-request-" + "x" * 32
    first = athena.start("SELECT ?", ClientRequestToken=token, ExecutionParameters=["1"])
    assert athena.start("SELECT ?", ClientRequestToken=token, ExecutionParameters=["1"]) == first
    with pytest.raises(ClientError, match="Idempotent parameters do not match"):
        athena.start("SELECT ?", ClientRequestToken=token, ExecutionParameters=["2"])
    athena.finished(first)


def test_pages_and_prepared_statements_have_limits(athena):
    identifier = athena.start("SELECT 1")
    athena.finished(identifier)
    with pytest.raises(ClientError, match="MaxResults"):
        athena.client.get_query_results(QueryExecutionId=identifier, MaxResults=1001)
    with pytest.raises(ClientError, match="NextToken"):
        athena.client.get_query_results(QueryExecutionId=identifier, NextToken="-1")
    kept = {"StatementName": "attacked", "WorkGroup": "primary"}
    athena.client.create_prepared_statement(**kept, QueryStatement="SELECT 1")
    with pytest.raises(ClientError, match="already exists"):
        athena.client.create_prepared_statement(**kept, QueryStatement="SELECT 2")
    athena.client.delete_prepared_statement(**kept)
    with pytest.raises(ClientError, match="not found"):
        athena.client.delete_prepared_statement(**kept)
