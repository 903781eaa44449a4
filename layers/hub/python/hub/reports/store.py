"""Reports and results in the library table. A result's item expires with its files."""

import re
import time
from typing import Any, Final

from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from hub import aws
from hub.errors import BadRequest, Conflict, NotFound
from hub.reports.library import Report

KEPT_DAYS: Final = 7
"""Days that a result can be asked for; the files of the results bucket live as long."""


class Result(BaseModel):
    """One run of a query. How it stands is Athena's to say: ask with `query_id`."""

    model_config = ConfigDict(frozen=True)

    result_id: str
    owner: str
    query_id: str
    sql: str
    report_id: str | None
    release_id: str
    tables: list[str]
    started_at: str


class LibraryStore:
    def __init__(self, table: str) -> None:
        self._name = table

    @property
    def _table(self) -> Any:
        return aws.table(self._name)

    def reports(self, after: str | None, limit: int) -> tuple[list[Report], str | None]:
        """Saved reports by id, and the id to go on after; BadRequest for what is no id."""
        if after and not re.fullmatch("[0-9a-f]{32}", after):
            raise BadRequest("The cursor `after` is not one that this list gave as `next`")
        condition = Key("pk").eq("report")
        more = {"ExclusiveStartKey": {"pk": "report", "sk": after}} if after else {}
        answer = self._table.query(KeyConditionExpression=condition, Limit=limit, **more)
        return [_report(item) for item in answer["Items"]], answer.get("LastEvaluatedKey", {}).get("sk")

    def report(self, report_id: str) -> Report | None:
        item = self._table.get_item(Key={"pk": "report", "sk": report_id}, ConsistentRead=True).get("Item")
        return _report(item) if item else None

    def save(self, report: Report) -> None:
        """Store version n of a report; Conflict unless version n - 1 is what is stored."""
        content = aws.fitting(report.model_dump_json())
        item = {"pk": "report", "sk": report.report_id, "version": report.version, "report": content}
        first = report.version == 1
        self._conditionally(
            self._table.put_item,
            Item=item,
            ConditionExpression="attribute_not_exists(pk)" if first else "version = :before",
            **({} if first else {"ExpressionAttributeValues": {":before": report.version - 1}}),
        )

    def delete(self, report: Report) -> None:
        """Conflict where it was changed meanwhile."""
        self._conditionally(
            self._table.delete_item,
            Key={"pk": "report", "sk": report.report_id},
            ConditionExpression="version = :version",
            ExpressionAttributeValues={":version": report.version},
        )

    def add_result(self, result: Result) -> None:
        item = {"pk": f"result#{result.result_id}", "sk": "-", "expires_at": int(time.time()) + KEPT_DAYS * 86400}
        self._table.put_item(Item=item | result.model_dump(exclude_none=True))

    def result(self, result_id: str, owner: str) -> Result:
        """NotFound for anybody but the one who asked: a result shows what its asker may see."""
        item = self._table.get_item(Key={"pk": f"result#{result_id}", "sk": "-"}, ConsistentRead=True).get("Item")
        if item is None or item["owner"] != owner or int(item["expires_at"]) <= time.time():
            raise NotFound("There is no such result of yours; results are kept for 7 days")
        return Result.model_validate({"report_id": None} | item)

    def _conditionally(self, write: Any, **request: Any) -> None:
        try:
            write(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise Conflict("The report was changed by somebody else; read it again") from error


def _report(item: dict[str, Any]) -> Report:
    return Report.model_validate_json(item["report"])
