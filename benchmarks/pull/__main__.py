"""`make bench-pull`: the pull beside its peers in one run, as ratios of records per CPU second.

Every worker is a process of its own; its CPU time is its user and system time with that of its children, its memory
the peak of its resident set. The orders' source and the hub's stores are other processes and are not counted.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pull import manifests, peers, records

ROOT = Path(__file__).parents[2]
WORKERS = Path(__file__).parent / "workers"


@dataclass(frozen=True)
class Case:
    """One worker on one kind of source. command: what to run, given the work folder and the source's place."""

    work: str
    name: str
    command: Callable[[Path, str], list[str]]


@dataclass(frozen=True)
class Figure:
    wall: float
    cpu: float
    megabytes: float


def hub(folder: Path, place: str, kind: str, rows: int) -> list[str]:
    deployment = manifests.write(folder, kind, place)
    return [sys.executable, str(WORKERS / "engine.py"), str(deployment), str(rows)]


def cases(rows: int) -> list[Case]:
    """All of them; a peer whose environment cannot be made is left out and named."""
    found = [
        Case(kind, "hub", lambda folder, place, kind=kind: hub(folder, place, kind, rows))
        for kind in ("rest", "csv", "jsonl")
    ]

    def pydantic(folder: Path, place: str) -> list[str]:
        return [str(peers.python("pydantic")), str(WORKERS / "pydantic_rest.py"), place, str(folder)]

    def dlt(folder: Path, place: str, kind: str = "records") -> list[str]:
        return [str(peers.python("dlt")), str(WORKERS / "dlt_rest.py"), place, str(folder), kind]

    def dlt_file(folder: Path, place: str) -> list[str]:
        return [str(peers.python("dlt")), str(WORKERS / "dlt_file.py"), place, str(folder)]

    found.append(Case("rest", "dlt", dlt))
    found.append(Case("rest", "dlt with Arrow", lambda folder, place: dlt(folder, place, "arrow")))
    found.append(Case("rest", "pydantic loop", pydantic))
    found += [Case(kind, "dlt", dlt_file) for kind in ("csv", "jsonl")]
    return found


def measured(command: list[str], environment: dict[str, str]) -> Figure:
    """One run. RuntimeError with the worker's last words where it fails."""
    with tempfile.TemporaryFile() as told:
        began = time.monotonic()
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=told, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(worker.pid, 0)
        wall = time.monotonic() - began
        worker.returncode = os.waitstatus_to_exitcode(status)
        if status:
            told.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{told.read().decode()[-2000:]}")
    return Figure(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


@contextmanager
def server(module: str, *arguments: str) -> Iterator[str]:
    """A process that prints its place once it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def environment(**more: str) -> dict[str, str]:
    paths = os.pathsep.join((str(ROOT), str(ROOT / "layers/hub/python")))
    named = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "eu-west-1"}
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false"}
    return {**os.environ, "PYTHONPATH": paths, **named, **quiet, **more}


@contextmanager
def source(kind: str, rows: int, folder: Path) -> Iterator[str]:
    """The place of the orders: a port, or a file."""
    if kind == "rest":
        with server("benchmarks.pull.api", str(rows)) as port:
            yield port
        return
    file = folder / f"orders.{kind}"
    (records.write_csv if kind == "csv" else records.write_jsonl)(rows, file)
    yield str(file)


def run(case: Case, place: str) -> Figure:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        command = case.command(Path(name), place)
        if case.name != "hub":
            return measured(command, environment())
        with server("benchmarks.pull.cloud") as url:
            manifests.drop(url, case.work, place)
            return measured(command, environment(AWS_ENDPOINT_URL=url))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_200_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--work", choices=("rest", "csv", "jsonl"))
    parser.add_argument("--only", help="one worker's name")
    asked = parser.parse_args()
    figures: dict[str, dict[str, Figure]] = {}
    chosen = [case for case in cases(asked.rows) if asked.work in (None, case.work) and asked.only in (None, case.name)]
    for work in dict.fromkeys(case.work for case in chosen):
        with tempfile.TemporaryDirectory(prefix="bench-") as name, source(work, asked.rows, Path(name)) as place:
            here = [case for case in chosen if case.work == work]
            runs: dict[str, list[Figure]] = {case.name: [] for case in here}
            for number in range(asked.runs):
                for case in here:  # in turn, so that a slow minute of the machine meets all alike
                    runs[case.name].append(run(case, place))
                    print(f"{work}: run {number + 1}, {case.name}: {runs[case.name][-1].cpu:.1f} s CPU", flush=True)
            figures[work] = {each: median(found) for each, found in runs.items()}
    print(table(figures, asked.rows, asked.runs))


def median(runs: list[Figure]) -> Figure:
    return Figure(*(statistics.median(getattr(each, field) for each in runs) for field in ("wall", "cpu", "megabytes")))


def table(figures: dict[str, dict[str, Figure]], rows: int, runs: int) -> str:
    lines = [
        f"{rows:,} orders, medians of {runs}; versions: {json.dumps(peers.versions())}",
        "",
        "| work | tool | records per CPU second | hub is ahead | wall s | CPU s | peak MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for work, found in figures.items():
        ours = found.get("hub")
        for name, each in found.items():
            ahead = f"{each.cpu / ours.cpu:.1f} times" if ours and name != "hub" else ""
            lines.append(
                f"| {work} | {name} | {rows / each.cpu:,.0f} | {ahead} | {each.wall:.1f} | {each.cpu:.1f} "
                f"| {each.megabytes:,.0f} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
