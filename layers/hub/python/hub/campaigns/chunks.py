"""The frozen audience in the vault bucket: one JSON object per chunk, and the message that all of them get.

Each attempt to freeze writes under a prefix of its own; the run's item says which one counts. So two attempts at once
cannot mix their people.
"""

import json
from dataclasses import asdict
from typing import Any

from hub import aws
from hub.campaigns.audience import Person
from hub.campaigns.content import Content


class Frozen:
    """The objects of one attempt: campaigns/<run>/<attempt>/."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix

    def write_message(self, sender: str, channel: str, content: Content) -> None:
        self._put("message.json", {"sender": sender, "channel": channel, "content": asdict(content)})

    def message(self) -> tuple[str, str, Content]:
        """The sender, the channel and what is said."""
        read = self._get("message.json")
        return read["sender"], read["channel"], Content(**read["content"])

    def write(self, number: int, people: list[Person]) -> None:
        self._put(_name(number), [asdict(person) for person in people])

    def people(self, number: int) -> list[Person]:
        return [Person(**person) for person in self._get(_name(number))]

    def _put(self, name: str, value: object) -> None:
        body = json.dumps(value, ensure_ascii=False).encode()
        key = f"{self._prefix}{name}"
        aws.client("s3").put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")

    def _get(self, name: str) -> Any:
        return json.loads(aws.client("s3").get_object(Bucket=self._bucket, Key=f"{self._prefix}{name}")["Body"].read())


def _name(number: int) -> str:
    return f"chunk-{number:05d}.json"
