"""`make test`: the tiers, each with its budget on two cores. `python -m tests.tiers [tier ... | path]`."""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

OUTCOMES = ("passed", "failed", "error", "skipped")


@dataclass(frozen=True)
class Tier:
    name: str
    what: str
    paths: tuple[str, ...]
    budget_seconds: int
    workers: int = 2
    spread: str = "worksteal"  # or loadfile, where the tests of a file share what is dear to start
    by_default: bool = True
    environment: dict[str, str] = field(default_factory=dict)


# Whole laptops of their own: one needs a Trino, the other one takes minutes.
ENGINES, DATA_SETS = "tests/e2e/test_engines.py", "tests/e2e/test_datasets.py"
# Every model and function once; what happens over many days or runs is for the long tier, as each day there is minutes.
ROWS = tuple(f"tests/sql/test_{name}.py" for name in ("models", "functions", "field_entries", "kinds", "gate"))

TIERS = (
    Tier(
        "unit",
        "rules, tables of cases, properties",
        ("tests/hub", "tests/access", "tests/benchmarks", "tests/test_conventions.py", "tests/test_coverage.py"),
        90,
    ),
    Tier("contract", "handlers on moto, each under the policy synthesised for it", ("tests/functions",), 60),
    Tier(
        "infra",
        "template assertions, nag, actions, idle price, two stages",
        ("tests/infra", "--ignore=tests/infra/local"),
        60,
    ),
    Tier("sql", "rows with reasons through the real models; the Athena API", ("tests/sql", "tests/infra/local"), 60),
    Tier(
        "e2e",
        "the laptop's stack: pull, run, release, report, campaign, restart, kills",
        ("tests/e2e", f"--ignore={ENGINES}", f"--ignore={DATA_SETS}"),
        180,
        spread="loadfile",
    ),
    Tier("long", "the real data sets end to end", (DATA_SETS,), 900, workers=1, by_default=False),
    Tier("storm", "seeded samples of crashes and hostile sources", ("tests/storm",), 120),
    Tier(
        "trino",
        "both engines side by side; the expression table, the Athena API and the models' rows on Trino 476",
        (ENGINES, "tests/trino", "tests/infra/local/athena", *ROWS),
        600,
        spread="loadfile",
        by_default=False,
        environment={"ENGINE": "trino"},
    ),
    Tier(
        "trino-long",
        "histories, erasure, golden records over many days on Trino 476",
        # the tests of the matcher alone ask DuckDB whatever the engine is
        ("tests/sql", "--ignore=tests/sql/identity", *(f"--ignore={path}" for path in ROWS)),
        3600,
        spread="loadfile",
        by_default=False,
        environment={"ENGINE": "trino"},
    ),
    Tier("browser", "the console in headless Chromium", ("tests/browser",), 180, spread="loadfile", by_default=False),
)


def run(tier: Tier) -> tuple[int, dict[str, int], float]:
    """Run one tier; the exit code, the counts by outcome and the seconds it took."""
    paths = [path for path in tier.paths if path.startswith("-") or Path(path).exists()]
    print(f"\n{tier.name}: {tier.what}", flush=True)
    started = time.monotonic()
    spread = ["-n", str(tier.workers), "--dist", tier.spread] if tier.workers > 1 else []
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-rs", *spread, *paths],
        env=os.environ | tier.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    last = ""
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        last = line if re.search(r"\d+ (passed|failed|error|skipped)", line) else last
    code = process.wait()
    counts = {outcome: int(n) for n, outcome in re.findall(r"(\d+) (passed|failed|error|skipped)", last)}
    return code, counts, time.monotonic() - started


def main(arguments: list[str]) -> int:
    """Run the tiers that are named, or the default ones; anything else is a path for pytest."""
    known = {tier.name: tier for tier in TIERS}
    if arguments and not set(arguments) <= set(known):
        return subprocess.call([sys.executable, "-m", "pytest", "-rs", *arguments])
    tiers = [known[name] for name in arguments] or [tier for tier in TIERS if tier.by_default]
    total = dict.fromkeys(OUTCOMES, 0)
    failed = []
    report = []
    for tier in tiers:
        code, counts, seconds = run(tier)
        for outcome, count in counts.items():
            total[outcome] += count
        if code:
            failed.append(tier.name)
        over = f"  OVER its budget of {tier.budget_seconds} s" if seconds > tier.budget_seconds else ""
        report.append(f"{tier.name:10}{'ok' if not code else 'FAILED':8}{seconds:6.0f} s{over}")
    print("\n" + "\n".join(report))
    print(f"{total['passed']} passed, {total['failed'] + total['error']} failed, {total['skipped']} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
