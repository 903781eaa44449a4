"""The queue of chunks. A message may come twice, late or never: the ledger alone says what is done."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from hub import aws
from hub.errors import Unavailable

BATCH = 10


@dataclass(frozen=True, slots=True)
class SendTask:
    """One chunk to carry on."""

    run_id: str
    chunk: int

    @classmethod
    def read(cls, body: str) -> "SendTask":
        given = json.loads(body)
        return cls(str(given["run_id"]), int(given["chunk"]))

    def text(self) -> str:
        return json.dumps({"run_id": self.run_id, "chunk": self.chunk})


def put(queue_url: str, tasks: Iterable[SendTask], delay: int = 0) -> int:
    """Queue the tasks; how many. Unavailable where the queue did not take one."""
    waiting, count = iter(tasks), 0
    while batch := list(islice(waiting, BATCH)):
        entries = [{"Id": str(n), "MessageBody": task.text(), "DelaySeconds": delay} for n, task in enumerate(batch)]
        answer = aws.client("sqs").send_message_batch(QueueUrl=queue_url, Entries=entries)
        if answer.get("Failed"):
            raise Unavailable(f"The queue refused {len(answer['Failed'])} of {len(batch)} chunks")
        count += len(batch)
    return count
