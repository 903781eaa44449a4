"""Runs and releases in DynamoDB. Each change of state is one conditional write, so two workers at once do no harm."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError

from hub import aws
from hub.errors import Conflict, LeaseLost, NotFound
from hub.models.records import Release, Run, Step, iso

RUN, RELEASE = {"pk": "run"}, {"pk": "release"}
CURRENT = {**RELEASE, "sk": "current"}
LEASE = {**RUN, "sk": "lease"}
DECIDED = {"pk": "decided", "sk": "state"}
LEASE_SECONDS = 180
STEP_DAYS = 30
MOST_RELEASES = 100  # looked through for a matching


class RunStore:
    def __init__(self, table: str) -> None:
        self._name = table

    @property
    def _table(self) -> Any:
        return aws.table(self._name)

    # the lease: one run at a time

    def lease(self) -> tuple[str, int] | None:
        """The run that has the lease and the epoch second until which it holds; None where no run has."""
        found = self._table.get_item(Key=LEASE, ConsistentRead=True).get("Item")
        return (found["run_id"], int(found["until"])) if found else None

    def take_lease(self, run_id: str, now: datetime) -> bool:
        """Take or renew the lease for a run. False while another run holds it."""
        seconds = int(now.timestamp())
        return self._write(
            "put_item",
            Item={**LEASE, "run_id": run_id, "until": seconds + LEASE_SECONDS},
            ConditionExpression="attribute_not_exists(pk) OR run_id = :run OR #until < :now",
            ExpressionAttributeNames={"#until": "until"},
            ExpressionAttributeValues={":run": run_id, ":now": seconds},
        )

    def keep_lease(self, run_id: str, now: datetime) -> None:
        """Renew the lease. LeaseLost where the run has it no more."""
        if not self._write(
            "update_item",
            Key=LEASE,
            UpdateExpression="SET #until = :until",
            ConditionExpression="run_id = :run",
            ExpressionAttributeNames={"#until": "until"},
            ExpressionAttributeValues={":run": run_id, ":until": int(now.timestamp()) + LEASE_SECONDS},
        ):
            raise LeaseLost(f"run {run_id} has no lease any more")

    def free_lease(self, run_id: str) -> None:
        self._write(
            "delete_item", Key=LEASE, ConditionExpression="run_id = :run", ExpressionAttributeValues={":run": run_id}
        )

    # runs and their steps

    def add_run(self, run: Run, steps: Iterable[Step], expires_at: int) -> None:
        """The steps first, so that a run that is there is complete. Conflict if the run exists."""
        with self._table.batch_writer() as batch:
            for step in steps:
                batch.put_item(Item={**_step_key(run.run_id, step.name), **step.model_dump(), "expires_at": expires_at})
        item = {**_run_key(run.run_id), **_run_item(run)}
        if not self._write("put_item", Item=item, ConditionExpression="attribute_not_exists(pk)"):
            raise Conflict(f"run {run.run_id} exists already")

    def find_run(self, run_id: str) -> Run | None:
        found = self._table.get_item(Key=_run_key(run_id), ConsistentRead=True).get("Item")
        return _run(found) if found else None

    def run(self, run_id: str) -> Run:
        found = self.find_run(run_id)
        if found is None:
            raise NotFound(f"there is no run {run_id}")
        return found

    def runs(self, limit: int, before: str | None = None) -> list[Run]:
        """Runs from the newest; `before` is a run id."""
        low, high = "run#", _run_key(before)["sk"] if before else "run#s"
        found = self._table.query(
            KeyConditionExpression=Key("pk").eq("run") & Key("sk").between(low, high),
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=limit + 1,
        )
        return [_run(item) for item in found["Items"] if item["run_id"] != before][:limit]

    def fail_run(self, run_id: str, error: str, now: datetime) -> bool:
        """Mark a run failed. False if it was released, or failed before."""
        return self._write(
            "update_item",
            Key=_run_key(run_id),
            UpdateExpression="SET #state = :failed, #error = :error, ended_at = :now",
            ConditionExpression="#state = :running",
            ExpressionAttributeNames={"#state": "state", "#error": "error"},
            ExpressionAttributeValues={":failed": "failed", ":running": "running", ":error": error, ":now": iso(now)},
        )

    def step(self, run_id: str, name: str) -> Step:
        found = self._table.get_item(Key=_step_key(run_id, name), ConsistentRead=True).get("Item")
        if found is None:
            raise NotFound(f"run {run_id} has no step {name}")
        return Step.model_validate(found)

    def steps(self, run_id: str) -> list[Step]:
        return [Step.model_validate(item) for item in self._all(f"run#{run_id}", "step#")]

    def move(self, step: Step, **changes: Any) -> Step:
        """Write a step's new state and give it back; where another worker moved it first, what that one wrote."""
        moved = step.model_copy(update={**changes, "place": step.place + 1})
        item = {**_step_key(step.run_id, step.name), **moved.model_dump()}
        names = {f"#{name}": name for name in [*changes, "place"]}
        done = self._write(
            "update_item",
            Key=_step_key(step.run_id, step.name),
            UpdateExpression="SET " + ", ".join(f"{alias} = :{name}" for alias, name in names.items()),
            ConditionExpression="#place = :before",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":before": step.place, **{f":{name}": item[name] for name in names.values()}},
        )
        return moved if done else self.step(step.run_id, step.name)

    # releases

    def current_release(self) -> Release | None:
        found = self._table.get_item(Key=CURRENT, ConsistentRead=True).get("Item")
        return Release.model_validate(found) if found else None

    def release(self, release_id: str) -> Release:
        found = self._table.get_item(Key={**RELEASE, "sk": f"release#{release_id}"}).get("Item")
        if found is None:
            raise NotFound(f"there is no release {release_id}")
        return Release.model_validate(found)

    def commit(self, release: Release) -> bool:
        """Make the release current, in one transaction with its run's state and the history of releases.

        False, and nothing is written, where another release came in between or the run is not running any more.
        """
        put = {"TableName": self._name}
        previous = (
            {
                "ConditionExpression": "release_id = :previous",
                "ExpressionAttributeValues": _typed({":previous": release.previous}),
            }
            if release.previous
            else {"ConditionExpression": "attribute_not_exists(pk)"}
        )
        item = release.model_dump()
        writes = [
            {"Put": {**put, "Item": _typed({**CURRENT, **item}), **previous}},
            {"Put": {**put, "Item": _typed({**RELEASE, "sk": f"release#{release.release_id}", **item})}},
            {
                "Update": {
                    **put,
                    "Key": _typed(_run_key(release.run_id)),
                    "UpdateExpression": "SET #state = :released, release_id = :id, ended_at = :at",
                    "ConditionExpression": "#state = :running",
                    "ExpressionAttributeNames": {"#state": "state"},
                    "ExpressionAttributeValues": _typed(
                        {
                            ":released": "released",
                            ":running": "running",
                            ":id": release.release_id,
                            ":at": release.released_at,
                        }
                    ),
                }
            },
        ]
        try:
            aws.client("dynamodb").transact_write_items(TransactItems=writes)
        except ClientError as error:
            if error.response["Error"]["Code"] == "TransactionCanceledException":
                return False
            raise
        return True

    # what the pulls and the erasures wrote

    def pulls_after(self, data_set: str, last: int) -> list[dict[str, Any]]:
        """The data set's pulls after `last`, in order."""
        items = self._all(f"data_set#{data_set}", "pull#", after=f"pull#{last:08d}")
        return [item for item in items if int(item["pull_seq"]) > last]

    def data_set_state(self, data_set: str) -> dict[str, Any]:
        key = {"pk": f"data_set#{data_set}", "sk": "state"}
        return dict(self._table.get_item(Key=key, ConsistentRead=True).get("Item") or {})

    def erasures(self) -> list[dict[str, Any]]:
        return self._all("erasure", "record#")

    def decisions(self) -> list[dict[str, Any]]:
        """What stewards decided of pairs of records."""
        return self._all("decision", "pair#")

    def edits(self) -> list[dict[str, Any]]:
        """What stewards have pinned or written into golden records."""
        return self._all("edit", "")

    def company_decisions(self) -> list[dict[str, Any]]:
        """Which companies stewards put together or keep apart."""
        return self._all("company_decision", "")

    # decisions that ask for a run

    def note_decided(self, at: str) -> None:
        """Somebody is about to change what runs read of stewards; a run takes it in once they are quiet."""
        update = "SET newest = :at, since = if_not_exists(since, :at)"
        self._table.update_item(Key=DECIDED, UpdateExpression=update, ExpressionAttributeValues={":at": at})

    def decided(self) -> tuple[str, str] | None:
        """When stewards first and last decided something that no run was asked for; the last alone if one was."""
        found = self._table.get_item(Key=DECIDED, ConsistentRead=True).get("Item")
        return (str(found.get("since", found["newest"])), str(found["newest"])) if found else None

    def asked_for(self) -> None:
        """A run was asked for: whoever decides from now on begins to wait anew."""
        self._table.update_item(Key=DECIDED, UpdateExpression="REMOVE since")

    # what a run's matching asked, learned and found

    def note_statement(self, run_id: str, number: int, text: str, expires_at: int) -> None:
        key = {"pk": f"run#{run_id}", "sk": f"match#{number:04d}"}
        self._table.put_item(Item={**key, "number": number, "text": text, "expires_at": expires_at})

    def statements(self, run_id: str) -> list[str]:
        """The statements of a run's matching, in order."""
        return [str(item["text"]) for item in self._all(f"run#{run_id}", "match#")]

    def note_matching(self, run_id: str, told: dict[str, Any]) -> None:
        self._table.put_item(Item={"pk": f"run#{run_id}", "sk": "matching", **told})

    def matching(self, run_id: str) -> dict[str, Any] | None:
        """What a run's matching learned and found, None where it has not come to its end."""
        found = self._table.get_item(Key={"pk": f"run#{run_id}", "sk": "matching"}, ConsistentRead=True).get("Item")
        return {name: value for name, value in found.items() if name not in ("pk", "sk")} if found else None

    def last_matching(self, release: Release | None) -> dict[str, Any] | None:
        """What the newest matching up to a release told: a run that found nothing new to match keeps the one before."""
        for _ in range(MOST_RELEASES):
            if release is None:
                break
            if found := self.matching(release.run_id):
                return found
            release = self.release(release.previous) if release.previous else None
        return None

    def _all(self, pk: str, prefix: str, after: str | None = None) -> list[dict[str, Any]]:
        condition: Any = Key("pk").eq(pk)
        if prefix:  # DynamoDB takes no empty text as a condition
            condition &= Key("sk").between(after, prefix + "~") if after else Key("sk").begins_with(prefix)
        query: dict[str, Any] = {"KeyConditionExpression": condition, "ConsistentRead": True}
        return _pages(self._table, query)

    def _write(self, operation: str, **request: Any) -> bool:
        """False where the condition does not hold."""
        try:
            getattr(self._table, operation)(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True


def verifications(consent_table: str) -> list[dict[str, Any]]:
    """All settled verifications that name a record; one that failed says nothing about the value."""
    query: dict[str, Any] = {
        "KeyConditionExpression": Key("pk").eq("verification"),
        "FilterExpression": Attr("state").is_in(["verified", "refused"]) & Attr("claim").exists(),
        "ConsistentRead": True,
    }
    return _pages(aws.table(consent_table), query)


def _pages(table: Any, query: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = table.query(**query)
        found += page["Items"]
        if "LastEvaluatedKey" not in page:
            return found
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _run_key(run_id: str) -> dict[str, str]:
    return {**RUN, "sk": f"run#{run_id}"}


def _step_key(run_id: str, name: str) -> dict[str, str]:
    return {"pk": f"run#{run_id}", "sk": f"step#{name}"}


def _run_item(run: Run) -> dict[str, Any]:
    item = run.model_dump()
    return {**item, "pulls": {name: list(window) for name, window in item["pulls"].items()}}


def _run(item: dict[str, Any]) -> Run:
    return Run.model_validate(item)


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    serialise = TypeSerializer().serialize
    return {name: serialise(value) for name, value in values.items()}
