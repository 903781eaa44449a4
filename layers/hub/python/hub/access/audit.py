"""One object per access to data, in a bucket whose objects cannot be changed. Ids only, never names or addresses."""

import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

from hub import aws
from hub.access.principal import Principal
from hub.errors import BadRequest
from hub.settings import AuditSettings

AT_ONCE = 8


def record(principal: Principal, action: str, *subjects: str, **facts: str | int | bool | None) -> None:
    """Write down that the principal did `action` to the subjects, before he is given anything.

    action: a permission or route word, such as "customers.read".
    subjects: ids of what was seen (customer_id, pull_id, result id).
    facts: counts, ids, state; never a personal value.
    An audit that cannot be written raises: what cannot be audited is not shown.
    """
    now = datetime.now(UTC)
    entry = {
        "at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "principal": principal.id,
        "roles": sorted(principal.roles),
        "action": action,
        "subjects": list(subjects),
        **({"facts": facts} if facts else {}),
    }
    aws.client("s3").put_object(
        Bucket=AuditSettings.read().audit_bucket,
        Key=f"{prefix(now.date())}{now:%H%M%S%f}-{uuid.uuid4()}.json",
        Body=json.dumps(entry).encode(),
        ContentType="application/json",
    )


def of_day(day: date, after: str | None, limit: int) -> tuple[list[dict[str, object]], str | None]:
    """The entries of one day (UTC) in the order of time, and the name to go on `after`, or None at the end.

    BadRequest for an `after` that is no entry's name.
    """
    if after and not re.fullmatch(r"[0-9]{12}-[0-9a-f-]{36}\.json", after):
        raise BadRequest("The cursor `after` is not one that this list gave as `next`")
    bucket, s3 = AuditSettings.read().audit_bucket, aws.client("s3")
    listing = s3.list_objects_v2(
        Bucket=bucket, Prefix=prefix(day), MaxKeys=limit, StartAfter=f"{prefix(day)}{after or ''}"
    )
    keys = [found["Key"] for found in listing.get("Contents", [])]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        bodies = pool.map(lambda key: s3.get_object(Bucket=bucket, Key=key)["Body"].read(), keys)
        entries = [json.loads(body) for body in bodies]
    return entries, keys[-1].removeprefix(prefix(day)) if listing.get("IsTruncated") else None


def prefix(day: date) -> str:
    return f"audit/day={day.isoformat()}/"
