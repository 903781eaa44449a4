"""A token bucket per caller in the access table, from which a process takes a few tokens at a time.

The bucket is one number, `full_at`: the millisecond at which it is full again. A token is worth the time that it takes
to come back, so taking tokens moves `full_at` on, and nothing has to fill the bucket up. One conditional update takes
the tokens, whoever else takes some at the same time.

What a process has taken and not used within LEASE_LIFE is void. Hence, over any w seconds and all processes, a caller
gets at most burst + per_minute / 60 * (w + LEASE_LIFE) requests through.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from hub import aws
from hub.access.limits import Limit
from hub.errors import TooManyRequests

LARGEST_LEASE: Final = 20
LEASE_LIFE: Final = 10.0
"""Seconds."""
CALLERS: Final = 1000
"""Callers that a process remembers; beyond them it starts anew."""
ATTEMPTS: Final = 4
FORGOTTEN: Final = 3600
"""Seconds that a full bucket is kept."""
logger = Logger(service="api")


@dataclass(slots=True)
class Lease:
    """Tokens that this process may still give, or until when it has none to give. Times in epoch seconds."""

    size: int = 0
    left: int = 0
    void_at: float = 0.0
    refused_until: float = 0.0
    full_at: int = 0


class Quotas:
    """Counts the requests of each caller against his limit."""

    def __init__(self, table: str, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now
        self._leases: dict[str, Lease] = {}

    def count(self, caller: str, limit: Limit) -> None:
        """Count one request; TooManyRequests, with the seconds to wait, where the caller's bucket is empty.

        A bucket that cannot be reached lets the request through: rights were checked before this.
        """
        now = self._now()
        if caller not in self._leases and len(self._leases) >= CALLERS:
            self._leases.clear()
        lease = self._leases.setdefault(caller, Lease())
        if lease.left and now < lease.void_at:
            lease.left -= 1
            return
        if now < lease.refused_until:
            raise _refusal(lease.refused_until - now)
        try:
            self._take(caller, limit, lease, now)
        except (ClientError, BotoCoreError) as error:
            logger.warning("a quota cannot be counted", error=type(error).__name__)
            return
        lease.left -= 1

    def _take(self, caller: str, limit: Limit, lease: Lease, now: float) -> None:
        """Put new tokens into the lease: twice as many as last time where those were used up in time."""
        used_up = lease.size and not lease.left and now < lease.void_at
        lease.size = min(LARGEST_LEASE, lease.size * 2 if used_up else 1, max(1, limit.burst // 10))
        lease.void_at = now + LEASE_LIFE
        bucket = _Bucket(self._table, caller, limit, int(now * 1000))
        lease.left, lease.full_at = bucket.take(lease.size, lease.full_at)
        if not lease.left:
            wait = max(1, math.ceil((lease.full_at + bucket.worth(1) - bucket.room) / 1000 - now))
            lease.refused_until = now + wait
            raise _refusal(wait)


class _Bucket:
    """One caller's bucket at one moment. Times in epoch milliseconds."""

    def __init__(self, table: str, caller: str, limit: Limit, now: int) -> None:
        self._table = table
        self._key = {"pk": f"quota#{caller}", "sk": "-"}
        self._per_minute = limit.per_minute
        self._now = now
        self.room = self.worth(limit.burst)

    def worth(self, tokens: int) -> int:
        """The time in which so many tokens come back; never too short."""
        return -(-tokens * 60_000 // self._per_minute)

    def take(self, wanted: int, full_at: int) -> tuple[int, int]:
        """Take up to so many tokens; full_at: as last seen. (How many were taken, `full_at` now).

        What was seen may be old, and then a second write is due; more only where others take tokens in that moment.
        """
        for _ in range(ATTEMPTS):
            free = self._now + self.room - max(full_at, self._now)
            tokens = min(wanted, free * self._per_minute // 60_000)
            if tokens < 1:
                break
            moved, full_at = self._move(full_at, self.worth(tokens))
            if moved:
                return tokens, full_at
        return 0, full_at

    def _move(self, full_at: int, span: int) -> tuple[bool, int]:
        """Move `full_at` on by the span, if it is on the side of now where it was seen. (Whether, `full_at` now)."""
        latest = self._now + self.room
        if full_at >= self._now:
            update, condition = "full_at + :span", "full_at BETWEEN :now AND :latest"
            values = {":span": span, ":now": self._now, ":latest": latest - span}
        else:
            update, condition = ":after", "attribute_not_exists(full_at) OR full_at < :now"
            values = {":after": self._now + span, ":now": self._now}
        try:
            answer = aws.table(self._table).update_item(
                Key=self._key,
                UpdateExpression=f"SET full_at = {update}, expires_at = :forgotten",
                ConditionExpression=condition,
                ExpressionAttributeValues=values | {":forgotten": latest // 1000 + FORGOTTEN},
                ReturnValues="UPDATED_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            found: Any = error.response.get("Item")
            return False, int(found["full_at"]["N"]) if found else 0
        return True, int(answer["Attributes"]["full_at"])


def _refusal(wait: float) -> TooManyRequests:
    seconds = max(1, math.ceil(wait))
    return TooManyRequests(f"Your limit of requests is used up; try again in {seconds} s", {"retry_after": seconds})
