"""Athena for one query of a user: start, ask, read. The workgroup limits bytes and says where results go."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from tempfile import TemporaryFile
from typing import Any, Final, Literal

from pyathena.converter import DefaultTypeConverter

from hub import aws
from hub.errors import BadRequest, InvalidInput, NotFound, TooLarge, TooManyRequests
from hub.guard import Permitted
from hub.guard.places import ENGINE, of_engine
from hub.reports.spreadsheet import harmless

State = Literal["running", "succeeded", "failed", "cancelled"]
STATES: Final[dict[str, State]] = {"SUCCEEDED": "succeeded", "FAILED": "failed", "CANCELLED": "cancelled"}
LINK_LIFE: Final = 300
"""Seconds that a download link works."""
MOST_BYTES: Final = 100 * 1024**2
"""Of a file that is made harmless while its asker waits."""
BLOCK: Final = 4 * 1024**2
converter = DefaultTypeConverter()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a query ended without a result; line and column are of the user's own text."""

    message: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    state: State
    problem: Problem | None
    bytes_scanned: int
    milliseconds: int
    location: str


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Rows:
    """columns: {name, type} each; items: one list per row, in the order of the columns."""

    columns: list[dict[str, str]]
    items: list[list[Any]]
    next: str | None


def start(permitted: Permitted, sql: str, workgroup: str, token: str) -> str:
    """The query's id in Athena. token: 32 characters or more; the same token starts the same query once."""
    athena = aws.client("athena")
    parameters = {"ExecutionParameters": permitted.parameters} if permitted.parameters else {}
    try:
        answer = athena.start_query_execution(
            QueryString=permitted.sql, WorkGroup=workgroup, ClientRequestToken=token, **parameters
        )
    except athena.exceptions.TooManyRequestsException as error:
        raise TooManyRequests("Too many queries are running; try again in a minute") from error
    except athena.exceptions.InvalidRequestException as error:
        problem = _problem(error.response["Error"]["Message"], permitted.sql, sql)
        details = {"line": problem.line, "column": problem.column}
        raise InvalidInput(problem.message, details) from error
    return str(answer["QueryExecutionId"])


def standing(query_id: str, sql: str) -> Standing:
    """How a query stands now. sql: the user's text, for the place of an error."""
    execution = _execution(query_id)
    status, statistics = execution["Status"], execution.get("Statistics", {})
    state = STATES.get(status["State"], "running")
    problem = None
    if state in ("failed", "cancelled"):
        problem = _problem(status.get("StateChangeReason") or "The query was cancelled", execution["Query"], sql)
    return Standing(
        state,
        problem,
        int(statistics.get("DataScannedInBytes", 0)),
        int(statistics.get("TotalExecutionTimeInMillis", 0)),
        execution.get("ResultConfiguration", {}).get("OutputLocation", ""),
    )


def stop(query_id: str) -> None:
    aws.client("athena").stop_query_execution(QueryExecutionId=query_id)


def rows(query_id: str, after: str | None, limit: int) -> Rows:
    """A page of a result. Athena's first page begins with a row of headings, which is left out."""
    athena = aws.client("athena")
    page = {"NextToken": after, "MaxResults": limit} if after else {"MaxResults": limit + 1}
    try:
        answer = athena.get_query_results(QueryExecutionId=query_id, **page)
    except athena.exceptions.InvalidRequestException as error:
        raise BadRequest("The cursor `after` is not one that this result gave as `next`") from error
    found = answer["ResultSet"]
    info = found["ResultSetMetadata"]["ColumnInfo"]
    types = [column["Type"] for column in info]
    given = found["Rows"] if after else found["Rows"][1:]
    items = [
        [_value(kind, cell.get("VarCharValue")) for kind, cell in zip(types, row["Data"], strict=True)] for row in given
    ]
    return Rows([{"name": column["Name"], "type": column["Type"]} for column in info], items, answer.get("NextToken"))


def download(location: str, result_id: str, exact: bool) -> Link:
    """A link to the result's file, harmless for spreadsheets unless `exact`. TooLarge for a file beyond MOST_BYTES."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    if not exact:
        key = _harmless(bucket, key)
    request = {
        "Bucket": bucket,
        "Key": key,
        "ResponseContentDisposition": f'attachment; filename="result-{result_id[:8]}.csv"',
        "ResponseContentType": "text/csv; charset=utf-8",
    }
    url = aws.client("s3").generate_presigned_url("get_object", Params=request, ExpiresIn=LINK_LIFE)
    return Link(url, LINK_LIFE)


def _harmless(bucket: str, key: str) -> str:
    """Beside the result's file, the same for spreadsheets; its key. A repeat writes the same again."""
    s3 = aws.client("s3")
    found = s3.get_object(Bucket=bucket, Key=key)
    if found["ContentLength"] > MOST_BYTES:
        found["Body"].close()
        size = found["ContentLength"] // 1024**2
        limit = MOST_BYTES // 1024**2
        raise TooLarge(
            f"The file has {size} MB and at most {limit} are made ready; narrow it down or ask for exact=true"
        )
    safe = f"{key.removesuffix('.csv')}-spreadsheet.csv"
    with TemporaryFile() as file:
        file.writelines(harmless(found["Body"].iter_chunks(BLOCK)))
        file.seek(0)
        s3.upload_fileobj(file, bucket, safe)
    return safe


def _execution(query_id: str) -> dict[str, Any]:
    athena = aws.client("athena")
    try:
        execution: dict[str, Any] = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
    except athena.exceptions.InvalidRequestException as error:
        raise NotFound("The result is gone; run the report again") from error
    return execution


def _problem(message: str, written: str, sql: str) -> Problem:
    """The engine's message, its place turned into the one in the user's text."""
    place = of_engine(message, written, sql)
    if place is None:
        return Problem(message)
    return Problem(ENGINE.sub(f"line {place.line}:{place.column}", message, count=1), place.line, place.column)


def _value(kind: str, text: str | None) -> Any:
    """A cell as JSON: numbers that JSON keeps exactly, all others and times as text, times with their Z."""
    if text is None or kind in ("varchar", "char", "json") or text in ("NaN", "Infinity", "-Infinity"):
        return text
    try:
        return _jsonable(converter.convert(kind, text))
    except (ValueError, ArithmeticError):
        return text


def _jsonable(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return moment.isoformat() + "Z"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): _jsonable(inner) for key, inner in value.items()}
    return [_jsonable(inner) for inner in value] if isinstance(value, list | tuple) else value
