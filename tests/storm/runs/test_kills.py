"""SIGKILL at every commit step of a run: the next one ends in a whole release, and nothing is lost or there twice."""

import signal
from datetime import timedelta

import pytest

from hub import aws
from hub.models.steps import STEPS
from hub.models.store import LEASE_SECONDS
from tests.sql.lake import Lake, entity_hub, staged
from tests.stores import create_table
from tests.storm.runs import driver
from tests.storm.runs.small import order, shown, small_models

# Each step with what is there when the process dies.
OF_A_RUN = {
    "run_leased": "nothing but the lease",
    "run_written": "statements that no run names",
    "run_planned": "a run that nobody has begun",
    "statement_started": "a statement at work that the run does not know of",
    "statement_noted": "a statement at work",
    "statement_done": "a table half-way between two statements",
    "step_done": "one table of the run, not the others",
    "released": "a release that nobody has been told of",
    "release_announced": "a release whose run is not at its end",
    "run_finished": "all of it; only the answer is lost",
}
OF_A_FAILED_RUN = {"run_failed": "a failed run that still has the lease"}
OF_PROFILES = {"profiles_written": "profiles of the release; only the answer is lost"}
KILLS = {**OF_A_RUN, **OF_A_FAILED_RUN, **OF_PROFILES}
PEOPLE = {
    "vault.erasure", "vault.source_customer", "vault.match_decision", "vault.customer_match", "vault.customer",
    "vault.edit", "vault.verified", "vault.claim", "vault.customer_attributes", "vault.discrepancy",
    "reporting.customer",
    "reporting.customer_key", "reporting.interaction", "vault.customer_redirect",
}  # fmt: skip


def test_each_named_step_is_killed():
    assert set(KILLS) == set(STEPS)


@pytest.fixture(scope="module")
def lake(make_shared_lake, tmp_path_factory) -> Lake:
    """One hub for all kills: each dies on what the one before has left."""
    lake = make_shared_lake(None, small_models(tmp_path_factory.mktemp("models")))
    lake.pull("crm", "sales_order", [order("a", "old", 0), order("b", "old", 0)])
    lake.run()
    return lake


def given(lake: Lake, **more: str) -> dict[str, str]:
    place = {"stage": lake.stage, "home": str(lake.home), "control": lake.control, "vault": lake.vault}
    place["consent"] = lake.consent
    return {**place, "reporting": lake.reporting, "now": lake.now.isoformat(), **more}


def carry_on(lake: Lake) -> None:
    """What the sweep and the state machine do once the lease is over."""
    lake.now += timedelta(seconds=LEASE_SECONDS + 1)
    left = lake.store.lease()
    run = lake.store.find_run(left[0]) if left else None
    if run and run.state != "failed":
        run_id = lake.planner.plan("resumed", run.run_id, lake.now)["run_id"]
    else:  # it died before it had a plan, when it had failed, or after all was done
        if left:
            lake.store.free_lease(left[0])
        run_id = lake.plan()
    lake.execute(run_id)
    lake.releaser.release(run_id, lake.now)
    lake.releaser.finish(run_id)


@pytest.mark.parametrize("step", [*OF_A_RUN, *OF_A_FAILED_RUN])
def test_a_run_killed_at_any_step_ends_in_one_whole_release(lake, step):
    number = 2 * len(lake.store.pulls_after("crm.sales_order", 0))
    before, (rows, _) = lake.store.current_release().release_id, shown(lake)
    status = "poison" if step in OF_A_FAILED_RUN else f"s{number}"
    lake.pull("crm", "sales_order", [order("a", status, number), order(f"o{number}", status, number)])
    lake.now += timedelta(hours=1)
    assert driver.killed_at(step, driver.run, given(lake)) == -signal.SIGKILL, "the step was not reached"
    if step in OF_A_FAILED_RUN:
        assert lake.store.current_release().release_id == before, "what failed is not released"
        status = f"s{number}"
        lake.pull("crm", "sales_order", [order(key, status, number + 1) for key in ("a", f"o{number}")])
    carry_on(lake)

    expected = dict(rows) | {"a": status, f"o{number}": status}
    names = " ".join(sorted(f"{key}={value}" for key, value in expected.items()))
    assert shown(lake) == (sorted(expected.items()), [(str(len(expected)), names)]), KILLS[step]
    assert before in {run.run_id for run in lake.store.runs(100) if run.state == "released"}
    assert lake.store.lease() is None


@pytest.mark.parametrize("step", OF_PROFILES)
def test_a_killed_load_of_profiles_comes_to_the_same_as_one_that_was_not(make_shared_lake, step):
    lake = make_shared_lake(entity_hub(), tables=PEOPLE)
    people = [{"record_key": key, "full_name": f"Person {key}", "email_standard": f"{key}@x.in"} for key in "abc"]
    lake.pull("crm", "customer", [staged("customer", each) for each in people])
    run_id = lake.run()
    lake.store.take_lease(run_id, lake.now)
    tables = {"killed": f"{lake.stage}-profiles", "whole": f"{lake.stage}-others"}
    create_table(aws.client("dynamodb"), tables["whole"])

    killed, whole = (given(lake, profiles=table, run_id=run_id) for table in tables.values())
    assert driver.killed_at(step, driver.load_profiles, killed) == -signal.SIGKILL, "the step was not reached"
    driver.load_profiles(killed)
    driver.load_profiles(whole)

    def items(name: str) -> list[dict]:
        return sorted(aws.table(tables[name]).scan()["Items"], key=lambda item: (item["pk"], item["sk"]))

    assert items("killed") == items("whole"), KILLS[step]
    assert {item["email"] for item in items("whole") if item["sk"] == "profile"} == {"a@x.in", "b@x.in", "c@x.in"}
