"""A real database pulled, released, changed and pulled again: reporting says each time what sqlite3 says of it."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hub import aws, config
from hub.models.names import released
from hub.pulls import Pull, PullTask
from hub.pulls.engine import Engine
from hub.settings import PullSettings
from tests.sql.lake import ROOT, Lake

SOURCE = "chinook"
DATA_SETS = ("customers", "orders", "order_lines")


@pytest.fixture
def data(hub_data: Path, tmp_path: Path) -> Path:
    """A copy of the database that may be changed."""
    (tmp_path / "data" / SOURCE).mkdir(parents=True)
    shutil.copyfile(hub_data / SOURCE / f"{SOURCE}.sqlite", tmp_path / f"data/{SOURCE}/{SOURCE}.sqlite")
    return tmp_path / "data"


class Hub:
    """A lake that is filled by the real pull engine."""

    def __init__(self, data: Path, make_lake: Callable[..., Lake]) -> None:
        whole = config.load(ROOT / "deployments/datasets", {"HUB_DATA": str(data)})
        self.file = data / SOURCE / f"{SOURCE}.sqlite"
        self.deployment = whole.model_copy(update={"sources": {SOURCE: whole.sources[SOURCE]}})
        self.lake = make_lake(self.deployment)
        aws.client("events").create_event_bus(Name=self.lake.stage)
        settings = PullSettings(
            stage=self.lake.stage, control_table=self.lake.control, vault_bucket=self.lake.vault,
            event_bus=self.lake.stage, token_key_parameter="",
        )  # fmt: skip
        self.engine = Engine(self.deployment, settings, b"k" * 64, now=lambda: self.lake.now.timestamp())

    def refresh(self) -> dict[str, Pull]:
        """Pull everything and release it."""
        self.lake.now += timedelta(hours=1)
        tasks = {name: PullTask(source=SOURCE, data_set=name) for name in DATA_SETS}
        pulls = {name: self.engine.carry_on(task, lambda: 300_000) for name, task in tasks.items()}
        assert {pull and pull.state for pull in pulls.values()} == {"complete"}, pulls
        self.lake.run()
        return {name: pull for name, pull in pulls.items() if pull}

    def change(self, script: str) -> None:
        with closing(sqlite3.connect(self.file)) as connection:
            connection.executescript(script)

    def theirs(self) -> dict[str, tuple[int, Decimal]]:
        """Rows and sum of each table, as sqlite3 has them."""
        with closing(sqlite3.connect(self.file)) as connection:
            found = {table: connection.execute(f"select {sql}").fetchone() for table, (_, sql) in FIGURES.items()}
        return {table: (count, Decimal(str(amount))) for table, (count, amount) in found.items()}

    def ours(self) -> dict[str, tuple[int, Decimal]]:
        """The same of the release."""
        release = self.lake.store.current_release()
        assert release is not None
        parts = [
            f"select '{table}' as kind, count(*) as n, cast({amount} as decimal(18,4)) as amount "
            f"from {released(release, f'reporting.{table}', self.lake.stage)} where not _deleted"
            for table, (amount, _) in FIGURES.items()
        ]
        rows = self.lake.query(" union all ".join(parts))
        return {str(row["kind"]): (int(row["n"] or 0), Decimal(row["amount"] or 0)) for row in rows}


# Reporting table -> what is summed there, and sqlite3's count and sum.
FIGURES = {
    "sales_order": ("sum(total_amount)", "count(*), printf('%.4f', sum(Total)) from Invoice"),
    "interaction": ("sum(amount)", "count(*), printf('%.4f', sum(Total)) from Invoice"),
    "order_line": ("sum(line_amount)", "count(*), printf('%.4f', sum(UnitPrice * Quantity)) from InvoiceLine"),
    "customer_key": ("0", "count(*), 0 from Customer"),
    "customer": ("0", "count(*), 0 from Customer"),
}


@pytest.fixture
def hub(data: Path, make_lake: Callable[..., Lake]) -> Iterator[Hub]:
    yield Hub(data, make_lake)


def test_figures_follow_a_changed_database(hub: Hub) -> None:
    """Three rows removed, one changed, one broken: as a second pull of the same hub; then what was is mended."""
    hub.refresh()
    assert hub.ours() == hub.theirs()

    hub.change(
        "create table kept as select * from Invoice where InvoiceId = 100;"
        "delete from Invoice where InvoiceId in (1, 100, 412); update Invoice set Total = 1000 where InvoiceId = 2;"
        "delete from InvoiceLine where InvoiceId = 1; delete from Customer where CustomerId = 59;"
    )
    expected = hub.theirs()
    hub.change("update Invoice set Total = 'a lot' where InvoiceId = 3")
    pulls = hub.refresh()
    assert hub.ours() == expected, "the broken invoice stays as it was"
    orders = pulls["orders"]
    assert (orders.received, orders.staged, orders.quarantined, orders.deleted) == (409, 408, 1, 3)
    assert (orders.rules, pulls["order_lines"].deleted, pulls["customers"].deleted) == ({"total: type": 1}, 2, 1)

    hub.change(
        "update Invoice set Total = 5.5 where InvoiceId = 3; insert into Invoice select * from kept;"
        "update Invoice set Total = 7, InvoiceDate = '2001-01-01 00:00:00' where InvoiceId = 100"
    )
    assert hub.refresh()["orders"].deleted == 0
    assert hub.ours() == hub.theirs(), "what was mended is in; what came back, too, though it says that it is older"
