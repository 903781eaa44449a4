"""A small hub of two tables that agree in every release: each order is in `plain`, and again in `counted`."""

from pathlib import Path
from typing import Any

from tests.sql.lake import Lake, staged

ERASURE = """description: The erasure list.
kind: full
key: [record_key]
columns:
  record_key: {type: varchar, required: true}
  customer_id: {type: varchar}
  asked_at: {type: timestamp}
"""
PLAIN = """description: One row per order.
kind: merge
key: [record_key]
order: [changed_at, _pull_seq, _batch, _row]
columns:
  record_key: {type: varchar, required: true}
  status: {type: varchar}
  changed_at: {type: timestamp, required: true}
"""
COUNTED = """description: How many orders there are, and which.
kind: full
key: [one]
columns:
  one: {type: integer, required: true}
  orders: {type: bigint, required: true}
  names: {type: varchar}
"""


def small_models(folder: Path) -> Path:
    files = {
        "vault/erasure": (ERASURE, "select record_key, customer_id, asked_at from control.erasure", None),
        "reporting/plain": (
            PLAIN,
            "select record_key, status, changed_at, _pull_seq, _batch, _row, _deleted from conformed.sales_order",
            "-- No order is poisoned.\nselect record_key from reporting.plain where status = 'poison';\n",
        ),
        "reporting/counted": (
            COUNTED,
            "select 1 as one, count(*) as orders,\n"
            "    array_join(array_sort(array_agg(concat(record_key, '=', status))), ' ') as names\n"
            "from reporting.plain",
            None,
        ),
    }
    for name, (table, sql, checks) in files.items():
        place = folder / name
        place.mkdir(parents=True)
        (place / "table.yaml").write_text(table)
        (place / "model.sql").write_text(sql)
        if checks:
            (place / "checks.sql").write_text(checks)
    return folder


def order(key: str, status: str, number: int) -> dict[str, Any]:
    """An order as of the `number`th change."""
    changed = f"2026-01-01 {number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}"
    return staged("sales_order", {"record_key": key, "status": status, "changed_at": changed})


def shown(lake: Lake) -> tuple[list[tuple[str | None, ...]], list[tuple[str | None, ...]]]:
    """The two tables as released."""
    return lake.rows("reporting.plain", ["record_key", "status"]), lake.rows("reporting.counted", ["orders", "names"])
