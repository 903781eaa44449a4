"""Uploads in the control table and in the drop folder: links that are good for one file of one size, and no reading."""

import base64
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from hub import aws
from hub.errors import NotFound

LINKS_SECONDS: Final = 3600
KEPT_SECONDS: Final = 90 * 24 * 3600
UPLOADS: Final = "uploads"
TYPE: Final = "application/octet-stream"


class UploadStore:
    """One item per upload; one object per upload once it is whole."""

    def __init__(self, control_table: str, vault_bucket: str) -> None:
        self._table, self._bucket = aws.table(control_table), vault_bucket

    def add(self, upload_id: str, item: Mapping[str, Any]) -> None:
        expires = int(time.time()) + KEPT_SECONDS
        self._table.put_item(Item={"pk": UPLOADS, "sk": upload_id, "expires_at": expires, **item})

    def get(self, upload_id: str) -> dict[str, Any]:
        """One upload; NotFound."""
        item = self._table.get_item(Key={"pk": UPLOADS, "sk": upload_id}, ConsistentRead=True).get("Item")
        if not item:
            raise NotFound("There is no such upload; take an id from the list of uploads")
        return dict(item)

    def newest_first(self, by: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Up to `limit` uploads behind the one named `after`; by: of one person alone."""
        options: dict[str, Any] = {"KeyConditionExpression": Key("pk").eq(UPLOADS), "ScanIndexForward": False}
        if by is not None:
            options["FilterExpression"] = Attr("asked_by").eq(by)
        if after:
            options["ExclusiveStartKey"] = {"pk": UPLOADS, "sk": after}
        found: list[dict[str, Any]] = []
        while len(found) < limit:
            answer = self._table.query(**options, Limit=limit)
            found += answer["Items"]
            if "LastEvaluatedKey" not in answer:
                break
            options["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return found[:limit]

    def complete(self, upload_id: str, data_set: str, by: str, now: str) -> None:
        """The file is whole, and from now on its data set wants a pull that begins later than this."""
        self._table.update_item(
            Key={"pk": UPLOADS, "sk": upload_id},
            UpdateExpression="SET #state = :complete, completed_at = :now",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":complete": "complete", ":now": now},
        )
        self._table.update_item(
            Key={"pk": f"data_set#{data_set}", "sk": "state"},
            UpdateExpression="SET wanted_at = :now, wanted_by = :by",
            ExpressionAttributeValues={":now": now, ":by": by},
        )

    # The file

    def link(self, key: str, size: int, sha256: str | None) -> dict[str, Any]:
        """Where the whole file is sent to: good for this name, this size, this type and this content."""
        checked = {"ChecksumSHA256": base64.b64encode(bytes.fromhex(sha256)).decode()} if sha256 else {}
        url = self._signed("put_object", {"Key": key, "ContentLength": size, "ContentType": TYPE, **checked})
        headers = {"content-type": TYPE}
        if sha256:
            headers["x-amz-checksum-sha256"] = checked["ChecksumSHA256"]
        return {"number": 1, "offset": 0, "size": size, "url": url, "headers": headers}

    def begin(self, key: str) -> str:
        """Begin a file in parts; what S3 calls it."""
        answer = aws.client("s3").create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=TYPE)
        return str(answer["UploadId"])

    def part_links(self, key: str, upload: str, parts: Sequence[tuple[int, int, int]]) -> list[dict[str, Any]]:
        """Where parts (number, offset, size) are sent to."""
        return [
            {
                "number": number,
                "offset": offset,
                "size": size,
                "url": self._signed(
                    "upload_part", {"Key": key, "UploadId": upload, "PartNumber": number, "ContentLength": size}
                ),
                "headers": {},
            }
            for number, offset, size in parts
        ]

    def parts(self, key: str, upload: str) -> dict[int, tuple[int, str]] | None:
        """Size and ETag of the parts that are there; None where the upload is over."""
        found: dict[int, tuple[int, str]] = {}
        try:
            for page in (
                aws.client("s3").get_paginator("list_parts").paginate(Bucket=self._bucket, Key=key, UploadId=upload)
            ):
                found |= {part["PartNumber"]: (part["Size"], part["ETag"]) for part in page.get("Parts", [])}
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchUpload":
                return None
            raise
        return found

    def join(self, key: str, upload: str, parts: Mapping[int, tuple[int, str]]) -> None:
        """Let the file appear, all at once."""
        listed = [{"PartNumber": number, "ETag": etag} for number, (_, etag) in sorted(parts.items())]
        aws.client("s3").complete_multipart_upload(
            Bucket=self._bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": listed}
        )

    def size(self, key: str) -> int | None:
        """The size of what is in the folder under this name, by its listing: nothing may be read here."""
        found = aws.client("s3").list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1).get("Contents", [])
        return int(found[0]["Size"]) if found and found[0]["Key"] == key else None

    def mark_ready(self, key: str) -> None:
        aws.client("s3").put_object(Bucket=self._bucket, Key=key, Body=b"")

    def _signed(self, operation: str, given: Mapping[str, Any]) -> str:
        return str(
            aws.client("s3").generate_presigned_url(
                operation, Params={"Bucket": self._bucket, **given}, ExpiresIn=LINKS_SECONDS
            )
        )
