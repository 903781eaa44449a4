"""A sending that is half done goes on in the hub that was filled from an export."""

from hub.campaigns import queue
from hub.campaigns.consents import Consents
from hub.campaigns.queue import SendTask
from tests.moved import moved

TABLES = ("control", "campaigns", "consent", "library")


def test_a_sending_goes_on_after_a_move_and_writes_to_nobody_twice(world, audiences, tmp_path):
    run_id = world.begin(audiences.people(160))
    world.freeze(run_id)
    world.send_until_paused(run_id)
    before = set(world.ses.by_address)
    assert len(before) == 10, "some have gone out"
    late = next(number for number in range(160) if f"person{number}@example.com" not in before)
    Consents("consent").state(f"c{late:05d}", "email", "withdrawn", "link", "hub")

    moved(tmp_path, "vault", TABLES)
    assert world.store.run(run_id)["state"] == "paused"
    world.store.move(run_id, ["paused"], "sending")
    world.freeze(run_id)
    world.finish()
    assert world.totals(run_id) == {"sent": 159, "excluded.no_consent": 1}, "a word that was said in the old hub holds"
    world.no_message_twice()
    world.balances(run_id)

    queue.put(world.queue_url, [SendTask(run_id, chunk) for chunk in range(1, 5)])
    world.send()
    assert len(world.ses.accepted) == 159, "the ledger has come along"
