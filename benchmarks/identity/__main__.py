"""`make bench-identity`: the matcher on truth sets at its one threshold, and its peers, each in its own process."""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import environments
from benchmarks.identity import peers, scanned, sets

SEEDS = (101, 202, 303)  # none of them was looked at while the matcher was made


def run(truth: sets.Truth, work: Path, threads: int) -> dict[str, Any]:
    out = work / "out.json"
    asked = [
        "--csv",
        truth.csv,
        "--map",
        truth.told,
        "--truth",
        truth.truth,
        "--json",
        str(out),
        "--threads",
        str(threads),
    ]
    if truth.household:
        asked += ["--household", truth.household]
    subprocess.run(
        [sys.executable, "-m", "infra.matching", *asked],
        check=True, cwd=environments.ROOT, env=environments.variables(), stdout=subprocess.DEVNULL,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return found


def line(truth: sets.Truth, found: dict[str, Any]) -> str:
    persons, homes = found["persons"], found["households"]
    goal = sets.GOALS.get(truth.name)
    met = "" if goal is None else f" (goal {goal}: {'met' if persons['f1'] >= goal - 5e-5 else 'missed'})"
    home = f"{homes['f1']:.4f}" if homes else ""
    return (
        f"| {truth.name} | {persons['precision']:.4f} | {persons['recall']:.4f} | {persons['f1']:.4f}{met} "
        f"| {persons['b_cubed_f1']:.4f} | {home} | {found['seconds']:.1f} | {found['peak_megabytes']:,} |"
    )


def peer_line(truth: sets.Truth, name: str, work: Path) -> str:
    found = peers.run(name, truth, work)
    if not (of := found.measures):
        return (
            f"| {truth.name}: {name} | | | failed: {found.failure} | | | {found.seconds:.1f} | {found.megabytes:,.0f} |"
        )
    return (
        f"| {truth.name}: {name} | {of.precision:.4f} | {of.recall:.4f} | {of.f1:.4f} | {of.b_cubed:.4f} | "
        f"| {found.seconds:.1f} | {found.megabytes:,.0f} |"
    )


def told(truth: sets.Truth, work: Path, threads: int, with_peers: bool) -> None:
    """Prints a line for the matcher, and one for each peer."""
    print(line(truth, run(truth, work, threads)), flush=True)
    for name in peers.WAYS if with_peers else ():
        print(peer_line(truth, name, work), flush=True)


def night(truth: sets.Truth, changes: int, threads: int) -> str:
    """What a night costs beside a full run with the same model; its answer must be the full run's."""
    asked = [sys.executable, "-m", "benchmarks.identity.nights", truth.csv, truth.told, str(changes), str(threads)]
    done = subprocess.run(
        asked, check=True, cwd=environments.ROOT, env=environments.variables(), stdout=subprocess.PIPE, text=True
    )
    found = json.loads(done.stdout)
    took = ", ".join(
        f"{name} {wall:.1f} s ({processor:.1f} s of the processor)"
        for name, (wall, processor) in ((name, found[name]) for name in ("first", "night", "full"))
    )
    return (
        f"{changes:,} changes in {truth.name}: {took}, {found['peak_megabytes']:,.0f} MB; records that the night and "
        f"the full run see differently: {found['differing']}; slowest of the night: {found['slowest']}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-identity")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", choices=("febrl", "crm", "parts", "india", "firms", "night", "bytes"))
    parser.add_argument("--peers", action="store_true")
    asked = parser.parse_args()
    if asked.only == "bytes":
        scanned.main(asked.rows // 3, asked.rows, max(1, asked.rows // 50))
        return
    print("| set | precision | recall | F1 | B-cubed F1 | households F1 | s | MB |\n|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="identity-") as name:
        work = Path(name)
        if asked.only in (None, "febrl"):
            for truth in sets.febrl(work):
                told(truth, work, asked.threads, asked.peers)
        seeds = [int(seed) for seed in asked.seeds.split(",")]
        if asked.only in (None, "india"):
            told(sets.india(work, min(asked.rows, 50_000), seeds[0]), work, asked.threads, asked.peers)
        if asked.only in (None, "firms"):
            told(sets.firms(work, min(asked.rows, 50_000), seeds[0]), work, asked.threads, asked.peers)
        if asked.only in (None, "parts"):
            for truth in sets.parts(work, min(asked.rows, 10_000), seeds[0]):
                told(truth, work, asked.threads, asked.peers)
        if asked.only in (None, "crm"):
            for seed, mix in [*((seed, "usual") for seed in seeds), (seeds[0], "harder")]:
                truth = sets.crm(work, asked.rows, seed, mix)
                told(truth, work, asked.threads, asked.peers)
                Path(truth.csv).unlink()
        if asked.only in (None, "night"):
            print(night(sets.crm(work, asked.rows, seeds[0], "usual"), asked.rows // 20, asked.threads), flush=True)


if __name__ == "__main__":
    main()
