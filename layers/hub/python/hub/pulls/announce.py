"""The event that a pull is published."""

from hub import aws
from hub.errors import Unavailable
from hub.pulls.models import Pull, PullCompleted


def announce(bus: str, pull: Pull) -> None:
    """Put PullCompleted on the bus; Unavailable where the bus does not take it."""
    event = PullCompleted(
        pull_id=pull.pull_id,
        source=pull.source,
        data_set=pull.data_set,
        pull_seq=pull.pull_seq,
        staged=pull.staged,
        completed_at=pull.ended_at or pull.started_at,
    )
    entry = {"EventBusName": bus, "Source": "hub", "DetailType": "PullCompleted", "Detail": event.model_dump_json()}
    answer = aws.client("events").put_events(Entries=[entry])
    if answer.get("FailedEntryCount"):
        raise Unavailable(f"the event bus refused {pull.pull_id}: {answer['Entries'][0].get('ErrorCode')}")
