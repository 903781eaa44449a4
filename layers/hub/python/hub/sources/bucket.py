"""Files in S3: objects under a prefix, each read in ranges and only in the state that was listed."""

import re
from collections.abc import Iterator

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from hub.aws import client
from hub.sources.folder import Changed, Found, Ranged, Vanished
from hub.sources.piece import SourceError

ATTEMPTS = 3


class Bucket:
    def __init__(self, location: str) -> None:
        match = re.fullmatch(r"s3://([^/]+)/(.*)", location)
        assert match, "the manifest's rules allow no other location"
        self._bucket, self._prefix = match[1], match[2]

    def listed(self) -> Iterator[Found]:
        for page in client("s3").get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix):
            for item in page.get("Contents", []):
                name, etag = item["Key"].removeprefix(self._prefix), item["ETag"].strip('"')
                yield Found(name, etag, item["Size"], item["LastModified"])

    def open(self, found: Found) -> Ranged:
        return Ranged(found.size, lambda start, end: self._range(found, start, end))

    def told(self, name: str) -> str:
        return self._prefix + name

    def close(self) -> None:
        """There is nothing to close; the client is the process's."""

    def _range(self, found: Found, start: int, end: int) -> bytes:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = client("s3").get_object(
                    Bucket=self._bucket,
                    Key=self._prefix + found.name,
                    IfMatch=found.version,
                    Range=f"bytes={start}-{end - 1}",
                )
                return bytes(answer["Body"].read())
            except ClientError as error:
                raise self._refused(found, error) from error
            except (NoConnection, HTTPClientError) as error:  # the body broke off; botocore retries only its head
                if attempt == ATTEMPTS:
                    told = f"{self.told(found.name)} broke off at byte {start}, {ATTEMPTS} times"
                    raise SourceError(f"{told}; wait, the pull goes on later") from error
        raise AssertionError("the last attempt returns or raises")

    def _refused(self, found: Found, error: ClientError) -> Exception:
        code = error.response["Error"]["Code"]
        if code in ("PreconditionFailed", "412", "InvalidRange"):
            return Changed(
                f"{self.told(found.name)} was replaced while it was being read; wait, the pull goes on later"
            )
        if code in ("NoSuchKey", "404"):
            return Vanished(
                f"{self.told(found.name)} was taken away while it was being read; wait, the pull goes on later"
            )
        if code in ("AccessDenied", "403"):
            return SourceError(
                f"{self.told(found.name)} may not be read; allow the pull function s3:GetObject on it, and its key"
            )
        return error
