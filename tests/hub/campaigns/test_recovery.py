"""What nobody carries on any more: after an unclean stop of the laptop's AWS, and freezes that never end."""

from datetime import datetime

import pytest

from hub import aws
from hub.campaigns import after_unclean_start, sweep
from hub.campaigns.chunks import Frozen
from hub.campaigns.freeze import Freezer
from hub.campaigns.queue import put
from hub.campaigns.store import FREEZE_TRIES, CampaignStore
from hub.models.athena import QueryFailed
from hub.settings import FreezeSettings


def test_after_an_unclean_stop_what_the_ledger_does_not_know_is_uncertain(world, audiences):
    run_id = world.begin([*audiences.people(170), audiences.person("cn", None)])
    world.freeze(run_id)
    tasks = world.messages()
    first = next(tasks)
    put(world.queue_url, [first])
    world.store.claim(run_id, 3, {}, "somebody", 0)  # an empty claim would be wrong: see the balance below
    aws.table("campaigns").delete_item(Key={"pk": f"run#{run_id}", "sk": "chunk#00003"})
    assert after_unclean_start("campaigns", "vault") == 170
    world.send()
    assert world.ses.accepted == []
    assert world.totals(run_id) == {"uncertain": 170, "excluded.no_address": 1}
    assert world.store.run(run_id)["state"] == "finished"
    world.balances(run_id)


@pytest.mark.parametrize(
    ("forgotten", "why"),
    [
        (["run", "active", "chunks"], "begun, frozen and sent within the last seconds"),
        (["run", "active", "chunks", "send", "campaign"], "composed within them too"),
        (["run", "active", "chunks", "send"], "asked for within them"),
        (["chunks", "frozen"], "the table knows that it was to be frozen"),
    ],
)
def test_after_an_unclean_stop_a_run_that_the_table_forgot_is_uncertain(world, audiences, forgotten, why):
    """The bucket keeps what the table forgot: nobody can send the campaign again without knowing."""
    run_id = world.begin([*audiences.people(60), audiences.person("cn", None)])
    world.freeze(run_id)
    world.send()
    taken, campaign_id = len(world.ses.accepted), world.store.run(run_id)["campaign_id"]
    forget(run_id, campaign_id, forgotten)
    assert after_unclean_start("campaigns", "vault") == 60, why
    world.freeze(run_id)  # an invocation that the emulator still had
    world.send()
    assert len(world.ses.accepted) == taken == 60
    assert world.totals(run_id) == {"uncertain": 60, "excluded.no_address": 1}
    assert (world.store.run(run_id)["state"], world.store.campaign(campaign_id)["send"]) == ("finished", run_id)
    assert world.store.active() == []
    world.balances(run_id)
    assert after_unclean_start("campaigns", "vault") == 0, "what is known again stays as it is"


def forget(run_id, campaign_id, what):
    """Items that the emulator had not saved when it was killed."""
    table, run, campaign = aws.table("campaigns"), {"pk": f"run#{run_id}"}, {"pk": "campaign", "sk": campaign_id}
    chunks = [{"pk": item["pk"], "sk": item["sk"]} for item in CampaignStore("campaigns").chunks(run_id)]
    keys = {"run": [run | {"sk": "state"}], "active": [{"pk": "active", "sk": run_id}], "chunks": chunks}
    keys["campaign"] = [campaign]
    for key in (key for name in what for key in keys.get(name, [])):
        table.delete_item(Key=key)
    if "send" in what and "campaign" not in what:
        table.update_item(Key=campaign, UpdateExpression="REMOVE send")
    if "frozen" in what:
        item = table.get_item(Key=run | {"sk": "state"})["Item"]
        kept = ("pk", "sk", "run_id", "campaign_id", "kind", "started_at")
        table.put_item(Item={name: item[name] for name in kept} | {"state": "freezing"})
        table.put_item(Item={"pk": "active", "sk": run_id})


def test_an_unclean_stop_before_the_audience_was_frozen_allows_another_sending(world, audiences):
    """Nothing is queued before the bucket has all of what was frozen, so nothing was sent."""
    run_id = world.begin(audiences.people(3))
    assert after_unclean_start("campaigns", "vault") == 0
    assert world.store.run(run_id)["state"] == "failed"
    assert world.store.active() == []
    world.freeze(run_id)
    assert world.send() == 0


def test_a_freeze_that_raises_ends_with_its_last_try(world, audiences, monkeypatch):
    """Lambda does not say which try it is: the run counts them."""
    run_id = world.begin(audiences.people(3))
    monkeypatch.setattr(Frozen, "write", lambda *_: 1 / 0)
    for _ in range(FREEZE_TRIES):
        assert world.store.run(run_id)["state"] == "freezing"
        with pytest.raises(ZeroDivisionError):
            world.freeze(run_id)
    run = world.store.run(run_id)
    assert (run["state"], run["error"]) == ("failed", "The audience could not be frozen; see the logs")
    assert world.store.active() == []


def test_a_freeze_whose_query_fails_ends_at_once_with_the_engines_reason(world, audiences, monkeypatch):
    run_id = world.begin(audiences.people(3))
    freezer = Freezer(FreezeSettings.read())

    def fails(*_):
        raise QueryFailed("The segment could not be read: DIVISION_BY_ZERO")

    freezer._candidates = fails
    freezer.carry_on(run_id)
    run = world.store.run(run_id)
    assert (run["state"], run["error"]) == ("failed", "The segment could not be read: DIVISION_BY_ZERO")


@pytest.mark.parametrize(
    ("tries", "minutes", "state", "why"),
    [
        (FREEZE_TRIES, 12, "failed", "the last try was killed or ran out of time"),
        (FREEZE_TRIES, 5, "freezing", "the last try may be at it"),
        (1, 12, "freezing", "Lambda tries again"),
        (1, 20, "failed", "nobody tries any more"),
        (0, 12, "freezing", "the first try may be late"),
        (0, 20, "failed", "every worker was killed before it could count itself"),
    ],
)
def test_a_freeze_that_was_killed_is_given_up(world, audiences, tries, minutes, state, why):
    run_id = world.begin(audiences.people(3))
    now = datetime.fromisoformat(world.store.run(run_id)["started_at"]).timestamp()
    for _ in range(tries):
        world.store.tried(run_id, int(now))
    sweep("campaigns", world.queue_url, lambda: now + 60 * minutes)
    assert world.store.run(run_id)["state"] == state, why
