"""Twelve checks on a million rows: the hub's, polars' expressions, dataframely and pandera, with the same verdicts.

    python -m benchmarks.checks [rows] [runs]

Each runs in a process and an environment of its own, reads the same Parquet file of typed columns and gives the numbers
of the rows that break a check. Reading the file is not counted. Only the hub's cast the columns again, and only the
hub's and polars' work out the e-mail's standard form.
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
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import environments

ROWS, RUNS, TODAY = 1_000_000, 5, date(2026, 6, 15)
TOOLS = {"hub": "hub", "polars": "polars", "dataframely": "polars", "pandera": "pandera"}  # tool -> environment
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


def hub(path: str) -> Callable[[], list[int]]:
    """The hub's way: a manifest and `refine`."""
    from hub.config import RestDataSet
    from hub.quality import EXTRA, refine

    table, text = pq.read_table(path), {"type": "varchar"}
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
    sound = _expressions()
    broken = {name: ~each for name, each in sound.items()}
    broken |= {"id": pl.col("id").is_null(), "paid": pl.col("paid") > pl.col("total")}
    masks = [mask.fill_null(False).alias(f"broken {name}") for name, mask in broken.items()]
    low = pl.col("email").str.strip_chars().str.to_lowercase()
    standard = pl.when(sound["email"]).then(low).alias("email_standard")

    def run() -> list[int]:
        found = frame.select(*masks, standard)
        return found.select(pl.any_horizontal(pl.col("^broken .*$")).arg_true()).to_series().to_list()

    return run


def _expressions() -> dict[str, Any]:
    """What a right row is, in polars' words."""
    import polars as pl

    c = pl.col
    low = c("email").str.strip_chars().str.to_lowercase()
    return {
        "name": c("name").str.len_chars().is_between(1, 80),
        "email": low.str.contains(EMAIL) & (low.str.len_chars() <= 254) & low.str.contains(r"^[^@]{1,64}@"),
        "mobile": c("mobile").str.contains(MOBILE),
        "pincode": c("pincode").str.contains(PIN),
        "status": c("status").is_in(STATUS),
        "currency": c("currency").is_in(CURRENCIES),
        "sku": c("sku").str.contains(SKU),
        "quantity": c("quantity").is_between(0, 1000),
        "total": c("total").is_between(0, 1_000_000),
        "born": c("born").is_between(date(1900, 1, 1), TODAY),
    }


def dataframely(path: str) -> Callable[[], list[int]]:
    """A schema of dataframely with a rule per check, and its filter."""
    import dataframely as dy
    import polars as pl

    frame = pl.read_parquet(path).rechunk().with_row_index("row")
    types = {"id": dy.Int64, "quantity": dy.Int64, "total": dy.Float64, "paid": dy.Float64, "born": dy.Date}
    columns = {name: types.get(name, dy.String)(nullable=name != "id") for name in frame.columns if name != "row"}
    rules = {**_expressions(), "paid": pl.col("paid") <= pl.col("total")}
    kept = {f"sound_{name}": dy.rule()(lambda _, each=each: each) for name, each in rules.items()}
    schema = type("Rows", (dy.Schema,), {"row": dy.UInt32(), **columns, **kept})

    def run() -> list[int]:
        _, failure = schema.filter(frame)
        return failure.invalid()["row"].sort().to_list()

    return run


def pandera(path: str) -> Callable[[], list[int]]:
    """A schema of pandera's polars backend, validated lazily: all failures are gathered."""
    import pandera.polars as pap
    import polars as pl

    frame = pl.read_parquet(path).rechunk()
    sound = _expressions()

    def check(expression: Any) -> Any:
        return pap.Check(lambda data: data.lazyframe.select(expression))

    columns = {
        name: pap.Column(nullable=name != "id", checks=[check(sound[name])] if name in sound else [])
        for name in frame.columns
    }
    schema = pap.DataFrameSchema(columns, checks=[check(pl.col("paid") <= pl.col("total"))])

    def run() -> list[int]:
        try:
            schema.validate(frame, lazy=True)
        except pap.errors.SchemaErrors as error:
            return sorted(set(error.failure_cases["index"].to_list()))
        return []

    return run


def measured(run: Callable[[], list[int]], runs: int) -> dict[str, Any]:
    found, cpu, wall = run(), [], []
    for _ in range(runs):
        began, spent = time.perf_counter(), time.process_time()
        run()
        cpu.append(time.process_time() - spent)
        wall.append(time.perf_counter() - began)
    return {"cpu": statistics.median(cpu), "wall": statistics.median(wall), "broken": found}


def side_by_side(count: int, runs: int) -> dict[str, dict[str, Any]]:
    """What each tool found and how long it took; `failed` instead where it did not end well."""
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = f"{folder}/rows.parquet"
        pq.write_table(rows(count), path)
        for tool, environment in TOOLS.items():
            command = [environments.python(environment), "-m", "benchmarks.checks", f"--{tool}", path, str(runs)]
            done = subprocess.run(
                command,
                cwd=environments.ROOT,
                env=environments.variables(),
                capture_output=True,
                text=True,
                check=False,
            )
            failed = {"failed": (done.stderr.strip().splitlines() or [""])[-1]}
            found[tool] = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else failed
    return found


def table(count: int, runs: int) -> list[str]:
    found = side_by_side(count, runs)
    ours = found["hub"]
    lines = [
        "| 12 checks | rows per CPU second | of the hub's CPU time | CPU ms | wall ms | verdicts |",
        "|---|---|---|---|---|---|",
    ]
    for tool, each in found.items():
        if "failed" in each:
            lines.append(f"| {tool} | not measured: {each['failed']} | | | | |")
            continue
        same = f"{len(each['broken']):,} rows, " + ("the same" if each["broken"] == ours.get("broken") else "others")
        share = f"{each['cpu'] / ours['cpu']:.2f}" if "cpu" in ours else ""
        lines.append(
            f"| {tool} | {count / each['cpu']:,.0f} | {share} | {each['cpu'] * 1e3:,.0f} | {each['wall'] * 1e3:,.0f} "
            f"| {same} |"
        )
    return lines


def main() -> None:
    if sys.argv[1:2] and sys.argv[1].startswith("--"):
        tool = {"hub": hub, "polars": polars, "dataframely": dataframely, "pandera": pandera}[sys.argv[1][2:]]
        print(json.dumps(measured(tool(sys.argv[2]), int(sys.argv[3]))))
        return
    count, runs = (int(each) for each in (*sys.argv[1:3], *(str(each) for each in (ROWS, RUNS)[len(sys.argv) - 1 :])))
    print("\n".join(table(count, runs)))


if __name__ == "__main__":
    main()
