"""Twelve checks on a million rows: the hub's against polars' expressions, with the same verdicts.

    python -m benchmarks.checks [rows]

Polars runs beside it, one after the other, where an environment of its own has it: `uv venv .local/bench` and
`uv pip install --python .local/bench/bin/python polars pyarrow`. Both read the same Parquet file of typed columns and
give the numbers of the rows that break a check; printed are the medians of five runs after one to warm up.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS, RUNS, TODAY = 1_000_000, 5, date(2026, 6, 15)
OTHER = Path(".local/bench/bin/python")
STATUS, CURRENCIES = ["lead", "customer", "lapsed"], ["INR", "USD", "EUR"]
ATOM, LABEL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
EMAIL = rf"^{ATOM}(\.{ATOM})*@({LABEL}\.)+[a-z][a-z0-9-]*[a-z0-9]$"  # the hub takes letters of other scripts besides
PIN, SKU, MOBILE = r"^([1-9][0-9]{2} ?[0-9]{3})$", r"^[A-Z]{3}-[0-9]{5}$", r"^(\+91)?[6-9][0-9]{9}$"


def rows(count: int) -> pa.Table:
    """Rows of which about one in two hundred breaks something; the same for the same count."""
    draw = random.Random(7)
    wrong = [draw.randrange(2400) for _ in range(count)]
    dates = [TODAY - timedelta(days=draw.randrange(20_000)) for _ in range(5000)]

    def column(kind: int, right: Callable[[int], object], bad: object) -> list[object]:
        return [bad if wrong[at] == kind else right(at) for at in range(count)]

    return pa.table(
        {
            "id": pa.array(column(0, lambda at: at, None), pa.int64()),
            "name": column(1, lambda at: f"Name {at % 9973}", "x" * 90),
            "email": column(2, lambda at: f"n{at}@example{at % 97}.com", "nobody@home"),
            "mobile": column(3, lambda at: f"9{at % 10**9:09d}", "12345"),
            "pincode": column(4, lambda at: f"{560000 + at % 999}", "012345"),
            "status": column(5, lambda at: STATUS[at % 3], "unknown"),
            "currency": column(6, lambda at: CURRENCIES[at % 3], "XXX"),
            "sku": column(7, lambda at: f"SKU-{at % 100_000:05d}", "sku1"),
            "quantity": pa.array(column(8, lambda at: at % 50, -1), pa.int64()),
            "total": pa.array(column(9, lambda at: at % 1000 / 4, 1e9), pa.float64()),
            "paid": pa.array(column(10, lambda at: at % 1000 / 8, 1e6), pa.float64()),
            "born": pa.array(column(11, lambda at: dates[at % 5000], date(1850, 1, 1)), pa.date32()),
        }
    )


def ours(table: pa.Table) -> Callable[[], list[int]]:
    """The hub's way: a manifest and `refine`."""
    from hub.config import RestDataSet
    from hub.quality import EXTRA, refine

    text = {"type": "varchar"}
    rules = RestDataSet.model_validate(
        {
            "description": "d",
            "fetch": {"path": "/x"},
            "frequency": {"class": "on-demand"},
            "rules": [{"rule": "paid", "expect": {"column": "paid", "is": "at_most", "of": "total"}}],
            "columns": {
                "id": {"type": "bigint", "required": True},
                "name": {**text, "check": {"length": [1, 80]}},
                "email": {**text, "check": "email"},
                "mobile": {**text, "check": {"pattern": MOBILE}},
                "pincode": {**text, "check": {"postcode": "IN"}},
                "status": {**text, "check": {"one_of": STATUS}},
                "currency": {**text, "check": {"one_of": CURRENCIES}},
                "sku": {**text, "check": {"pattern": SKU}},
                "quantity": {"type": "bigint", "check": {"between": [0, 1000]}},
                "total": {"type": "double", "check": {"between": [0, 1_000_000]}},
                "paid": {"type": "double"},
                "born": {"type": "date", "check": "plausible_date"},
            },
        }
    )
    raw = table.append_column(EXTRA, pa.nulls(len(table), pa.string()))
    return lambda: sorted(refine(raw, rules, "IN", TODAY).rejected)


def polars(path: str) -> Callable[[], list[int]]:
    """Polars' way: one expression over all columns. The e-mail's standard form is worked out too, as ours is."""
    import polars as pl

    frame = pl.read_parquet(path).rechunk()
    c = pl.col
    low = c("email").str.strip_chars().str.to_lowercase()
    sound = low.str.contains(EMAIL) & (low.str.len_chars() <= 254) & low.str.contains(r"^[^@]{1,64}@")
    broken = {
        "id": c("id").is_null(),
        "name": ~c("name").str.len_chars().is_between(1, 80),
        "mobile": ~c("mobile").str.contains(MOBILE),
        "pincode": ~c("pincode").str.contains(PIN),
        "status": ~c("status").is_in(STATUS),
        "currency": ~c("currency").is_in(CURRENCIES),
        "sku": ~c("sku").str.contains(SKU),
        "quantity": ~c("quantity").is_between(0, 1000),
        "total": ~c("total").is_between(0, 1_000_000),
        "paid": c("paid") > c("total"),
        "born": ~c("born").is_between(date(1900, 1, 1), TODAY),
        "email": ~sound,
    }
    masks = [mask.fill_null(False).alias(f"broken {name}") for name, mask in broken.items()]
    standard = pl.when(sound).then(low).alias("email_standard")

    def run() -> list[int]:
        found = frame.select(*masks, standard)
        return found.select(pl.any_horizontal(pl.col("^broken .*$")).arg_true()).to_series().to_list()

    return run


def measured(run: Callable[[], list[int]]) -> dict[str, object]:
    found, cpu, wall = run(), [], []
    for _ in range(RUNS):
        began, spent = time.perf_counter(), time.process_time()
        run()
        cpu.append(time.process_time() - spent)
        wall.append(time.perf_counter() - began)
    return {"cpu": statistics.median(cpu), "wall": statistics.median(wall), "broken": found}


def main() -> None:
    if sys.argv[1:2] == ["--polars"]:
        print(json.dumps(measured(polars(sys.argv[2]))))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    table = rows(count)
    found = {"hub": measured(ours(table))}
    if OTHER.exists():
        with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
            pq.write_table(table, file.name)
            done = subprocess.run([OTHER, __file__, "--polars", file.name], capture_output=True, text=True, check=True)
        found["polars"] = json.loads(done.stdout)
        print("the same verdicts:", found["hub"]["broken"] == found["polars"]["broken"])
    for name, each in found.items():
        cpu, wall = float(str(each["cpu"])), float(str(each["wall"]))
        print(
            f"{name:8} {cpu * 1e3:7.0f} ms CPU {wall * 1e3:7.0f} ms wall {count / cpu / 1e3:8.0f} krows per CPU second"
        )


if __name__ == "__main__":
    main()
