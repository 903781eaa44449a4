"""The frozen audience in the vault bucket: one JSON object per chunk, and the message that all of them get.

Each attempt to freeze writes under a prefix of its own; the run's item says which one counts. So two attempts at once
cannot mix their people.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from hub import aws
from hub.campaigns.audience import Person
from hub.campaigns.choosing import Channel
from hub.campaigns.content import Content
from hub.campaigns.items import Item

FOLDER: Final = "campaigns"
RUN: Final = "run.json"


@dataclass(frozen=True, slots=True)
class Said:
    """What all get by one channel, from whom, and what those get who read with difficulty."""

    sender: str
    content: Content
    accessible: Content


class Frozen:
    """The objects of one attempt: campaigns/<run>/<attempt>/."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix

    def write_messages(self, messages: Mapping[Channel, Said]) -> None:
        self._put("message.json", {"channels": {channel: asdict(said) for channel, said in messages.items()}})

    def messages(self) -> dict[Channel, Said]:
        """What is said by each channel."""
        read = self._get("message.json")
        if "channels" not in read:  # frozen before there were several
            read = {"channels": {read["channel"]: {"accessible": read["content"]} | read}}
        return {
            channel: Said(said["sender"], Content(**said["content"]), Content(**said["accessible"]))
            for channel, said in read["channels"].items()
        }

    def write_run(self, campaign: Item, run: Item) -> None:
        """Last of all: what was frozen, so that a run that its table forgot is known from here."""
        self._put(RUN, {"campaign": campaign, "run": run})

    def run(self) -> tuple[Item, Item]:
        """The campaign and the run."""
        read = self._get(RUN)
        return read["campaign"], read["run"]

    def write(self, number: int, people: list[Person]) -> None:
        self._put(_name(number), [asdict(person) for person in people])

    def people(self, number: int) -> list[Person]:
        return [Person(**person | {"earlier": tuple(person.get("earlier", ()))}) for person in self._get(_name(number))]

    def _put(self, name: str, value: object) -> None:
        body = json.dumps(value, ensure_ascii=False, default=int).encode()  # tables give numbers as Decimal
        key = f"{self._prefix}{name}"
        aws.client("s3").put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")

    def _get(self, name: str) -> Any:
        return json.loads(aws.client("s3").get_object(Bucket=self._bucket, Key=f"{self._prefix}{name}")["Body"].read())


def frozen_runs(bucket: str) -> Iterator[tuple[str, Frozen]]:
    """Every run whose audience was frozen whole, and the first attempt that did it."""
    first: dict[str, tuple[datetime, str]] = {}
    for page in aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{FOLDER}/"):
        for item in page.get("Contents", ()):
            folder, _, name = item["Key"].rpartition("/")
            if name == RUN:
                run_id = folder.split("/")[1]
                first[run_id] = min(first.get(run_id, (item["LastModified"], folder)), (item["LastModified"], folder))
    for run_id, (_, folder) in first.items():
        yield run_id, Frozen(bucket, f"{folder}/")


def _name(number: int) -> str:
    return f"chunk-{number:05d}.json"
