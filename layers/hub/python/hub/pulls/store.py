"""The ledger in DynamoDB. Each change of state is one conditional write, so two workers at once do no harm."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from hub import aws
from hub.errors import LeaseLost, NotFound
from hub.pulls.items import pages, plain, pull_key, read_pull, start, state_key
from hub.pulls.ledger import Counts
from hub.pulls.models import Decision, Pull, parts, pull_id

LEASE_SECONDS = 120
MOST_WAITING = 100  # replays of one data set
COUNTS = ("received", "staged", "duplicate", "quarantined", "filtered")


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to pull one data set; the fence goes up with each owner."""

    data_set: str
    fence: int


class PullStore:
    """States of data sets, pulls and batches in the control table. `data_set` is always `<source>.<data_set>`."""

    def __init__(self, control_table: str) -> None:
        self._table = aws.table(control_table)

    # The state of a data set

    def state(self, data_set: str) -> dict[str, Any]:
        """The data set's state; empty for one that was never pulled."""
        item = self._table.get_item(Key=state_key(data_set), ConsistentRead=True).get("Item", {})
        return dict(plain(item))

    def pause(self, data_set: str, paused: bool) -> None:
        self._table.update_item(
            Key=state_key(data_set),
            UpdateExpression="SET paused = :paused",
            ExpressionAttributeValues={":paused": paused},
        )

    def note_freshness(self, data_set: str, stale_since: str | None, watched_since: str) -> None:
        """Write down since when the data set is stale, None while it is not, and since when anybody looks."""
        self._table.update_item(
            Key=state_key(data_set),
            UpdateExpression="SET stale_since = :stale, watched_since = :watched",
            ExpressionAttributeValues={":stale": stale_since, ":watched": watched_since},
        )

    def acquire(self, data_set: str, owner: str, now: int) -> Lease | None:
        """The lease, or None while another worker's is running."""
        try:
            answer = self._table.update_item(
                Key=state_key(data_set),
                UpdateExpression="SET lease_until = :until, lease_owner = :owner ADD lease_fence :one",
                ConditionExpression="attribute_not_exists(lease_until) OR lease_until < :now",
                ExpressionAttributeValues={":until": now + LEASE_SECONDS, ":owner": owner, ":now": now, ":one": 1},
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if _refused(error):
                return None
            raise
        return Lease(data_set, int(answer["Attributes"]["lease_fence"]))

    def renew(self, lease: Lease, until: int) -> None:
        """Keep the lease until the epoch second `until`; LeaseLost if another worker holds a newer one."""
        try:
            self._table.update_item(
                Key=state_key(lease.data_set),
                UpdateExpression="SET lease_until = :until",
                ConditionExpression="lease_fence = :fence",
                ExpressionAttributeValues={":until": until, ":fence": lease.fence},
            )
        except ClientError as error:
            if _refused(error):
                raise _lost(lease) from error
            raise

    def break_lease(self, data_set: str) -> None:
        """Free the lease of a worker that is known to be dead; the higher fence refuses it if it lives after all."""
        try:
            self._table.update_item(
                Key=state_key(data_set),
                UpdateExpression="SET lease_until = :free REMOVE requeued_at ADD lease_fence :one",
                ConditionExpression="attribute_exists(lease_until)",
                ExpressionAttributeValues={":free": 0, ":one": 1},
            )
        except ClientError as error:
            if not _refused(error):
                raise

    def claim_requeue(self, data_set: str, now: int, quiet_seconds: int) -> bool:
        """True for the one sweeper that may queue this data set now; again after `quiet_seconds`."""
        try:
            self._table.update_item(
                Key=state_key(data_set),
                UpdateExpression="SET requeued_at = :now",
                ConditionExpression="attribute_not_exists(requeued_at) OR requeued_at < :before",
                ExpressionAttributeValues={":now": now, ":before": now - quiet_seconds},
            )
        except ClientError as error:
            if _refused(error):
                return False
            raise
        return True

    # Pulls

    def begin(
        self,
        lease: Lease,
        seq: int,
        cursor: Any,
        asked_by: str | None,
        now: datetime,
        replay: tuple[str, str] | None = None,
    ) -> Pull:
        """Write down that pull number `seq` has begun. replay: the pull that it replays, and the first that waits."""
        source, name = lease.data_set.split(".")
        pull = Pull(
            pull_id=pull_id(source, name, seq),
            source=source,
            data_set=name,
            pull_seq=seq,
            state="running",
            started_at=iso(now),
            cursor_from=cursor,
            asked_by=asked_by,
            replay_of=replay[0] if replay else None,
            replay=replay[1] if replay else None,
        )
        item = pull.model_dump(exclude_none=True, exclude={"cursor_from", "cursor_to"})
        if replay:
            item["replay"] = replay[1]
        item |= pull_key(lease.data_set, seq)
        item |= {"cursor_from": json.dumps(cursor), "gsi1pk": "pulls", "gsi1sk": f"{iso(now)}#{pull.pull_id}"}
        self._transact(
            lease,
            "SET running_pull = :seq, next_seq = :next, begun_at = :now"
            + (" REMOVE replays[0]" if replay else ", fetch_begun_at = :now"),
            {":seq": seq, ":next": seq + 1, ":now": iso(now)},
            {"Put": {"Item": item, "ConditionExpression": "attribute_not_exists(pk)"}},
        )
        return pull

    def resume(self, lease: Lease, pull: Pull) -> None:
        """A worker goes on with a pull that stopped or failed."""
        self._transact(
            lease, "SET running_pull = :seq", {":seq": pull.pull_seq}, self._change(lease, pull, {"state": "running"})
        )

    def commit(self, lease: Lease, pull: Pull, batch: int, item: Mapping[str, Any], counts: Counts, until: int) -> None:
        """Write down a batch and add it to its pull: the moment from which its rows exist."""
        names = {f"#{name}": name for name in (*COUNTS, "bytes", "batches")}
        amounts = {
            f":{name}": value for name, value in {**counts.as_dict(), "bytes": item["bytes"], "batches": 1}.items()
        }
        batch_item = {**item, **counts.as_dict(), "pk": f"pull#{pull.pull_id}", "sk": f"batch#{batch:05d}"}
        self._transact(
            lease,
            "SET lease_until = :until",
            {":until": until},
            {"Put": {"Item": batch_item, "ConditionExpression": "attribute_not_exists(pk)"}},
            {
                "Update": {
                    "Key": pull_key(lease.data_set, pull.pull_seq),
                    "UpdateExpression": "ADD "
                    + ", ".join(f"{name} :{name[1:]}" for name in names)
                    + " SET declared_by_source = :declared",
                    "ExpressionAttributeNames": names,
                    "ExpressionAttributeValues": amounts | {":declared": item["declared"]},
                }
            },
        )

    def end(self, lease: Lease, pull: Pull, changes: Mapping[str, Any]) -> None:
        """Let go of the data set with the pull held or failed, as `changes` say."""
        self._transact(lease, "SET lease_until = :free", {":free": 0}, self._change(lease, pull, changes))

    def complete(
        self,
        lease: Lease,
        pull: Pull,
        changes: Mapping[str, Any],
        cursor: Any,
        remembered: Mapping[str, Any],
        replayed: tuple[Pull, Mapping[str, Any]] | None = None,
    ) -> None:
        """Let go of the data set with the pull complete and the cursor moved; the event is still to be sent.

        remembered: what later pulls are compared with, by name; what is empty is left as it is.
        replayed: the pull whose quarantine this one took up, and what its item shall say of that.
        """
        kept = {name: value for name, value in remembered.items() if value}
        if not replayed:
            kept["as_of"] = pull.started_at
        values = {":free": 0, ":cursor": json.dumps(cursor), ":id": pull.pull_id, ":seq": pull.pull_seq}
        others = [] if replayed is None else [self._change(lease, *replayed)]
        self._transact(
            lease,
            "SET lease_until = :free, #cursor = :cursor, last_pull = :id, last_complete_seq = :seq, unannounced = :id"
            + ("" if replayed else ", last_fetch_seq = :seq")
            + "".join(f", {name} = :{name}" for name in kept)
            + " REMOVE running_pull",
            values | {f":{name}": value for name, value in kept.items()},
            self._change(lease, pull, changes),
            *others,
            names={"#cursor": "cursor"},
        )

    def wait_to_replay(self, data_set: str, number: str) -> bool:
        """Put a replay at the end of those that wait; False where it waits already or too many do."""
        try:
            self._table.update_item(
                Key=state_key(data_set),
                UpdateExpression="SET replays = list_append(if_not_exists(replays, :none), :one)",
                ConditionExpression="attribute_not_exists(replays) OR "
                "(NOT contains(replays, :number) AND size(replays) < :most)",
                ExpressionAttributeValues={":none": [], ":one": [number], ":number": number, ":most": MOST_WAITING},
            )
        except ClientError as error:
            if _refused(error):
                return False
            raise
        return True

    def decide(self, lease: Lease, pull: Pull, decision: Decision) -> None:
        """End a held pull by a person's decision: past its gate, where a worker settles it again, or given up."""
        changes: dict[str, Any] = {"decisions": [each.model_dump() for each in (*pull.decisions, decision)]}
        if release := decision.what == "released":
            changes |= {"state": "running", "released": [*pull.released, pull.held_by], "held_by": None, "reason": None}
        else:
            changes |= {"state": "abandoned", "ended_at": decision.at}
        update = "SET lease_until = :free" + ("" if release else " REMOVE running_pull")
        self._transact(lease, update, {":free": 0}, self._change(lease, pull, changes, only_if="held"))

    def abandon(self, lease: Lease, pull: Pull, decisions: Sequence[Mapping[str, Any]], now: datetime) -> None:
        """Give a pull up for good; the next one starts from the same cursor."""
        changes = {"state": "abandoned", "ended_at": iso(now), "decisions": list(decisions)}
        self._transact(lease, "REMOVE running_pull", {}, self._change(lease, pull, changes))

    def announced(self, data_set: str, pull: str) -> None:
        """The event of this pull is on the bus."""
        try:
            self._table.update_item(
                Key=state_key(data_set),
                UpdateExpression="REMOVE unannounced",
                ConditionExpression="unannounced = :pull",
                ExpressionAttributeValues={":pull": pull},
            )
        except ClientError as error:
            if not _refused(error):
                raise

    def get(self, pull: str) -> Pull:
        """One pull by its id; NotFound."""
        try:
            source, name, seq = parts(pull)
        except ValueError as error:
            raise NotFound(f"there is no pull {pull!r}") from error
        item = self._table.get_item(Key=pull_key(f"{source}.{name}", seq), ConsistentRead=True).get("Item")
        if not item:
            raise NotFound(f"there is no pull {pull!r}")
        return read_pull(item)

    def batches(self, pull: str) -> Iterator[dict[str, Any]]:
        """The committed batches of a pull, in order."""
        condition = Key("pk").eq(f"pull#{pull}") & Key("sk").begins_with("batch#")
        for item in pages(self._table, KeyConditionExpression=condition, ConsistentRead=True):
            yield plain(item)

    def newest_first(
        self,
        source: str | None = None,
        data_set: str | None = None,
        after: tuple[str, ...] | None = None,
        limit: int = 50,
        replay_of: str | None = None,
    ) -> list[Pull]:
        """Up to `limit` pulls, the latest first; `after` is (started_at, pull_id) of the last one seen."""
        options: dict[str, Any] = {"ScanIndexForward": False, "Limit": limit}
        one_set = bool(source and data_set)
        if one_set:
            options["KeyConditionExpression"] = Key("pk").eq(f"data_set#{source}.{data_set}") & Key("sk").begins_with(
                "pull#"
            )
        else:
            options |= {"IndexName": "by_time", "KeyConditionExpression": Key("gsi1pk").eq("pulls")}
            if source or data_set:
                options["FilterExpression"] = Attr("source").eq(source) if source else Attr("data_set").eq(data_set)
        if replay_of:
            options["FilterExpression"] = Attr("replay_of").eq(replay_of)
        if after:
            options["ExclusiveStartKey"] = start(after, with_index=not one_set)
        found: list[Pull] = []
        for item in pages(self._table, **options):
            found.append(read_pull(item))
            if len(found) == limit:
                break
        return found

    def erased(self) -> frozenset[str]:
        """The record keys that must not come back."""
        condition = Key("pk").eq("erasure") & Key("sk").begins_with("record#")
        items = pages(self._table, KeyConditionExpression=condition, ProjectionExpression="sk")
        return frozenset(item["sk"].removeprefix("record#") for item in items)

    def _change(
        self, lease: Lease, pull: Pull, changes: Mapping[str, Any], only_if: str | None = None
    ) -> dict[str, Any]:
        names = {f"#{name}": name for name in changes}
        return {
            "Update": {
                **({"ConditionExpression": "#state = :before"} if only_if else {}),
                "Key": pull_key(lease.data_set, pull.pull_seq),
                "UpdateExpression": "SET " + ", ".join(f"{mark} = :{mark[1:]}" for mark in names),
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": {f":{name}": value for name, value in changes.items()}
                | ({":before": only_if} if only_if else {}),
            }
        }

    def _transact(
        self,
        lease: Lease,
        update: str,
        values: dict[str, Any],
        *others: dict[str, Any],
        names: dict[str, str] | None = None,
    ) -> None:
        """Change the state under the lease's fence together with other items: all or nothing."""
        state = {
            "Key": state_key(lease.data_set),
            "UpdateExpression": update,
            "ConditionExpression": "lease_fence = :fence",
            "ExpressionAttributeValues": {**values, ":fence": lease.fence},
            **({"ExpressionAttributeNames": names} if names else {}),
        }
        steps = [{"Update": state}, *others]
        for step in steps:
            next(iter(step.values()))["TableName"] = self._table.name
        try:
            self._table.meta.client.transact_write_items(TransactItems=steps)
        except ClientError as error:
            if error.response["Error"]["Code"] == "TransactionCanceledException" and _condition_failed(error):
                raise _lost(lease) from error
            raise


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _refused(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


def _condition_failed(error: ClientError) -> bool:
    reasons: Any = error.response.get("CancellationReasons", [])
    return any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons)


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"another worker is at {lease.data_set} since fence {lease.fence}")
