"""Where arrivals are kept: the body in S3 under a name that a repeat writes again, what repeats are known by beside."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from hub import aws
from hub.errors import Unavailable

KNOWN: Final = 3 * 24 * 3600
"""Seconds for which a repeat is known; providers try again for up to two days."""
SECRET_AGE: Final = 300.0
"""Seconds that a process may believe a secret."""
LOOK_AGAIN: Final = 30.0
"""Seconds after which a secret that does not fit is read anew, as it may just have been changed."""
logger = Logger(service="collect")


@dataclass(frozen=True, slots=True)
class Claim:
    """What an id stands for: the first request's name in S3, what it held, and whether that is in S3 for certain."""

    name: str
    events: int
    fingerprint: str
    kept: bool


class Arrivals:
    """The arrivals table and the landing area of the vault bucket, as the collector alone writes them."""

    def __init__(self, table: str, bucket: str) -> None:
        self._table, self._bucket = table, bucket

    def claim(self, data_set: str, key: str, asked: Claim, now: float) -> Claim:
        """What the id stands for: what is asked, or what a request before it has made of it. One write, no race."""
        answer = self._update(
            data_set,
            key,
            "SET #name = if_not_exists(#name, :name), events = if_not_exists(events, :events), "
            "fingerprint = if_not_exists(fingerprint, :fingerprint), "
            "expires_at = if_not_exists(expires_at, :expires)",
            {
                ":name": asked.name,
                ":events": asked.events,
                ":fingerprint": asked.fingerprint,
                ":expires": int(now) + KNOWN,
            },
        )
        found = answer["Attributes"]
        return Claim(found["name"], int(found["events"]), found["fingerprint"], bool(found.get("kept")))

    def kept(self, data_set: str, key: str) -> None:
        """What the id stands for is in S3: a repeat needs no more than the answer."""
        self._update(data_set, key, "SET #kept = :true", {":true": True})

    def keep(self, key: str, body: bytes, fields: dict[str, str]) -> None:
        """Put the body into S3; Unavailable where that cannot be said for certain."""
        about = {"fields": quote(json.dumps(fields, separators=(",", ":")))} if fields else {}
        try:
            aws.client("s3").put_object(Bucket=self._bucket, Key=key, Body=body, Metadata=about)
        except (ClientError, BotoCoreError) as error:
            raise Unavailable("The hub cannot keep this now; send it again") from error

    def tell(self, function: str, source: str, data_set: str, name: str) -> None:
        """Have an arrival shown before the next run. Where that fails the run shows it, so nobody is refused."""
        about = {"source": source, "data_set": data_set, "name": name}
        try:
            aws.client("lambda").invoke(
                FunctionName=function, InvocationType="Event", Payload=json.dumps(about).encode()
            )
        except (ClientError, BotoCoreError) as error:
            logger.warning("an arrival is shown by the next run only", error=type(error).__name__, source=source)

    def _update(self, data_set: str, key: str, update: str, values: dict[str, Any]) -> Any:
        names = {"#name": "name"} if "#name" in update else {"#kept": "kept"}
        try:
            return aws.table(self._table).update_item(
                Key={"pk": f"arrival#{data_set}#{key}", "sk": "-"},
                UpdateExpression=update,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except (ClientError, BotoCoreError) as error:
            raise Unavailable("The hub cannot keep this now; send it again") from error


class Secrets:
    """The sources' secrets, each a SecureString of one secret per line, remembered for a while."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, list[bytes]]] = {}

    def of(self, name: str | None, anew: bool = False) -> list[bytes]:
        """The secrets under a name; none where there is none, so that nothing proves itself by them.

        anew: those that are known did not fit.
        """
        if name is None:
            return []
        now = self._clock()
        read_at, secrets = self._known.get(name, (float("-inf"), []))
        if now - read_at < (LOOK_AGAIN if anew else SECRET_AGE):
            return secrets
        try:
            answer = aws.client("ssm").get_parameter(Name=name, WithDecryption=True)
            secrets = [line.strip().encode() for line in answer["Parameter"]["Value"].splitlines() if line.strip()]
        except (ClientError, BotoCoreError) as error:
            logger.error("a source's secret cannot be read", error=type(error).__name__, parameter=name)
        self._known[name] = (now, secrets)
        return secrets
