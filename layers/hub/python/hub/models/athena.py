"""Athena as the runs use it: start once, ask, stop, read rows."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from hub import aws
from hub.errors import HubError

DONE = ("SUCCEEDED", "FAILED", "CANCELLED")
PAGE = 1000

NUMBERS: dict[str, type[int] | type[float]] = dict.fromkeys(("tinyint", "integer", "bigint"), int) | {"double": float}

Row = dict[str, str | None]
Value = int | float | str | None


class QueryFailed(HubError):
    """A query of the hub's own failed; the message is the engine's."""

    code = "query_failed"


@dataclass(frozen=True, slots=True)
class Execution:
    """`state` is Athena's, or LOST where Athena does not know the execution (any more)."""

    state: str
    reason: str = ""
    bytes_scanned: int = 0

    @property
    def done(self) -> bool:
        return self.state in (*DONE, "LOST")


@dataclass(frozen=True, slots=True)
class Athena:
    workgroup: str

    def start(self, sql: str, token: str) -> str:
        """The execution's id. The same statement under the same token gives the same execution, started once.

        An account knows a token once, and stages share the account: the token that Athena is given holds all of it.
        """
        whole = hashlib.sha256("\0".join((self.workgroup, token, sql)).encode()).hexdigest()
        started = aws.client("athena").start_query_execution(
            QueryString=sql, ClientRequestToken=whole, WorkGroup=self.workgroup
        )
        return str(started["QueryExecutionId"])

    def ask(self, execution: str) -> Execution:
        try:
            found = aws.client("athena").get_query_execution(QueryExecutionId=execution)["QueryExecution"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "InvalidRequestException":
                return Execution("LOST", "Athena does not know the execution")
            raise
        status = found["Status"]
        return Execution(
            status["State"],
            status.get("StateChangeReason", ""),
            found.get("Statistics", {}).get("DataScannedInBytes", 0),
        )

    def stop(self, execution: str) -> None:
        aws.client("athena").stop_query_execution(QueryExecutionId=execution)

    def wait(self, execution: str, seconds: float) -> Execution:
        """Asks in growing intervals, the first time after one, until the execution is done or the time is over."""
        until, pause = time.monotonic() + seconds, 0.05
        while True:
            time.sleep(min(pause, max(0.0, until - time.monotonic())))
            if (found := self.ask(execution)).done or time.monotonic() >= until:
                return found
            pause = min(pause * 1.5, 2)

    def query(self, sql: str, token: str, seconds: float) -> Iterator[Row]:
        """The rows of a query that takes at most so long; QueryFailed otherwise."""
        execution = self.start(sql, token)
        found = self.wait(execution, seconds)
        if found.state != "SUCCEEDED":
            raise QueryFailed(found.reason or f"the query is {found.state} after {seconds:g} s")
        page: str | None = ""
        while page is not None:
            rows, page = self.page(execution, page)
            yield from rows

    def values(self, execution: str) -> list[list[Value]]:
        """All rows of a finished query, whole numbers and doubles as such."""
        found: list[list[Value]] = []
        more: dict[str, str] = {}
        while True:
            page = aws.client("athena").get_query_results(QueryExecutionId=execution, MaxResults=PAGE, **more)
            columns = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
            kinds = [NUMBERS.get(column["Type"], str) for column in columns]
            rows = page["ResultSet"]["Rows"][0 if more else 1 :]  # the first page starts with the names
            for row in rows:
                cells = [cell.get("VarCharValue") for cell in row["Data"]]
                found.append(
                    [kind(cell) if cell is not None else None for kind, cell in zip(kinds, cells, strict=True)]
                )
            if "NextToken" not in page:
                return found
            more = {"NextToken": page["NextToken"]}

    def page(self, execution: str, token: str = "") -> tuple[list[Row], str | None]:
        """One page of a finished query's rows and the token of the next, None at the end."""
        more = {"NextToken": token} if token else {}
        found = aws.client("athena").get_query_results(QueryExecutionId=execution, MaxResults=PAGE, **more)
        names = [column["Name"] for column in found["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
        rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in found["ResultSet"]["Rows"]]
        if not token and rows[:1] == [names]:
            rows = rows[1:]  # the first page starts with the names
        return [dict(zip(names, row, strict=True)) for row in rows], found.get("NextToken")
