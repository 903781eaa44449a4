"""What a tool wrote, beside what the source has: `python -m benchmarks.pull.verify <rows> <glob of Parquet>`.

A process of its own, for what it needs of memory would be counted to the worker that is started next.
"""

import subprocess
import sys
import tempfile
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
    """`python -m` of this module as a call: what is wrong with the output, `same` where nothing is."""
    command = [sys.executable, "-m", "benchmarks.pull.verify", str(rows), found]
    done = subprocess.run(
        command, cwd=environments.ROOT, env=environments.variables(), capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else f"not readable: {done.stderr.strip().splitlines()[-1]}"


def compared(rows: int, found: str) -> str:
    count, distinct, content = _summed(f"read_parquet('{found}', union_by_name = true)")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        file = Path(folder) / "orders.jsonl"
        records.write_jsonl(rows, file)
        _, _, wanted = _summed(f"read_json('{file}', format = 'newline_delimited')")
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
    print(compared(int(sys.argv[1]), sys.argv[2]))
