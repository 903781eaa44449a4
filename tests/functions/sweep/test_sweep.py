"""The sweep's handler: every sweep has its turn, and a failing one is told."""

import json

import pytest

from hub import campaigns, config, pulls
from hub.models import runs
from hub.pulls.freshness import Watched


@pytest.fixture
def sweep(on_moto, tmp_path, gateway, monkeypatch):
    """The handler with its sweeps replaced by ones that note their turn."""
    settings = (
        "CONTROL_TABLE VAULT_BUCKET CAMPAIGNS_TABLE PULL_QUEUE_URL SEND_QUEUE_URL FREEZE_FUNCTION RUN_MACHINE_ARN"
    )
    for name in settings.split():
        on_moto.setenv(name, name.lower())
    turns = []
    monkeypatch.setattr(config, "read", lambda home: None)
    monkeypatch.setattr(pulls, "sweep", lambda *_: turns.append("pulls") or ["crm.contacts"])
    seen = Watched({"high": ["crm.contacts"], "normal": [], "low": ["calls.calls"]}, ["shop.orders"], ["addresses"])
    monkeypatch.setattr(pulls, "watch", lambda *_: turns.append("watch") or seen)
    monkeypatch.setattr(runs, "resume_stuck", lambda *_, **__: turns.append("stuck") or [])
    monkeypatch.setattr(runs, "start_if_due", lambda *_: turns.append("due") or False)
    monkeypatch.setattr(campaigns, "begin_due", lambda *_: turns.append("triggers") or 0, raising=False)
    monkeypatch.setattr(campaigns, "sweep", lambda *_: turns.append("campaigns") or {}, raising=False)
    return gateway("sweep").module, turns


def test_each_has_its_turn(sweep):
    module, turns = sweep
    done = module.handler({}, None)
    assert turns == ["pulls", "watch", "stuck", "due", "triggers", "campaigns"]
    watched = {
        "held": ["shop.orders"],
        "missed": ["addresses"],
        "stale_high": ["crm.contacts"],
        "stale_normal": [],
        "stale_low": ["calls.calls"],
    }
    assert done == {
        "pulls": ["crm.contacts"],
        "watched": watched,
        "stuck_runs": [],
        "due_run": False,
        "triggers": 0,
        "campaigns": {},
    }


def test_what_was_seen_is_counted_for_the_alarms(sweep, capsys):
    sweep[0].handler({}, None)
    (line,) = (json.loads(text) for text in capsys.readouterr().out.splitlines() if "_aws" in text)
    assert {name: line[name] for name in ("Stage", "PullsHeld", "StaleHigh", "StaleNormal", "TargetsMissed")} == {
        "Stage": "test",
        "PullsHeld": 1,
        "StaleHigh": 1,
        "StaleNormal": 0,
        "TargetsMissed": 1,
    }


@pytest.mark.parametrize(("event", "restarted"), [({}, False), ({"reason": "restart"}, True)])
def test_a_restart_is_told_to_those_whom_it_concerns(sweep, monkeypatch, event, restarted):
    module, told = sweep[0], []
    monkeypatch.setattr(pulls, "sweep", lambda *arguments: told.append(arguments[4]))
    monkeypatch.setattr(runs, "resume_stuck", lambda *_, restarted: told.append(restarted))
    module.handler(event, None)
    assert told == [restarted, restarted]


def test_one_that_fails_does_not_keep_the_others_and_is_told(sweep, monkeypatch):
    module, turns = sweep

    def breaks(*_):
        raise ValueError("broken")

    monkeypatch.setattr(pulls, "sweep", breaks)
    with pytest.raises(ExceptionGroup, match="sweeps failed"):
        module.handler({}, None)
    assert turns == ["watch", "stuck", "due", "triggers", "campaigns"]
