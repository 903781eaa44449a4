"""`make storm RUNS=1000 SEED=`: seeded runs of the pull engine, its kills counted, on all cores."""

import argparse
import multiprocessing
import os
import time
from collections import Counter
from datetime import date
from typing import Any

from hub.pulls import steps
from tests.storm.pulls import runs

ENOUGH, RUNS = 20, 1000  # kills at each step, in so many runs


def main() -> int:
    parser = argparse.ArgumentParser(prog="make storm", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--first", type=int, default=0, help="the number of the first run")
    parser.add_argument("--seed", type=int, default=int(f"{date.today():%Y%m%d}"))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    processes = min(given.processes, given.runs)
    print(f"{given.runs} runs of seed {given.seed}, {processes} at once", flush=True)
    started, told = time.monotonic(), multiprocessing.get_context("spawn").SimpleQueue()
    shards = [range(given.first + at, given.first + given.runs, processes) for at in range(processes)]
    workers = [
        multiprocessing.get_context("spawn").Process(target=runs.storm, args=(given.seed, shard, told))
        for shard in shards
    ]
    for worker in workers:
        worker.start()
    failed, totals = collected(told, processes, given.runs, started)
    for worker in workers:
        worker.join()
        if worker.exitcode:
            failed[-1] = "a process of the storm itself broke"
    return summary(given, failed, totals, time.monotonic() - started)


def collected(told: Any, processes: int, count: int, started: float) -> tuple[dict[int, str], dict[str, Counter[str]]]:
    """The runs that failed, and what all of them met."""
    failed: dict[int, str] = {}
    totals: dict[str, Counter[str]] = {"kills": Counter(), "met": Counter(), "rows": Counter()}
    done = 0
    while processes:
        message = told.get()
        if isinstance(message, dict):
            processes -= 1
            for name, counts in message.items():
                totals[name] += counts
            continue
        number, broken = message
        done += 1
        if broken:
            failed[number] = broken
            print(f"run {number} FAILED: {broken}", flush=True)
        if done % 50 == 0 or done == count:
            print(f"{done:6} runs, {len(failed)} failed, {time.monotonic() - started:.0f} s", flush=True)
    return failed, totals


def summary(given: argparse.Namespace, failed: dict[int, str], totals: dict[str, Counter[str]], seconds: float) -> int:
    """Print the tables; the exit code."""
    enough = ENOUGH * given.runs // RUNS
    print("\nSIGKILL at a step            times")
    for step in steps.STEPS:
        short = "  too few" if totals["kills"][step] < enough else ""
        print(f"{step:26}{totals['kills'][step]:8}{short}")
    print("\nmet                                          times")
    for what, count in sorted(totals["met"].items()):
        print(f"{what:42}{count:8}")
    print("\nrows of all ledgers")
    for what, count in totals["rows"].items():
        print(f"{what:26}{count:8}")
    seldom = [step for step in steps.STEPS if totals["kills"][step] < enough]
    print(f"\n{given.runs} runs, {len(failed)} failed, seed {given.seed}, {seconds:.0f} s")
    for number in sorted(failed):
        print(f"again: make storm RUNS=1 FIRST={number} SEED={given.seed}")
    if seldom:
        print(f"killed fewer than {enough} times: {', '.join(seldom)}")
    return 1 if failed or seldom else 0


if __name__ == "__main__":
    raise SystemExit(main())
