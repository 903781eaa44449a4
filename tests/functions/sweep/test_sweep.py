"""The sweep's handler: every sweep has its turn, and a failing one is told."""

import pytest

from hub import campaigns, config, pulls
from hub.models import runs


@pytest.fixture
def sweep(on_moto, tmp_path, gateway, monkeypatch):
    """The handler with its sweeps replaced by ones that note their turn."""
    settings = "CONTROL_TABLE VAULT_BUCKET CAMPAIGNS_TABLE PULL_QUEUE_URL SEND_QUEUE_URL RUN_MACHINE_ARN"
    for name in settings.split():
        on_moto.setenv(name, name.lower())
    turns = []
    monkeypatch.setattr(config, "read", lambda home: None)
    monkeypatch.setattr(pulls, "sweep", lambda *_: turns.append("pulls") or ["crm.contacts"])
    monkeypatch.setattr(runs, "resume_stuck", lambda *_, **__: turns.append("stuck") or [])
    monkeypatch.setattr(runs, "start_if_due", lambda *_: turns.append("due") or False)
    monkeypatch.setattr(campaigns, "sweep", lambda *_: turns.append("campaigns") or {}, raising=False)
    return gateway("sweep").module, turns


def test_each_has_its_turn(sweep):
    module, turns = sweep
    done = module.handler({}, None)
    assert turns == ["pulls", "stuck", "due", "campaigns"]
    assert done == {"pulls": ["crm.contacts"], "stuck_runs": [], "due_run": False, "campaigns": {}}


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
    assert turns == ["stuck", "due", "campaigns"]
