"""Campaigns, their runs and the ledger of chunks in the campaigns table. Each change of state is conditional.

campaign        / <campaign_id>   what was composed; the ids of its dry run and of its sending
run#<run_id>    / state           a dry run or a sending: its state, its frozen prefix, its totals
run#<run_id>    / chunk#<number>  the ledger of one chunk: entries by message token, and the events that came
active          / <run_id>        sendings that are not over, for those who look after them
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from boto3.dynamodb.conditions import Attr

from hub import aws
from hub.campaigns.audience import REASONS
from hub.campaigns.choosing import Channel
from hub.campaigns.items import Item, all_or_none, holds, now_text, query, some
from hub.campaigns.ledger import CLAIM_LIMIT, Entries, entries_from, settled, totals
from hub.errors import Conflict, LeaseLost, NotFound

TOTALS = ("sent", "refused", "uncertain", "cancelled", *(f"excluded.{reason}" for reason in REASONS))
CHUNKS_AT_ONCE = 4
FREEZE_TRIES = 3
"""How often Lambda invokes the freeze of a run before it gives up."""
OPEN_STATES = ("sending", "paused", "cancelling")


class CampaignStore:
    def __init__(self, table: str) -> None:
        self._name = table

    @property
    def _table(self) -> Any:
        return aws.table(self._name)

    # campaigns

    def add(self, campaign: Item) -> None:
        key = {"pk": "campaign", "sk": campaign["campaign_id"]}
        self._table.put_item(Item=key | campaign, ConditionExpression="attribute_not_exists(pk)")

    def campaign(self, campaign_id: str) -> Item:
        """NotFound where there is none."""
        item = self._table.get_item(Key=_campaign(campaign_id), ConsistentRead=True).get("Item")
        if item is None:
            raise NotFound("There is no such campaign")
        return dict(item)

    def campaigns(self, after: str | None, limit: int) -> tuple[list[Item], str | None]:
        """Newest first."""
        return some(self._name, "campaign", after, limit)

    def override(self, campaign_id: str, override: Item) -> None:
        """Keep who lets the campaign go out on poor data; NotFound where there is no such campaign."""
        self.campaign(campaign_id)
        self._table.update_item(
            Key=_campaign(campaign_id),
            UpdateExpression="SET #override = :override",
            ExpressionAttributeNames={"#override": "override"},
            ExpressionAttributeValues={":override": override},
        )

    def begin(self, campaign_id: str, run: Item, replaces: str | None) -> None:
        """Make a run the campaign's one dry run or sending; Conflict if another one came first.

        replaces: the run that it takes the place of, None where the campaign has none of this kind.
        """
        kind = run["kind"]
        condition = f"{kind} = :old" if replaces else f"attribute_not_exists({kind})"
        update = {
            "TableName": self._name,
            "Key": _campaign(campaign_id),
            "UpdateExpression": f"SET {kind} = :run",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {":run": run["run_id"]} | ({":old": replaces} if replaces else {}),
        }
        writes = [{"Update": update}, {"Put": {"TableName": self._name, "Item": _run(run["run_id"]) | run}}]
        if kind == "send":
            active = {"pk": "active", "sk": run["run_id"]}
            writes.append({"Put": {"TableName": self._name, "Item": active}})
        if not all_or_none(self._name, writes):
            raise Conflict("Somebody else started this campaign at the same moment")

    def arm(self, campaign_id: str, armed_by: str | None) -> None:
        """Let a campaign with a trigger go by itself, or (None) no more."""
        if armed_by is None:
            self._table.delete_item(Key={"pk": "armed", "sk": campaign_id})
            self._table.update_item(Key=_campaign(campaign_id), UpdateExpression="REMOVE armed_by")
            return
        values = {":by": armed_by}
        self._table.update_item(
            Key=_campaign(campaign_id), UpdateExpression="SET armed_by = :by", ExpressionAttributeValues=values
        )
        self._table.put_item(Item={"pk": "armed", "sk": campaign_id})

    def armed(self) -> list[str]:
        """The campaigns that go by themselves."""
        return [item["sk"] for item in query(self._name, "armed")]

    # runs

    def run(self, run_id: str) -> Item | None:
        item = self._table.get_item(Key=_run(run_id), ConsistentRead=True).get("Item")
        return dict(item) if item else None

    def active(self) -> list[Item]:
        """The sendings that are not over."""
        runs = (self.run(item["sk"]) for item in query(self._name, "active"))
        return [run for run in runs if run]

    def move(self, run_id: str, sources: Iterable[str], state: str, **also: Any) -> bool:
        """Change a run's state if it is in one of `sources`; False if it is not."""
        names = {"#state": "state"} | {f"#{name}": name for name in also}
        values = {":state": state} | {f":{name}": value for name, value in also.items()}
        allowed = {f":from{n}": source for n, source in enumerate(sources)}
        return holds(
            self._table.update_item,
            Key=_run(run_id),
            UpdateExpression="SET #state = :state" + "".join(f", #{name} = :{name}" for name in also),
            ConditionExpression=f"#state IN ({', '.join(allowed)})",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values | allowed,
        )

    def tried(self, run_id: str, now: int) -> int:
        """Remember that the run's freeze is tried; for the how manieth time."""
        answer = self._table.update_item(
            Key=_run(run_id),
            UpdateExpression="SET tried_at = :now ADD tries :one",
            ExpressionAttributeValues={":now": now, ":one": 1},
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["tries"])

    def remember(self, campaign: Item, run: Item) -> None:
        """Write down again a sending that the table forgot, and its campaign if it forgot that too."""
        key, run_id = _campaign(campaign["campaign_id"]), run["run_id"]
        holds(self._table.put_item, Item=key | campaign, ConditionExpression="attribute_not_exists(pk)")
        self._table.update_item(Key=key, UpdateExpression="SET send = :run", ExpressionAttributeValues={":run": run_id})
        self._table.put_item(Item=_run(run_id) | run)
        self._table.put_item(Item={"pk": "active", "sk": run_id})

    def queued(self, run_id: str, now: int) -> None:
        """Remember when the run's chunks were last queued."""
        self._table.update_item(
            Key=_run(run_id), UpdateExpression="SET queued_at = :now", ExpressionAttributeValues={":now": now}
        )

    def finish(self, run_id: str) -> bool:
        """End the run if all its chunks are settled; whether it ended now."""
        ended = False
        for state, sources in (("finished", ("sending", "paused")), ("cancelled", ("cancelling",))):
            ended = ended or holds(
                self._table.update_item,
                Key=_run(run_id),
                UpdateExpression="SET #state = :state, ended_at = :now",
                ConditionExpression="#state IN (:a, :b) AND chunks_done = chunks",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={":state": state, ":now": now_text(), ":a": sources[0], ":b": sources[-1]},
            )
        if ended:
            self.forget_active(run_id)
        return ended

    def forget_active(self, run_id: str) -> None:
        self._table.delete_item(Key={"pk": "active", "sk": run_id})

    # the ledger

    def chunk(self, run_id: str, number: int) -> Item | None:
        item = self._table.get_item(Key=_chunk(run_id, number), ConsistentRead=True).get("Item")
        return dict(item) if item else None

    def chunks(self, run_id: str, **options: Any) -> Iterator[Item]:
        return query(self._name, _run(run_id)["pk"], "chunk#", **options)

    def chunks_from(self, run_id: str, first: str) -> Iterator[Item]:
        """The chunks of a run from a sort key on, itself included; a few at a time, as they are asked for."""
        options: Item = {"Limit": CHUNKS_AT_ONCE}
        if first:
            options["ExclusiveStartKey"] = _chunk(run_id, number_of({"sk": first}) - 1)
        return self.chunks(run_id, **options)

    def unsettled(self, run_id: str, chunks: int) -> list[int]:
        """The numbers of a run's chunks that nobody works on and that are not done."""
        done = self.chunks(
            run_id,
            ProjectionExpression="sk, #state",
            ExpressionAttributeNames={"#state": "state"},
            FilterExpression=Attr("state").ne("waiting"),
            ConsistentRead=True,
        )
        held = {number_of(item) for item in done}
        return [number for number in range(1, chunks + 1) if number not in held]

    def keep_settled(self, run_id: str, number: int, entries: Entries) -> None:
        """The row of a chunk that nobody is sent anything from, if it is not there yet."""
        item = _chunk(run_id, number) | {"state": "settled", "entries": _items(entries), "events": {}, "version": 0}
        holds(self._table.put_item, Item=item, ConditionExpression="attribute_not_exists(pk)")

    def claim(self, run_id: str, number: int, entries: Entries, owner: str, now: int) -> Entries | None:
        """Take a chunk that nobody has; its entries as the ledger knows them. None: it is taken or done."""
        key = _chunk(run_id, number)
        new = key | {
            "state": "claimed",
            "owner": owner,
            "at": now,
            "entries": _items(entries),
            "events": {},
            "version": 0,
        }
        if holds(self._table.put_item, Item=new, ConditionExpression="attribute_not_exists(pk)"):
            return entries
        again = holds(
            self._table.update_item,
            Key=key,
            UpdateExpression="SET #state = :claimed, #owner = :owner, #at = :now ADD version :one",
            ConditionExpression="#state = :waiting",
            ExpressionAttributeNames={"#state": "state", "#owner": "owner", "#at": "at"},
            ExpressionAttributeValues={
                ":claimed": "claimed",
                ":waiting": "waiting",
                ":owner": owner,
                ":now": now,
                ":one": 1,
            },
        )
        if not again:
            return None
        found = self.chunk(run_id, number)
        assert found is not None
        return entries_of_item(found)

    def save(self, run_id: str, number: int, state: str, entries: Entries, owner: str, now: int) -> None:
        """Write what is known of a chunk; LeaseLost if it is not this worker's any more."""
        kept = holds(
            self._table.update_item,
            Key=_chunk(run_id, number),
            UpdateExpression="SET #state = :state, #at = :now, entries = :entries ADD version :one",
            ConditionExpression="#owner = :owner AND #state IN (:claimed, :sending)",
            ExpressionAttributeNames={"#state": "state", "#owner": "owner", "#at": "at"},
            ExpressionAttributeValues={
                ":state": state, ":now": now, ":entries": _items(entries), ":one": 1,
                ":owner": owner, ":claimed": "claimed", ":sending": "sending",
            },
        )  # fmt: skip
        if not kept:
            raise LeaseLost(f"Chunk {number} of {run_id} was taken away from this worker")

    def settle(self, run_id: str, number: int, entries: Entries, version: int | None, owner: str | None) -> bool:
        """Close a chunk and count its people into the run, both or none. False if it was changed meanwhile.

        version or owner: what the chunk must still have; the worker knows its owner, others the version they read.
        """
        assert settled(entries)
        guard, value = ("version", version) if owner is None else ("owner", owner)
        chunk = {
            "TableName": self._name,
            "Key": _chunk(run_id, number),
            "UpdateExpression": "SET #state = :settled, entries = :entries ADD version :one",
            "ConditionExpression": "#guard = :guard AND #state <> :settled",
            "ExpressionAttributeNames": {"#state": "state", "#guard": guard},
            "ExpressionAttributeValues": {
                ":settled": "settled",
                ":entries": _items(entries),
                ":guard": value,
                ":one": 1,
            },
        }
        writes = [{"Update": chunk}, {"Update": self._added(run_id, totals(entries), chunks=1)}]
        return all_or_none(self._name, writes)

    def take_back(self, item: Item, entries: Entries) -> bool:
        """Let others have a chunk whose worker is gone; False if it was changed since `item` was read."""
        return holds(
            self._table.update_item,
            Key={"pk": item["pk"], "sk": item["sk"]},
            UpdateExpression="SET #state = :waiting, entries = :entries ADD version :one",
            ConditionExpression="version = :version AND #state IN (:claimed, :sending)",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={
                ":waiting": "waiting", ":entries": _items(entries), ":version": item["version"], ":one": 1,
                ":claimed": "claimed", ":sending": "sending",
            },
        )  # fmt: skip

    def abandoned(self, run_id: str, now: int) -> list[Item]:
        """Chunks whose worker has had more time than it can live."""
        held = Attr("state").is_in(["claimed", "sending"]) & Attr("at").lt(now - CLAIM_LIMIT)
        return list(self.chunks(run_id, FilterExpression=held, ConsistentRead=True))

    def add_event(self, run_id: str, number: int, token: str, kind: str, at: str) -> Item | None:
        """Remember the first event of a kind about a message; the chunk, or None for a repeat or an unknown message."""
        names = {"#token": token, "#event": f"{token} {kind}"}
        kept = holds(
            self._table.update_item,
            Key=_chunk(run_id, number),
            UpdateExpression="SET events.#event = :at ADD version :one",
            ConditionExpression="attribute_exists(entries.#token) AND attribute_not_exists(events.#event)",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":at": at, ":one": 1},
        )
        return self.chunk(run_id, number) if kept else None

    def correct(self, item: Item, token: str, entry: Item, before: str, after: str) -> bool:
        """Change one entry of a settled chunk and the run's totals together; False if it was changed meanwhile."""
        run_id = item["pk"].partition("#")[2]
        chunk = {
            "TableName": self._name,
            "Key": {"pk": item["pk"], "sk": item["sk"]},
            "UpdateExpression": "SET entries.#token = :entry ADD version :one",
            "ConditionExpression": "version = :version",
            "ExpressionAttributeNames": {"#token": token},
            "ExpressionAttributeValues": {":entry": entry, ":version": item["version"], ":one": 1},
        }
        change = Counter({after: 1, before: -1})
        return all_or_none(self._name, [{"Update": chunk}, {"Update": self._added(run_id, change, chunks=0)}])

    def _added(self, run_id: str, change: Mapping[str, int], chunks: int) -> Item:
        """The update that adds to a run's totals."""
        named = [(f"#t{n}", f":t{n}", name, by) for n, (name, by) in enumerate(change.items())]
        sums = "".join(f", totals.{place} = totals.{place} + {value}" for place, value, _, _ in named)
        return {
            "TableName": self._name,
            "Key": _run(run_id),
            "UpdateExpression": f"SET chunks_done = chunks_done + :chunks{sums}",
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeNames": {place: name for place, _, name, _ in named},
            "ExpressionAttributeValues": {":chunks": chunks} | {value: by for _, value, _, by in named},
        }


def ways_of(campaign: Item) -> dict[Channel, dict[str, str]]:
    """The campaign's channels in its order, each with its `template_id` and its `sender`."""
    if "ways" not in campaign:  # composed before there were several
        return {"email": {"template_id": campaign["template_id"], "sender": campaign["sender"]}}
    return {way["channel"]: {name: way[name] for name in ("template_id", "sender")} for way in campaign["ways"]}


def entries_of_item(item: Item) -> Entries:
    return entries_from(item["entries"])


def events_of(item: Item) -> dict[str, list[str]]:
    """The kinds of events of a chunk by message token, in the order of time."""
    found: dict[str, list[str]] = {}
    for name, _ in sorted(item["events"].items(), key=lambda event: event[1]):
        token, _, kind = name.partition(" ")
        found.setdefault(token, []).append(kind)
    return found


def number_of(item: Item) -> int:
    return int(item["sk"].partition("#")[2])


def is_chunk(sort_key: str) -> bool:
    """Whether it is the sort key of a chunk."""
    return re.fullmatch(r"chunk#[0-9]{5,7}", sort_key) is not None


def _items(entries: Entries) -> Item:
    return {token: entry.item() for token, entry in entries.items()}


def _campaign(campaign_id: str) -> dict[str, str]:
    return {"pk": "campaign", "sk": campaign_id}


def _run(run_id: str) -> dict[str, str]:
    return {"pk": f"run#{run_id}", "sk": "state"}


def _chunk(run_id: str, number: int) -> dict[str, str]:
    return {"pk": f"run#{run_id}", "sk": f"chunk#{number:05d}"}
