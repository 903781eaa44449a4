"""Look after sendings that nobody carries on: each minute, and after the laptop's AWS stopped uncleanly."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from hub.campaigns import queue
from hub.campaigns.chunks import Frozen, frozen_runs
from hub.campaigns.items import Item, now_text
from hub.campaigns.ledger import Entries, entries_of, in_state, marked, settled, told
from hub.campaigns.queue import SendTask
from hub.campaigns.steps import logger, step
from hub.campaigns.store import FREEZE_TRIES, OPEN_STATES, CampaignStore, entries_of_item, events_of, number_of

QUEUE_LIMIT: Final = 15 * 60
"""Seconds after which a chunk that was queued and that nobody took is queued again."""
FREEZE_SECONDS: Final = 11 * 60
"""Seconds after which one try of a freeze has ended, by itself or by the function's time-out."""
FREEZE_PAUSE: Final = 5 * 60
"""Seconds that Lambda may leave between two tries."""
FREEZE_LIMIT: Final = 45 * 60
"""Seconds after which a freeze, its time-outs and its repeats counted, has failed."""


def sweep(campaigns_table: str, send_queue_url: str, now: Callable[[], float] = time.time) -> dict[str, int]:
    """Bring every open sending on: settle chunks whose worker is gone, queue what was lost; counts of what was done."""
    store, done, moment = CampaignStore(campaigns_table), Counter[str](), int(now())
    for run in store.active():
        if run["state"] == "freezing":
            done["failed"] += _give_up(store, run, moment)
        elif run["state"] in OPEN_STATES:
            done += _look_after(store, run, send_queue_url, moment)
        else:
            store.forget_active(run["run_id"])
    return dict(done)


def _look_after(store: CampaignStore, run: Item, send_queue_url: str, now: int) -> Counter[str]:
    run_id, done = run["run_id"], Counter[str]()
    again = []
    for item in store.abandoned(run_id, now):
        before = entries_of_item(item)
        entries = told(before, events_of(item))
        if settled(entries):
            done["settled"] += store.settle(run_id, number_of(item), entries, version=item["version"], owner=None)
        elif store.take_back(item, entries):
            again.append(number_of(item))
    if run["state"] != "paused":
        if now - int(run.get("queued_at", 0)) > QUEUE_LIMIT:
            again = store.unsettled(run_id, int(run["chunks"]))
            store.queued(run_id, now)
        done["queued"] += queue.put(send_queue_url, (SendTask(run_id, number) for number in again))
    if store.finish(run_id):
        step("finished", run_id)
        done["finished"] += 1
    return done


def _give_up(store: CampaignStore, run: Item, now: int) -> int:
    """A freeze has failed when its last try cannot run any more, or none follows, or there was time for all of them."""
    started = datetime.fromisoformat(run["started_at"]).astimezone(UTC).timestamp()
    idle = now - int(run.get("tried_at", started))  # a worker that was killed early is not among the tries
    awaited = 0 if run.get("tries", 0) >= FREEZE_TRIES else FREEZE_PAUSE
    if idle <= FREEZE_SECONDS + awaited and now - started < FREEZE_LIMIT:
        return 0
    store.move(
        run["run_id"],
        ["freezing"],
        "failed",
        error="The audience could not be frozen; see the logs",
        ended_at=now_text(),
    )
    return 1


def after_unclean_start(campaigns_table: str, vault_bucket: str) -> int:
    """Before the queues run again on a laptop whose AWS lost its last seconds: how many messages are now uncertain.

    What the ledger does not know as done may have been sent in those seconds: a run without an item, a chunk without a
    row, a claim, an intent. None of it is sent again. The bucket forgets nothing, and nothing is queued before the
    bucket has what was frozen; so a run that it does not know has sent nothing.
    """
    store, count = CampaignStore(campaigns_table), 0
    for run_id, frozen in frozen_runs(vault_bucket):
        known = store.run(run_id)
        if known is None or known["state"] == "freezing":
            store.remember(*frozen.run())
    for run in store.active():
        run_id = run["run_id"]
        if run["state"] == "freezing":
            reason = "The laptop's AWS stopped before anything of this was sent"
            store.move(run_id, ["freezing"], "failed", error=reason, ended_at=now_text())
            store.forget_active(run_id)
        elif run["state"] in OPEN_STATES:
            count += _doubt(store, run, Frozen(vault_bucket, run["prefix"]))
            store.finish(run_id)
    logger.warning("after an unclean start", extra={"uncertain": count})
    return count


def _doubt(store: CampaignStore, run: Item, frozen: Frozen) -> int:
    run_id, count = run["run_id"], 0
    known = {number_of(item): item for item in store.chunks(run_id, ConsistentRead=True)}
    for number in range(1, int(run["chunks"]) + 1):
        item = known.get(number)
        if item and item["state"] == "settled":
            continue
        entries = entries_of_item(item) if item else entries_of(frozen.people(number))
        doubtful = _doubtful(entries)
        if number >= int(run["first_excluded"]):
            store.keep_settled(run_id, number, entries)
            continue
        if item is None:
            store.claim(run_id, number, entries, "unclean", 0)
            item = store.chunk(run_id, number)
            assert item is not None
        store.settle(run_id, number, doubtful, version=item["version"], owner=None)
        count += len(in_state(doubtful, "uncertain"))
    return count


def _doubtful(entries: Entries) -> Entries:
    open_ones = in_state(entries, "waiting") + in_state(entries, "sending")
    return marked(entries, open_ones, "uncertain", "unclean_stop")
