import logging
import os
import random
import threading
from datetime import date, timedelta

import pytest

from hub.models import steps
from hub.models.names import released
from hub.models.releases import ChecksFailed
from tests.storm.runs.small import order, shown, small_models

RUNS, POISONED = 20, {4, 7, 8, 13, 19}
READ_AT = 1 / 4  # of the steps
SEEDS = [int(seed) for seed in os.environ.get("SEEDS", f"{date.today():%Y%m%d}").split(",")]
BOTH = (
    "select counted.orders, counted.names, plain.orders as again, plain.names as names_again\n"
    "from (select orders, names from {counted} where not _deleted) as counted\n"
    "cross join (select count(*) as orders,\n"
    "            array_join(array_sort(array_agg(concat(record_key, '=', status))), ' ') as names\n"
    "            from {plain} where not _deleted) as plain"
)


@pytest.fixture
def lake(make_lake, tmp_path):
    return make_lake(None, small_models(tmp_path / "models"))


class Reader(threading.Thread):
    """Reads both tables of the current release over and over, beginning at chance steps of the runs."""

    def __init__(self, lake, seed: int) -> None:
        super().__init__()
        self.lake, self.over, self.seen, self.trouble = lake, False, set(), []
        self._chance, self._now = random.Random(seed), threading.Event()
        self.reads = 0

    def step(self, record: logging.LogRecord) -> bool:
        """A filter of the steps' log, which is written while a run is under way."""
        if self._chance.random() < READ_AT:
            self._now.set()
        return True

    def end(self) -> None:
        self.over = True
        self._now.set()
        self.join()

    def run(self) -> None:
        while self._now.wait() and not self.over:
            self._now.clear()
            self.reads += 1
            try:
                self.read()
            except Exception as error:  # noqa: BLE001 - a thread's failure is told by the test
                self.trouble.append(repr(error))

    def read(self) -> None:
        release = self.lake.store.current_release()
        if release is None:
            return
        tables = {name: released(release, f"reporting.{name}", self.lake.stage) for name in ("plain", "counted")}
        (row,) = self.lake.query(BOTH.format(**tables))
        if (row["orders"], row["names"]) != (row["again"], row["names_again"]) or "poison" in str(row["names"]):
            self.trouble.append(row)
        self.seen.add(release.release_id)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_reader_never_sees_two_releases_mixed_nor_a_failed_one(lake, caplog, seed):
    reader, made = Reader(lake, seed), []
    caplog.set_level(logging.INFO, steps.logger.name)
    steps.logger.addFilter(reader.step)
    reader.start()
    try:
        for number in range(RUNS):
            status = "poison" if number in POISONED else f"s{number}"
            lake.pull("crm", "sales_order", [order("a", status, number), order(f"o{number}", status, number)])
            if number in POISONED:
                with pytest.raises(ChecksFailed, match="No order is poisoned"):
                    lake.run()
                heal(lake, number)
            else:
                made.append(lake.run())
            lake.now += timedelta(hours=1)
    finally:
        steps.logger.removeFilter(reader.step)
        reader.end()
    assert reader.trouble == []
    assert reader.seen <= set(made)
    assert reader.reads > RUNS and len(reader.seen) > RUNS // 4, (reader.reads, len(reader.seen))


def heal(lake, number: int) -> None:
    """The source takes its poisoned orders back; the next run reads both pulls."""
    takes_back = [{**order(key, "s", number), "_row": 9} for key in ("a", f"o{number}")]
    lake.pull("crm", "sales_order", takes_back)


def test_what_a_failed_run_wrote_is_undone_by_the_next(lake):
    """Also rows that the next run, with other SQL, would not write any more."""
    lake.pull("crm", "sales_order", [order("a", "good", 1), order("b", "good", 1)])
    lake.run()
    before = shown(lake)
    lake.pull("crm", "sales_order", [order("a", "poison", 2), order("c", "poison", 2)])
    with pytest.raises(ChecksFailed):
        lake.run()
    assert shown(lake) == before
    model = lake.home / "sql/reporting/plain/model.sql"
    model.write_text(model.read_text() + "\nwhere status <> 'poison'")
    lake.sync()
    lake.run()
    assert shown(lake) == before
