"""`make test`: the tiers, each with its budget on two cores. `python -m tests.tiers [tier ... | path]`."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

OUTCOMES = ("passed", "failed", "error", "skipped")
FAILURES = 1  # pytest's exit code where every test ran and some failed
ABREAST = 2  # tiers at once
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
        spread="loadfile",
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
class Told:
    """What one run of pytest said at its end."""

    code: int
    counts: dict[str, int]
    accidents: int  # tests that failed, and files whose set-up did

    @property
    def may_be_accidents(self) -> bool:
        return self.code == FAILURES and 0 < self.accidents <= SECOND_TRY


@dataclass(frozen=True)
class Outcome:
    code: int
    counts: dict[str, int]
    unsteady: int = 0  # tests that failed beside others and passed alone


Say = Callable[[str], None]


def at_once(line: str) -> None:
    print(line, end="", flush=True)


def first(tier: Tier, kept: Path, say: Say) -> Told:
    """All tests of a tier; `kept` remembers which of them failed."""
    say(f"\n{tier.name}: {tier.what}\n")
    spread = ["-n", str(tier.workers), "--dist", tier.spread] if tier.workers > 1 else []
    return pytest(tier, kept, [*spread, *_paths(tier)], say)


def again(tier: Tier, kept: Path, before: Told) -> Outcome:
    """A few failures are tried once more, alone: what passes then is told apart, not hidden."""
    if not before.may_be_accidents:
        return Outcome(before.code, before.counts)
    at_once(f"{tier.name}: what failed is tried once more, alone\n")
    told = pytest(tier, kept, ["--last-failed", "--last-failed-no-failures", "none", *_paths(tier)], at_once)
    still = {outcome: told.counts.get(outcome, 0) for outcome in ("failed", "error")}
    steadied = sum(before.counts.get(outcome, 0) for outcome in still) - sum(still.values())
    counts = before.counts | still | {"passed": before.counts.get("passed", 0) + steadied}
    return Outcome(told.code, counts, steadied)


def _paths(tier: Tier) -> list[str]:
    return [path for path in tier.paths if path.startswith("-") or Path(path).exists()]


def pytest(tier: Tier, kept: Path, arguments: list[str], say: Say) -> Told:
    """One run of pytest, told line by line."""
    options = ["-rfEs", "-o", f"cache_dir={kept}", "--durations=12", "--durations-min=5"]
    command = [sys.executable, "-m", "pytest", *options, *arguments]
    environment, pipe = os.environ | tier.environment, subprocess.PIPE
    last = ""
    accidents = set()
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            say(line)
            if found := re.match(r"FAILED .+|ERROR [^\s:]+", line):
                accidents.add(found[0])
            last = line if re.search(r"\d+ (passed|failed|error|skipped)", line) else last
        code = process.wait()
    counts = {outcome: int(n) for n, outcome in re.findall(r"(\d+) (passed|failed|error|skipped)", last)}
    return Told(code, counts, len(accidents))


class Lane:
    """A tier that runs beside others: what it says is kept until it is its turn to be heard."""

    def __init__(self, tier: Tier, kept: Path, pool: ThreadPoolExecutor) -> None:
        self.tier, self.kept, self.seconds = tier, kept / tier.name, 0.0
        self._said: SimpleQueue[str | None] = SimpleQueue()
        self._told = pool.submit(self._run)

    def _run(self) -> Told:
        started = time.monotonic()
        try:
            return first(self.tier, self.kept, self._said.put)
        finally:
            self.seconds = time.monotonic() - started
            self._said.put(None)

    def heard(self) -> Told:
        """Its end, once all that it says is shown."""
        for line in iter(self._said.get, None):
            at_once(line)
        return self._told.result()


def run_abreast(tiers: Sequence[Tier]) -> list[tuple[Tier, Outcome, float]]:
    """Tiers with what became of them and the seconds, the longest first: where one waits, another has the cores.

    What failed beside others is tried again when all others have ended.
    """
    longest = sorted(tiers, key=lambda tier: -tier.budget_seconds)
    with tempfile.TemporaryDirectory() as kept, ThreadPoolExecutor(ABREAST) as pool:
        lanes = [Lane(tier, Path(kept), pool) for tier in longest]
        told = [lane.heard() for lane in lanes]
        found = []
        for lane, before in zip(lanes, told, strict=True):
            started = time.monotonic()
            outcome = again(lane.tier, lane.kept, before)
            found.append((lane.tier, outcome, lane.seconds + time.monotonic() - started))
    return found


def main(arguments: list[str]) -> int:
    """Run the tiers that are named (`default`: those of `make test`), or the default ones; else a path for pytest."""
    known = {tier.name: [tier] for tier in TIERS} | {"default": [tier for tier in TIERS if tier.by_default]}
    if not set(arguments) <= set(known):
        return subprocess.call([sys.executable, "-m", "pytest", "-rs", *arguments])
    total = dict.fromkeys(OUTCOMES, 0)
    report = []
    began = time.monotonic()
    outcomes = run_abreast([tier for name in arguments or ["default"] for tier in known[name]])
    for tier, outcome, seconds in outcomes:
        for name, count in outcome.counts.items():
            total[name] += count
        over = f"  OVER its budget of {tier.budget_seconds} s" if seconds > tier.budget_seconds else ""
        unsteady = f"  UNSTEADY: {outcome.unsteady} passed at the second try only" if outcome.unsteady else ""
        report.append(f"{tier.name:10}{'FAILED' if outcome.code else 'ok':8}{seconds:6.0f} s{over}{unsteady}")
    print("\n" + "\n".join([*report, f"{'all':18}{time.monotonic() - began:6.0f} s"]))
    print(f"{total['passed']} passed, {total['failed'] + total['error']} failed, {total['skipped']} skipped")
    return 1 if any(outcome.code for _, outcome, _ in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
