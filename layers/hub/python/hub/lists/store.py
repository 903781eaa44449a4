"""Lists and jobs: what is told of them in the control table, the people themselves in the vault bucket."""

import json
from datetime import UTC, datetime
from typing import Any

from boto3.dynamodb.conditions import Key

from hub import aws
from hub.errors import NotFound
from hub.lists.models import MergePurge, MergeRequest, Part, Report, UploadedList

LISTS, JOBS = "lists", "merge_purges"
LINK_LIFE = 300  # seconds
Item = dict[str, Any]


class ListStore:
    def __init__(self, control_table: str, vault_bucket: str) -> None:
        self._table, self._bucket = aws.table(control_table), vault_bucket

    # uploaded lists

    def put_list(self, told: UploadedList, text: str) -> None:
        """The people first, then that they are there."""
        self._put(f"lists/uploads/{told.name}.csv", text)
        self._table.put_item(Item={"pk": LISTS, "sk": told.name, **told.model_dump()})

    def uploaded(self, name: str) -> UploadedList:
        item = self._table.get_item(Key={"pk": LISTS, "sk": name}, ConsistentRead=True).get("Item")
        if item is None:
            raise NotFound(f"There is no list {name}")
        return UploadedList.model_validate(_plain(item))

    def lists(self, after: str | None, limit: int) -> tuple[list[UploadedList], str | None]:
        items, more = self._some(LISTS, after, limit, newest_first=False)
        return [UploadedList.model_validate(_plain(item)) for item in items], more

    def text(self, name: str) -> str:
        """The CSV of a list; NotFound once its time is over."""
        s3 = aws.client("s3")
        try:
            body = s3.get_object(Bucket=self._bucket, Key=f"lists/uploads/{name}.csv")["Body"].read()
        except s3.exceptions.NoSuchKey as error:
            raise NotFound(f"The list {name} is not kept any more; upload it again") from error
        return str(body.decode())

    # jobs

    def add(self, job: MergePurge) -> None:
        told = {"request": job.request.model_dump_json(), **job.model_dump(exclude={"request", "report"})}
        kept = {name: value for name, value in told.items() if value is not None}
        self._table.put_item(Item={"pk": JOBS, "sk": job.merge_id, **kept})

    def job(self, merge_id: str) -> MergePurge:
        item = self._table.get_item(Key={"pk": JOBS, "sk": merge_id}, ConsistentRead=True).get("Item")
        if item is None:
            raise NotFound("There is no such merge")
        return _job(item)

    def jobs(self, after: str | None, limit: int) -> tuple[list[MergePurge], str | None]:
        """The latest first."""
        items, more = self._some(JOBS, after, limit, newest_first=True)
        return [_job(item) for item in items], more

    def change(self, merge_id: str, state: str, report: Report | None = None, error: str | None = None) -> None:
        told: Item = {"state": state}
        if state in ("complete", "failed"):
            told |= {"ended_at": now(), "error": error, "report": report.model_dump_json() if report else None}
        names = {f"#{name}": name for name in told}
        self._table.update_item(
            Key={"pk": JOBS, "sk": merge_id},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in told),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={f":{name}": value for name, value in told.items()},
        )

    def put_part(self, merge_id: str, part: Part, text: str) -> None:
        self._put(_part(merge_id, part), text)

    def link(self, merge_id: str, part: Part) -> str:
        """An address from which the file is fetched, for LINK_LIFE seconds."""
        request = {
            "Bucket": self._bucket,
            "Key": _part(merge_id, part),
            "ResponseContentDisposition": f'attachment; filename="{part}-{merge_id}.csv"',
            "ResponseContentType": "text/csv; charset=utf-8",
        }
        return str(aws.client("s3").generate_presigned_url("get_object", Params=request, ExpiresIn=LINK_LIFE))

    def _put(self, key: str, text: str) -> None:
        aws.client("s3").put_object(Bucket=self._bucket, Key=key, Body=text.encode())

    def _some(self, pk: str, after: str | None, limit: int, *, newest_first: bool) -> tuple[list[Item], str | None]:
        start = {"ExclusiveStartKey": {"pk": pk, "sk": after}} if after else {}
        answer = self._table.query(
            KeyConditionExpression=Key("pk").eq(pk), ScanIndexForward=not newest_first, Limit=limit, **start
        )
        more = answer.get("LastEvaluatedKey")
        return list(answer["Items"]), str(more["sk"]) if more else None


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _part(merge_id: str, part: Part) -> str:
    return f"lists/merges/{merge_id}/{part}.csv"


def _job(item: Item) -> MergePurge:
    told = _plain(item)
    told["request"] = MergeRequest.model_validate_json(told["request"])
    told["report"] = json.loads(told["report"]) if told.get("report") else None
    return MergePurge.model_validate(told)


def _plain(item: Item) -> Item:
    """DynamoDB's one kind of number as int."""
    kept = {name: value for name, value in item.items() if name not in ("pk", "sk")}
    return {name: int(value) if name == "rows" else value for name, value in kept.items()}
