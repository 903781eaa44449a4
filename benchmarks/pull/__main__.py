"""`make bench-pull`: the pull beside its peers in one run, the checks, the memory and the price of it.

The source of the orders and the hub's stores are other processes and are not counted. Start-up is counted.
"""

import argparse
import os
import platform
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import checks, environments
from benchmarks.pull import cost, sources
from benchmarks.pull.cases import Case, cases, memory
from benchmarks.pull.measure import Failed, Figure, median, run

KEPT = environments.ROOT / "docs/benchmarks.md"
START, END = "<!-- the table of make bench-pull KEEP=1 -->", "<!-- end of the table -->"
WARM = 2_000
Figures = dict[str, dict[str, Figure]]


def measured(asked: argparse.Namespace) -> tuple[Figures, dict[tuple[str, str], str]]:
    """Medians by work and tool, and why a tool is not among them."""
    chosen = [
        case
        for case in cases(asked.rows)
        if asked.work in (None, case.work) and (asked.only is None or case.peer in asked.only.split(","))
    ]
    figures: Figures = {}
    missing: dict[tuple[str, str], str] = {}
    for work in dict.fromkeys(case.work for case in chosen):
        try:
            able = _warmed(work, [case for case in chosen if case.work == work], missing)
            with (
                tempfile.TemporaryDirectory(prefix="b-") as name,
                sources.source(work, asked.rows, Path(name)) as place,
            ):
                figures[work] = _rounds(able, place, asked.rows, asked.runs)
        except sources.Missing as error:
            missing[work, "all"] = str(error)
    return figures, missing


def _warmed(work: str, here: Sequence[Case], missing: dict[tuple[str, str], str]) -> dict[Case, float]:
    """Those that can do it, and their CPU time for a little of it. It also brings their packages into memory."""
    able, little = {}, {(case.work, case.name): case for case in cases(WARM)}
    with tempfile.TemporaryDirectory(prefix="bench-") as name, sources.source(work, WARM, Path(name)) as place:
        for case in here:
            try:
                able[case] = run(little[case.work, case.name], place, WARM).cpu
            except Failed as error:
                missing[work, case.name] = str(error).strip().splitlines()[-1][:300]
    return able


def _rounds(able: Mapping[Case, float], place: str, rows: int, runs: int) -> dict[str, Figure]:
    found: dict[str, list[Figure]] = {case.name: [] for case in able}
    for number in range(runs):
        for case in able:  # in turn, so that a slow minute of the machine meets all alike
            figure = run(case, place, rows)
            found[case.name].append(figure)
            print(f"{case.work}: run {number + 1}, {case.name}: {figure.cpu:.1f} s CPU, {figure.verdict}", flush=True)
    return {case.name: median(found[case.name], start) for case, start in able.items()}


def grown(sizes: Sequence[int]) -> dict[int, Figure]:
    """The hub's worker on ever more rows."""
    found = {}
    for rows in sizes:
        with tempfile.TemporaryDirectory(prefix="bench-") as name, sources.source("flat", rows, Path(name)) as place:
            found[rows] = run(memory(rows), place, rows, look=False)
        print(f"memory: {rows:,} rows: {found[rows].megabytes:.0f} MB", flush=True)
    return found


def table(figures: Figures, rows: int) -> list[str]:
    lines = [
        "| work | tool | records per CPU second | hub is ahead | start-up apart | CPU s | of it start-up "
        "| wall s | peak MB | output | without |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    without = {(case.work, case.name): case.without for case in cases(rows)}
    for work, found in figures.items():
        ours = found.get("hub")
        for name, each in found.items():
            ahead, apart = "", ""
            if ours and name != "hub":
                ahead = f"{each.cpu / ours.cpu:.1f} times"
                apart = f"{(each.cpu - each.start) / max(ours.cpu - ours.start, 0.01):.1f} times"
            lines.append(
                f"| {work} | {name} | {rows / each.cpu:,.0f} | {ahead} | {apart} | {each.cpu:.1f} "
                f"| {each.start:.1f} | {each.wall:.1f} | {each.megabytes:,.0f} | {each.verdict} "
                f"| {without[work, name]} |"
            )
    return lines


def prices(figures: Figures, rows: int) -> list[str]:
    lines = [
        "| US cents per million rows | Lambda | S3 | DynamoDB | others | sum | requests |",
        "|---|---|---|---|---|---|---|",
    ]
    for work, found in figures.items():
        if ours := found.get("hub"):
            cents = cost.per_million(rows, ours.cpu, ours.requests)
            told = ", ".join(f"{name} {count:g}" for name, count in sorted(ours.requests.items()))
            parts = " | ".join(f"{each:.2f}" for each in (*cents.values(), sum(cents.values())))
            lines.append(f"| {work} | {parts} | {told} |")
    return lines


def machine(load: float) -> str:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 30
    loads = f"load average {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end"
    return f"{os.cpu_count()} CPUs ({platform.machine()}), {pages} GB; {loads}"


def report(asked: argparse.Namespace) -> str:
    began, load, versions = datetime.now(UTC), os.getloadavg()[0], environments.versions()
    figures, missing = measured(asked)
    parts = [
        *table(figures, asked.rows),
        *[f"\nNot measured: {work}, {name}: {why}" for (work, name), why in missing.items()],
    ]
    if asked.work is None and asked.only is None:
        parts += ["", *checks.table(asked.check_rows, asked.runs)]
        sizes = [int(each) for each in asked.memory.split(",") if each]
        parts += ["", "| rows (REST) | peak MB of the hub's worker | CPU s |", "|---|---|---|"]
        parts += [f"| {rows:,} | {each.megabytes:,.0f} | {each.cpu:.1f} |" for rows, each in grown(sizes).items()]
    if any("hub" in found for found in figures.values()):
        parts += ["", *prices(figures, asked.rows)]
    head = f"{began:%Y-%m-%d}: {asked.rows:,} orders, medians of {asked.runs}, start-up counted. {machine(load)}."
    return "\n".join((head, "", f"Versions: {versions}.", "", *parts))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="make bench-pull", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_200_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--check-rows", type=int, default=1_000_000)
    parser.add_argument("--memory", default="100000,1000000,10000000", help="sizes at which the hub's memory is read")
    parser.add_argument("--work", choices=sources.KINDS)
    parser.add_argument("--only", help="peers by name, such as hub,dlt")
    parser.add_argument("--keep", action="store_true", help="put the table into docs/benchmarks.md")
    asked = parser.parse_args(arguments)
    told = report(asked)
    print(told)
    if asked.keep:
        before, rest = KEPT.read_text().split(START)
        KEPT.write_text(f"{before}{START}\n{told}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
