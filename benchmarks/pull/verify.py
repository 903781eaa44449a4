"""What a tool wrote, beside what the source has: `python -m benchmarks.pull.verify <rows> [<glob of Parquet>]`.

Without a glob it prints what is expected, which as a third argument spares working it out again. It is a process of
its own, for what it needs of memory would be counted to the worker that is started next.
"""

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import duckdb

from benchmarks import environments
from benchmarks.pull import records

# Alike whatever types a tool chose; a discount has three digits, a price at most four.
ROW = """
    cast(id as bigint), order_no, cast(customer_id as bigint), sku, cast(quantity as bigint),
    cast(unit_price as decimal(18, 4)), currency, cast(round(cast(discount as double) * 1000) as bigint), status,
    channel, epoch_us(cast(ordered_at as timestamp)), epoch_us(cast(updated_at as timestamp))
"""


def told(rows: int, found: str) -> str:
    """What is wrong with the Parquet of a glob, `same` where nothing is."""
    done = _called(str(rows), found, _wanted(rows))
    return done.stdout.strip() if done.returncode == 0 else f"not readable: {done.stderr.strip().splitlines()[-1]}"


@cache
def _wanted(rows: int) -> str:
    return _called(str(rows)).stdout.strip()


def _called(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.pull.verify", *arguments]
    return subprocess.run(
        command, cwd=environments.ROOT, env=environments.variables(), capture_output=True, text=True, check=False
    )


def content_of(rows: int) -> int:
    """A sum over all values of the source's rows."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        file = Path(folder) / "orders.jsonl"
        records.write_jsonl(rows, file)
        return _summed(f"read_json('{file}', format = 'newline_delimited')")[2]


def compared(rows: int, found: str, wanted: int) -> str:
    count, distinct, content = _summed(f"read_parquet('{found}', union_by_name = true)")
    if distinct < rows:
        return f"{rows - distinct:,} rows lost"
    if count > distinct:
        return f"{count - distinct:,} rows twice"
    return "same" if content == wanted else "values differ"


def _summed(relation: str) -> tuple[int, int, int]:
    with duckdb.connect() as connection:
        connection.execute("set threads = 1; set TimeZone = 'UTC'")
        query = f"select count(*), count(distinct id), sum(hash({ROW})) from {relation}"
        count, distinct, content = connection.execute(query).fetchall()[0]
    return int(count), int(distinct), int(content or 0)


if __name__ == "__main__":
    count, *more = sys.argv[1:]
    if more:
        print(compared(int(count), more[0], int(more[1]) if more[1:] else content_of(int(count))))
    else:
        print(content_of(int(count)))
