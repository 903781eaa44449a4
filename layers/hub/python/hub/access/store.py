"""The access table: revocations, custom roles, repeated requests. Each change of state is one conditional write."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from boto3.dynamodb.conditions import Key
from botocore.exceptions import BotoCoreError, ClientError

from hub import aws
from hub.errors import Unavailable

logger = Logger(service="api")
ROLES_AGE = 15.0
"""Seconds that a process may believe what it last read of the custom roles."""
REVOCATION_AGE = 15.0
"""Seconds that a process may believe what it last read of a user's revocation."""
KEPT = 24 * 3600
"""Seconds that the answer to an Idempotency-Key is kept."""
UNDER_WAY = 60
"""Seconds after which a request that never answered may be tried again; longer than any function of the API runs."""


class Revocations:
    """The epoch second before which a user's tokens are void."""

    def __init__(self, table: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._table = table
        self._clock = clock
        self._known: dict[str, tuple[float, int]] = {}

    def not_before(self, user: str) -> int:
        """As of at most 15 s ago; 0 for a user who was never revoked."""
        now = self._clock()
        read_at, second = self._known.get(user, (float("-inf"), 0))
        if now - read_at >= REVOCATION_AGE:
            second = self.read(user)
            self._known[user] = (now, second)
        return second

    def read(self, user: str) -> int:
        """As it is now."""
        return self._read(user)[0]

    def sessions_over(self, user: str) -> int:
        """The epoch second up to which the user's sessions are over; 0 for a user who was never disabled."""
        return self._read(user)[1]

    def revoke(self, user: str, now: float, sessions: bool = False) -> None:
        """Void every token that the user got up to this second; with `sessions` what could renew them, too."""
        over = int(now) if sessions else self.sessions_over(user)
        aws.table(self._table).put_item(
            Item=_revocation(user) | {"not_before": int(now), "sessions_over": over},
        )

    def _read(self, user: str) -> tuple[int, int]:
        item = aws.table(self._table).get_item(Key=_revocation(user), ConsistentRead=True).get("Item", {})
        return int(item.get("not_before", 0)), int(item.get("sessions_over", 0))


def _revocation(user: str) -> dict[str, str]:
    return {"pk": f"user#{user}", "sk": "not_before"}


@dataclass(frozen=True, slots=True)
class CustomRole:
    """A role of the organisation's own; the user pool has a group of the same name."""

    name: str
    description: str
    permissions: frozenset[str]


class RoleStore:
    """The custom roles, all in one partition: one read gives them all."""

    def __init__(self, table: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._table = table
        self._clock = clock
        self._read_at = float("-inf")
        self._known: dict[str, frozenset[str]] = {}

    def granted(self, names: frozenset[str]) -> frozenset[str]:
        """What the roles give, as of at most 15 s ago; one that is no custom role gives nothing.

        Unavailable where they cannot be read: nobody goes on with rights that may have been taken.
        """
        now = self._clock()
        if now - self._read_at >= ROLES_AGE:
            try:
                self._known = {role.name: role.permissions for role in self.all()}
            except (ClientError, BotoCoreError) as error:
                raise Unavailable("What your roles allow cannot be read at the moment; try again") from error
            self._read_at = now
        return frozenset[str]().union(*(self._known.get(name, frozenset()) for name in names))

    def all(self) -> list[CustomRole]:
        """As they are now, by name."""
        table = aws.table(self._table)
        found: list[Any] = []
        more: dict[str, Any] = {}
        while True:
            page = table.query(KeyConditionExpression=Key("pk").eq("role"), ConsistentRead=True, **more)
            found += page["Items"]
            if "LastEvaluatedKey" not in page:
                return [CustomRole(item["sk"], item["description"], frozenset(item["permissions"])) for item in found]
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def put(self, role: CustomRole, new: bool) -> bool:
        """Keep the role; False and no change where a `new` one exists, or another does not."""
        try:
            aws.table(self._table).put_item(
                Item={
                    "pk": "role",
                    "sk": role.name,
                    "description": role.description,
                    "permissions": sorted(role.permissions),
                },
                ConditionExpression="attribute_not_exists(pk)" if new else "attribute_exists(pk)",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def delete(self, name: str) -> None:
        aws.table(self._table).delete_item(Key={"pk": "role", "sk": name})


class Uses:
    """The last day on which each caller used each of his permissions, and why he has them."""

    def __init__(self, table: str, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now
        self._noted: set[tuple[str, str]] = set()
        self._day = ""

    def note(self, caller: str, permission: str) -> None:
        """Write it down once a day and process. What cannot be written costs no request: nothing is decided by it."""
        day = datetime.fromtimestamp(self._now(), UTC).date().isoformat()
        if day != self._day:
            self._noted, self._day = set(), day
        if (caller, permission) in self._noted:
            return
        try:
            self._put({"pk": f"used#{caller}", "sk": permission, "last_used": day})
            if not self._noted:
                self._put({"pk": "used", "sk": "since", "last_used": day}, first=True)
        except (ClientError, BotoCoreError) as error:
            logger.warning("the use of a right cannot be noted", error=type(error).__name__)
            return
        self._noted.add((caller, permission))

    def of(self, caller: str) -> dict[str, str]:
        """Permission -> day of its last use."""
        found = aws.table(self._table).query(KeyConditionExpression=Key("pk").eq(f"used#{caller}"))["Items"]
        return {item["sk"]: item["last_used"] for item in found}

    def since(self) -> str | None:
        """The first day of which uses are known."""
        item = aws.table(self._table).get_item(Key={"pk": "used", "sk": "since"}).get("Item")
        return str(item["last_used"]) if item else None

    def purpose(self, caller: str) -> str | None:
        """Why he may use the hub, as an administrator wrote it down."""
        item = aws.table(self._table).get_item(Key={"pk": f"user#{caller}", "sk": "purpose"}).get("Item")
        return str(item["purpose"]) if item else None

    def set_purpose(self, caller: str, purpose: str) -> None:
        aws.table(self._table).put_item(Item={"pk": f"user#{caller}", "sk": "purpose", "purpose": purpose})

    def _put(self, item: dict[str, Any], first: bool = False) -> None:
        try:
            condition = {"ConditionExpression": "attribute_not_exists(pk)"} if first else {}
            aws.table(self._table).put_item(Item=item, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise


@dataclass(frozen=True, slots=True)
class Kept:
    """What an Idempotency-Key stands for: the request's fingerprint and, once answered, the answer."""

    fingerprint: str
    answer: dict[str, Any] | None


class Repeats:
    """The answers of creating requests, by user and Idempotency-Key, so that a repeat creates nothing."""

    def __init__(self, table: str, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now

    def claim(self, user: str, key: str, fingerprint: str) -> Kept | None:
        """None: this request is the first and must `answer` or `release`. Else what the key already stands for."""
        now = int(self._now())
        item = _repeat(user, key) | {
            "fingerprint": fingerprint,
            "retry_after": now + UNDER_WAY,
            "expires_at": now + KEPT,
        }
        try:
            aws.table(self._table).put_item(
                Item=item,
                ConditionExpression="attribute_not_exists(pk) OR expires_at < :now "
                "OR (attribute_not_exists(answer) AND retry_after < :now AND fingerprint = :fingerprint)",
                ExpressionAttributeValues={":now": now, ":fingerprint": fingerprint},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            found = aws.table(self._table).get_item(Key=_repeat(user, key), ConsistentRead=True).get("Item", {})
            answer = found.get("answer")
            return Kept(found.get("fingerprint", ""), json.loads(answer) if answer else None)
        return None

    def answer(self, user: str, key: str, reply: dict[str, Any]) -> None:
        aws.table(self._table).update_item(
            Key=_repeat(user, key),
            UpdateExpression="SET answer = :answer",
            ExpressionAttributeValues={":answer": json.dumps(reply)},
        )

    def release(self, user: str, key: str) -> None:
        """The request was refused and changed nothing: the key is free again."""
        aws.table(self._table).delete_item(Key=_repeat(user, key))


def _repeat(user: str, key: str) -> dict[str, str]:
    return {"pk": f"idempotency#{user}", "sk": hashlib.sha256(key.encode()).hexdigest()}


class LockOut:
    """Wrong tries at a user name, whether it exists or not. Five are free, then one a minute until one is right."""

    FREE, PAUSE, FORGOTTEN = 5, 60, 3600

    def __init__(self, table: str, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now

    def count(self, username: str) -> int:
        """Count a try before it is made, so that tries at the same time cannot outrun the counter.

        0: go on. Otherwise the seconds to wait.
        """
        now = int(self._now())
        try:
            aws.table(self._table).update_item(
                Key=_tries(username),
                UpdateExpression="ADD failures :one SET last_try = :now, expires_at = :forgotten",
                ConditionExpression="attribute_not_exists(failures) OR failures < :free OR last_try <= :paused",
                ExpressionAttributeValues={
                    ":one": 1,
                    ":now": now,
                    ":forgotten": now + self.FORGOTTEN,
                    ":free": self.FREE,
                    ":paused": now - self.PAUSE,
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return self.PAUSE
        return 0

    def clear(self, username: str) -> None:
        aws.table(self._table).delete_item(Key=_tries(username))


def _tries(username: str) -> dict[str, str]:
    return {"pk": f"tries#{hashlib.sha256(username.lower().encode()).hexdigest()}", "sk": "-"}


class Challenges:
    """Sign-ins that the pool answered with a challenge: who may go on with which, and once."""

    LIFE = 900
    """Seconds; the pool lets a challenge live no longer."""

    def __init__(self, table: str, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now

    def remember(self, session: str, username: str, kind: str) -> None:
        item = _challenge(session) | {"username": username, "kind": kind, "expires_at": int(self._now()) + self.LIFE}
        aws.table(self._table).put_item(Item=item)

    def known(self, session: str, username: str, kind: str) -> bool:
        """Whether this user was given this challenge, of this kind, and has not yet met it."""
        item = aws.table(self._table).get_item(Key=_challenge(session), ConsistentRead=True).get("Item", {})
        asked = (item.get("username"), item.get("kind")) == (username, kind)
        return asked and int(item["expires_at"]) > self._now()

    def forget(self, session: str) -> None:
        aws.table(self._table).delete_item(Key=_challenge(session))


def _challenge(session: str) -> dict[str, str]:
    return {"pk": f"challenge#{hashlib.sha256(session.encode()).hexdigest()}", "sk": "-"}


class SessionStore:
    """Sessions by name. `live` maps the hash of each cookie that still opens the session to its last second."""

    def __init__(self, table: str) -> None:
        self._table = table

    def put(self, name: str, cookie_hash: str, sealed: bytes, username: str, ends_at: int) -> None:
        item = {"username": username, "sealed": sealed, "live": {cookie_hash: ends_at}, "expires_at": ends_at}
        aws.table(self._table).put_item(Item=_session(name) | item)

    def get(self, name: str) -> dict[str, Any] | None:
        item: dict[str, Any] | None = (
            aws.table(self._table).get_item(Key=_session(name), ConsistentRead=True).get("Item")
        )
        return item

    def rotate(self, name: str, old: str, old_until: int, new: str, new_until: int, dead: list[str]) -> None:
        """Let a new cookie open the session, and the old one until `old_until` only. Nothing where it was ended."""
        names = {"#old": old, "#new": new} | {f"#d{n}": hashed for n, hashed in enumerate(dead)}
        removal = " REMOVE " + ", ".join(f"live.#d{n}" for n in range(len(dead))) if dead else ""
        try:
            aws.table(self._table).update_item(
                Key=_session(name),
                UpdateExpression="SET live.#old = :old_until, live.#new = :new_until" + removal,
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={":old_until": old_until, ":new_until": new_until},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def end(self, name: str) -> None:
        aws.table(self._table).delete_item(Key=_session(name))


def _session(name: str) -> dict[str, str]:
    return {"pk": f"session#{name}", "sk": "-"}
