"""How tables of each kind are kept, over the life of one hub: runs, corrections, failures, and models that change.

Four tables take in the same orders: `log` appends, `state` merges, `past` keeps the history, `total` is built anew and
reads its own last release.
"""

# ruff: noqa: E501  a row of a table is one line

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from hub.models import records
from hub.models.athena import Execution
from hub.models.execution import Executor
from hub.models.names import released
from hub.models.releases import ChecksFailed
from tests.sql.lake import Lake, home_of, staged
from tests.storm.runs.small import ERASURE

ORDERED = "order: [changed_at, _pull_seq, _batch, _row]\n"
SHAPE = """description: One row per order.
kind: {kind}
{more}columns:
  record_key: {{type: varchar, required: true}}
  status: {{type: varchar}}
  amount: {{type: {amount}}}
{extra}  changed_at: {{type: timestamp, required: true}}
"""
TOTAL = """description: How many orders there are, and how many there were.
kind: full
key: [one]
columns:
  one: {{type: integer, required: true}}
  orders: {{type: bigint, required: true}}
  before: {{type: {before}}}
{extra}"""
POISON = "-- No order is poisoned.\nselect record_key from reporting.state where status = 'poison';\n"
KEPT = {"log": "", "state": f"key: [record_key]\n{ORDERED}", "past": f"key: [record_key]\n{ORDERED}"}
TABLES = ("log", "state", "past", "total")
KINDS = {"log": "append", "state": "merge", "past": "history"}
COUNTED = """
with earlier as (select before{columns} from reporting.total)
select 1 as one, count(*) as orders, {before} as before{channels}
from reporting.state
"""


@dataclass(frozen=True)
class Models:
    """The text of the four models. channel: they have that column. wide: amounts and counts are text."""

    channel: bool = False
    wide: bool = False

    def write(self, folder: Path) -> Path:
        extra = "  channel: {type: varchar}\n" if self.channel else ""
        amount = "varchar" if self.wide else "'decimal(18,4)'"
        columns = "record_key, status, " + ("cast(total_amount as varchar)" if self.wide else "total_amount")
        columns += " as amount" + (", channel" if self.channel else "") + ", changed_at"
        for name, kind in KINDS.items():
            table = SHAPE.format(kind=kind, more=KEPT[name], amount=amount, extra=extra)
            sql = f"select {columns}, _pull_seq, _batch, _row, _deleted from conformed.sales_order"
            if kind == "append":
                sql = f"select {columns} from conformed.sales_order where not _deleted"
            self._put(folder / f"reporting/{name}", table, sql)
        (folder / "reporting/state/checks.sql").write_text(POISON)
        earlier = "(select max(before) from earlier)"
        before = earlier if self.wide else f"coalesce({earlier}, 0) + 1"
        given = {"columns": ", channels" if self.channel else "", "channels": "", "before": before}
        if self.channel:
            given["channels"] = (
                ", coalesce((select max(channels) from earlier), 0) + count(distinct channel) as channels"
            )
        extra = "  channels: {type: bigint}\n" if self.channel else ""
        total = TOTAL.format(before="varchar" if self.wide else "bigint", extra=extra)
        self._put(folder / "reporting/total", total, COUNTED.format(**given))
        self._put(folder / "vault/erasure", ERASURE, "select record_key, customer_id, asked_at from control.erasure")
        return folder

    def _put(self, place: Path, table: str, sql: str) -> None:
        place.mkdir(parents=True, exist_ok=True)
        (place / "table.yaml").write_text(table)
        (place / "model.sql").write_text(sql)


@dataclass(frozen=True)
class Step:
    """One run: what is pulled, what changes, what stands in the tables then.

    fails: its release does not come. lost: tables whose last statement is done, but its answer is lost, so that all of
    their statements come again. rebuilt: the tables have other names than before.
    """

    why: str
    orders: tuple[str, ...]
    expect: dict[str, str]
    models: Models | None = None
    fails: bool = False
    lost: tuple[str, ...] = ()
    rebuilt: bool = False


# An order is "key status hour"; a version of the history "key status from-to".
STEPS = [
    Step(
        "The first run makes the tables.",
        ("a new 1", "b new 1"),
        {
            "log": "a new | b new",
            "state": "a new | b new",
            "past": "a new 1- | b new 1-",
            "total": "2 1",
        },
    ),
    Step(
        "What overlaps is appended again, but is no new version; what is deleted ends; a late one comes in between.",
        ("a new 1", "a paid 5", "a late 3", "b deleted 2", "c new 2"),
        {
            "log": "a late | a new | a new | a paid | b new | c new",
            "state": "a paid | c new",
            "past": "a late 3-5 | a new 1-3 | a paid 5- | b new 1-2 | c new 2-",
            "total": "2 2",
        },
    ),
    Step(
        "A run that adds a column and fails leaves the release as it was.",
        ("a poison 6", "d new 6"),
        {
            "log": "a late | a new | a new | a paid | b new | c new",
            "state": "a paid | c new",
            "past": "a late 3-5 | a new 1-3 | a paid 5- | b new 1-2 | c new 2-",
            "total": "2 2",
        },
        models=Models(channel=True),
        fails=True,
        lost=("state",),
    ),
    Step(
        "The next one has the column, and nothing that the failed one wrote besides; no answer that is lost does harm.",
        ("a healed 7",),
        {
            "log": "a healed | a late | a new | a new | a paid | a poison | b new | c new | d new",
            "state": "a healed | c new | d new",
            "past": "a healed 7- | a late 3-5 | a new 1-3 | a paid 5-6 | a poison 6-7 | b new 1-2 | c new 2- | d new 6-",
            "total": "3 3",
        },
        lost=("state",),
    ),
    Step(
        "Another type builds every table anew beside the old one, with all its rows, once.",
        ("c paid 8",),
        {
            "log": "a healed | a late | a new | a new | a paid | a poison | b new | c new | c paid | d new",
            "state": "a healed | c paid | d new",
            "past": "a healed 7- | a late 3-5 | a new 1-3 | a paid 5-6 | a poison 6-7 | b new 1-2 | c new 2-8 | c paid 8- | d new 6-",
            "total": "3 3",
        },
        models=Models(channel=True, wide=True),
        lost=("log", "state", "past"),
        rebuilt=True,
    ),
    Step(
        "From then on the new tables are kept as the old ones were.",
        ("b back 9", "a deleted 9"),
        {
            "log": "a healed | a late | a new | a new | a paid | a poison | b back | b new | c new | c paid | d new",
            "state": "b back | c paid | d new",
            "past": "a healed 7-9 | a late 3-5 | a new 1-3 | a paid 5-6 | a poison 6-7 | b back 9- | b new 1-2 | c new 2-8 | c paid 8- | d new 6-",
            "total": "3 3",
        },
    ),
]


def order(text: str) -> dict:
    key, status, hour = text.split()
    row = {"record_key": key, "status": status, "changed_at": f"2026-01-01 {int(hour):02d}:00:00", "channel": "web"}
    return staged("sales_order", row | {"total_amount": 5} | ({"_deleted": True} if status == "deleted" else {}))


def shown(lake: Lake, name: str) -> str:
    columns = {"total": ["orders", "before"], "past": ["record_key", "status", "valid_from", "valid_to"]}
    rows = lake.rows(f"reporting.{name}", columns.get(name, ["record_key", "status"]))
    if name == "past":
        rows = sorted((key, status, f"{hour(since)}-{hour(until)}") for key, status, since, until in rows)
    return " | ".join(" ".join(map(str, row)) for row in rows)


def hour(moment: str | None) -> str:
    return str(int(moment[11:13])) if moment else ""


@contextmanager
def answers_lost(monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]) -> Iterator[None]:
    """The last statement of each of the tables is done, but seems to have failed."""
    settled, left = Executor._settled, {f"reporting.{name}" for name in names}

    def losing(self: Executor, step: records.Step, found: Execution) -> records.Step:
        if step.name in left and step.index + 1 == len(step.statements):
            assert found.state == "SUCCEEDED", found.reason
            left.remove(step.name)
            found = Execution("FAILED", "GENERIC_INTERNAL_ERROR: the answer of the commit was lost")
        return settled(self, step, found)

    with monkeypatch.context() as patch:
        patch.setattr(Executor, "_settled", losing)
        yield
    assert not left


def run(lake: Lake, step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = pytest.raises(ChecksFailed, match="No order is poisoned") if step.fails else nullcontext()
    with answers_lost(monkeypatch, step.lost), fails:
        lake.run()


def test_tables_of_each_kind_are_kept_through_all_that_happens_to_them(make_lake, tmp_path, monkeypatch):
    lake: Lake = make_lake(None, Models().write(tmp_path / "models"))
    before = None
    for number, step in enumerate(STEPS):
        if step.models:
            home_of(lake.home, [step.models.write(tmp_path / f"models{number}")])
            lake.sync()
        lake.pull("crm", "sales_order", map(order, step.orders))
        run(lake, step, monkeypatch)
        lake.now += timedelta(days=1)
        assert {name: shown(lake, name) for name in TABLES} == step.expect, step.why
        now = lake.store.current_release()
        if before:
            renamed = {name for name in now.names if now.names[name] != before.names[name]}
            assert renamed == ({f"reporting.{name}" for name in TABLES} if step.rebuilt else set()), step.why
            assert lake.query(f"select count(*) as rows from {released(before, 'reporting.state', lake.stage)}")
        before = now
