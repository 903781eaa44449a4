"""`make test`: the tiers, each with its budget on two cores. `python -m tests.tiers [tier ... | path]`."""

import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

OUTCOMES = ("passed", "failed", "error", "skipped")
FAILURES = 1  # pytest's exit code where every test ran and some failed
SECOND_TRY = 5  # failures; more than that are no accident of a busy machine. A set-up that tests share is one


@dataclass(frozen=True)
class Tier:
    name: str
    what: str
    paths: tuple[str, ...]
    budget_seconds: int
    workers: int = 2
    spread: str = "worksteal"  # loadfile where the tests of a file share what is dear to start
    by_default: bool = True
    environment: dict[str, str] = field(default_factory=dict)


# Whole laptops of their own: one needs a Trino, the other one takes minutes.
ENGINES, DATA_SETS = "tests/e2e/test_engines.py", "tests/e2e/test_datasets.py"
# Functions, and models whose chain is short; what takes many statements or days is for the long tier, as each there is
# a minute. Every model's SQL runs in ENGINES, where both engines must give the same rows.
MODELS = "tests/sql/test_models.py"
ROWS = (MODELS, *(f"tests/sql/test_{name}.py" for name in ("functions", "field_entries", "kinds", "gate")))

TIERS = (
    Tier(
        "unit",
        "rules, tables of cases, properties",
        (
            "tests/hub",
            "tests/access",
            "tests/benchmarks",
            "tests/test_conventions.py",
            "tests/test_coverage.py",
            "tests/test_tiers.py",
        ),
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
        (ENGINES, "tests/trino", "tests/infra/local/athena", *ROWS, "-mnot matched"),
        600,
        spread="loadfile",
        by_default=False,
        environment={"ENGINE": "trino"},
    ),
    Tier(
        "trino-long",
        "histories, erasure, golden records over many days on Trino 476",
        # the tests of the matcher alone ask DuckDB whatever the engine is
        ("tests/sql", "--ignore=tests/sql/identity", *(f"--ignore={path}" for path in ROWS if path != MODELS)),
        3600,
        spread="loadfile",
        by_default=False,
        environment={"ENGINE": "trino"},
    ),
    Tier("browser", "the console in headless Chromium", ("tests/browser",), 180, spread="loadfile", by_default=False),
)


@dataclass(frozen=True)
class Outcome:
    code: int
    counts: dict[str, int]
    unsteady: int  # tests that failed beside others and passed alone


@dataclass(frozen=True)
class Told:
    """What one run of pytest said at its end."""

    code: int
    counts: dict[str, int]
    accidents: int  # tests that failed, and files whose set-up did


def run(tier: Tier) -> Outcome:
    """Run one tier. A few failures are tried once more, alone: what passes then is told apart, not hidden."""
    paths = [path for path in tier.paths if path.startswith("-") or Path(path).exists()]
    print(f"\n{tier.name}: {tier.what}", flush=True)
    spread = ["-n", str(tier.workers), "--dist", tier.spread] if tier.workers > 1 else []
    with tempfile.TemporaryDirectory() as kept:
        options = ["-rfEs", "-o", f"cache_dir={kept}", "--durations=12", "--durations-min=5"]
        first = pytest(tier, [*options, *spread, *paths])
        if first.code != FAILURES or not 0 < first.accidents <= SECOND_TRY:
            return Outcome(first.code, first.counts, 0)
        print(f"{tier.name}: what failed is tried once more, alone", flush=True)
        again = pytest(tier, [*options, "--last-failed", "--last-failed-no-failures", "none", *paths])
        still = {outcome: again.counts.get(outcome, 0) for outcome in ("failed", "error")}
        steadied = sum(first.counts.get(outcome, 0) for outcome in still) - sum(still.values())
        return Outcome(
            again.code, first.counts | still | {"passed": first.counts.get("passed", 0) + steadied}, steadied
        )


def pytest(tier: Tier, arguments: list[str]) -> Told:
    """One run of pytest, shown as it goes."""
    command = [sys.executable, "-m", "pytest", *arguments]
    environment, pipe = os.environ | tier.environment, subprocess.PIPE
    last = ""
    accidents = set()
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if found := re.match(r"FAILED .+|ERROR [^\s:]+", line):
                accidents.add(found[0])
            last = line if re.search(r"\d+ (passed|failed|error|skipped)", line) else last
        code = process.wait()
    counts = {outcome: int(n) for n, outcome in re.findall(r"(\d+) (passed|failed|error|skipped)", last)}
    return Told(code, counts, len(accidents))


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
        started = time.monotonic()
        outcome = run(tier)
        seconds = time.monotonic() - started
        for name, count in outcome.counts.items():
            total[name] += count
        if outcome.code:
            failed.append(tier.name)
        over = f"  OVER its budget of {tier.budget_seconds} s" if seconds > tier.budget_seconds else ""
        unsteady = f"  UNSTEADY: {outcome.unsteady} passed at the second try only" if outcome.unsteady else ""
        report.append(f"{tier.name:10}{'FAILED' if outcome.code else 'ok':8}{seconds:6.0f} s{over}{unsteady}")
    print("\n" + "\n".join(report))
    print(f"{total['passed']} passed, {total['failed'] + total['error']} failed, {total['skipped']} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
