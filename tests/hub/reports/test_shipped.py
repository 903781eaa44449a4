"""The reports that come with a deployment pass the guard against the models that come with the product."""

from pathlib import Path

import pytest
import yaml

from hub.guard import permit, projections
from hub.models.loader import load
from hub.reports.library import Report, check_parameters, samples

ROOT = Path(__file__).parents[3]
SHIPPED = sorted(ROOT.glob("deployments/*/reports/*.yaml"))


@pytest.fixture(scope="module")
def tables():
    return projections(load(ROOT / "sql"), None, "test")


def test_there_are_some():
    assert {file.stem for file in SHIPPED} >= {
        "purchase_history", "sales_by_month", "top_products", "reachable_customers",
    }  # fmt: skip


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_it_can_run(file, tables):
    report = Report(report_id=file.stem, shipped=True, **yaml.safe_load(file.read_text("utf-8")))
    check_parameters(report.parameters)
    permitted = permit(report.sql, samples(report.parameters), tables)
    assert permitted.tables
    assert set(permitted.columns).isdisjoint({"*", ""}), "every column has a name"
    used = {parameter.name for parameter in report.parameters if f":{parameter.name}" in report.sql}
    assert used == {parameter.name for parameter in report.parameters}, "each parameter is asked for a reason"
    assert report.description, "a reader sees what it says before he runs it"
