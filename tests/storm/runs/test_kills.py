import json
import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from hub.models.steps import STEPS
from hub.models.store import LEASE_SECONDS
from tests.sql.lake import ROOT
from tests.storm.runs.small import order, shown, small_models

# These are reached by the machine's clean-up and by the profiles' own function.
ELSEWHERE = {"run_failed", "profiles_written"}
PATHS = os.pathsep.join(map(str, (ROOT, ROOT / "layers/hub/python")))


@pytest.mark.parametrize("step", [step for step in STEPS if step not in ELSEWHERE])
def test_a_run_killed_at_any_step_ends_in_one_whole_release(make_lake, tmp_path, step):
    lake = make_lake(None, small_models(tmp_path / "models"))
    lake.pull("crm", "sales_order", [order("a", "old", 1), order("b", "old", 1)])
    first = lake.run()
    lake.pull("crm", "sales_order", [order("a", "new", 2), order("c", "new", 2)])
    lake.now += timedelta(hours=1)
    assert killed_at(lake, step, tmp_path) == -signal.SIGKILL, "the step was not reached"

    lake.now += timedelta(seconds=LEASE_SECONDS + 1)
    left = lake.store.lease()
    if left and lake.store.find_run(left[0]):
        run_id = lake.planner.plan("resumed", left[0], lake.now)["run_id"]  # as the sweep asks for it
    else:
        run_id = lake.plan()  # it died before it had a plan, or after all was done
    lake.execute(run_id)
    lake.releaser.release(run_id, lake.now)
    lake.releaser.finish(run_id)

    assert shown(lake) == ([("a", "new"), ("b", "old"), ("c", "new")], [("3", "a=new b=old c=new")])
    released = [run.run_id for run in lake.store.runs(10) if run.state == "released"]
    assert first in released
    assert lake.store.lease() is None


def killed_at(lake, step: str, folder) -> int:
    given = {"step": step, "now": lake.now.isoformat(), "stage": lake.stage, "home": str(lake.home)}
    given |= {"control": lake.control, "vault": lake.vault, "reporting": lake.reporting}
    path = folder / "lake.json"
    path.write_text(json.dumps(given))
    driver = ROOT / "tests/storm/runs/driver.py"
    environment = {**os.environ, "PYTHONPATH": PATHS}
    return subprocess.run([sys.executable, str(driver), str(path)], env=environment, capture_output=True).returncode
