"""`make match CSV=<file> MAP=<mapping> [TRUTH=<column or file>] [HOUSEHOLD=<column>] [JSON=<out>]`."""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from hub.errors import ConfigError
from hub.identity import Matcher, Outcome, Settings, read
from infra.matching import files, mapping
from infra.matching.engine import DuckDB
from infra.matching.mapping import MatchError
from infra.matching.measures import Measures, measure

KNOWLEDGE = Path(__file__).parents[2] / "sql/identity"


@dataclass(frozen=True)
class Result:
    """What is printed and written."""

    outcome: Outcome
    engine: DuckDB
    matcher: Matcher
    seconds: float
    whole_seconds: float
    counts: dict[str, int]
    persons: Measures | None
    households: Measures | None


def match(
    csv: str, told: str, truth: str | None, household: str | None, work: Path, memory: str, threads: int
) -> Result:
    """The matcher on files; MatchError or ConfigError for what cannot be done."""
    begun = time.perf_counter()
    known = read(KNOWLEDGE)
    mapped = mapping.read(told, known.fields)
    try:
        engine = DuckDB(work, memory, threads, lambda line: print(f"make match: {line}", file=sys.stderr, flush=True))
    except duckdb.Error as error:
        problem = str(error).splitlines()[0]
        raise MatchError(f"MEMORY={memory}, THREADS={threads}: {problem}; write MEMORY=4GB THREADS=2") from error
    columns = files.load(engine.connection, csv, mapped.key)
    expressions = mapping.expressions(mapped, columns)
    if truth:
        files.truth(engine.connection, truth, columns)
    started = time.perf_counter()
    matcher = Matcher(engine, known, expressions, Settings(month_first=mapped.month_first))
    outcome = matcher.run(files.SOURCE)
    done = time.perf_counter()
    persons = measure(engine.connection, outcome.clusters, "person", files.TRUTH) if truth else None
    homes = _households(engine, outcome, household, columns) if household else None
    counts = _counts(engine, outcome)
    return Result(outcome, engine, matcher, done - started, time.perf_counter() - begun, counts, persons, homes)


def _households(engine: DuckDB, outcome: Outcome, column: str, columns: Sequence[str]) -> Measures:
    engine.connection.execute(f"drop table if exists {files.TRUTH}").fetchall()
    files.truth(engine.connection, column, columns)
    return measure(engine.connection, outcome.clusters, "household", files.TRUTH)


def _counts(engine: DuckDB, outcome: Outcome) -> dict[str, int]:
    row = engine.query(
        "select count(distinct person), count(distinct household), sum(held), "
        f"count(distinct case when held = 1 then person end) from {outcome.clusters}"
    )[0]
    return {
        "records": outcome.records,
        "pairs_compared": outcome.pairs,
        "persons": int(row[0]),
        "households": int(row[1]),
        "records_held": int(row[2] or 0),
        "persons_held": int(row[3]),
    }


def lines(result: Result, memory: float) -> list[str]:
    """What a person reads."""
    told = [f"{name.replace('_', ' '):24} {count:>12,}" for name, count in result.counts.items()]
    for each in result.outcome.dropped:
        told.append(
            f"dropped, shared by more than {each['cap']}: {each['key']}: {each['values']:,} values of "
            f"{each['records']:,} records "
            f"(the largest {each['largest']:,}), {each['pairs']:,} pairs"
        )
    told += ["", *result.outcome.model.shown(result.matcher.known.compared), ""]
    for what, found in (("persons", result.persons), ("households", result.households)):
        if found:
            told.append(
                f"{what}: precision {found.precision:.4f}, recall {found.recall:.4f}, F1 {found.f1:.4f}, "
                f"B-cubed {found.b_cubed:.4f} ({found.b_precision:.4f}, {found.b_recall:.4f}); "
                f"{found.true_pairs:,} true pairs, "
                f"{found.found_pairs - found.right_pairs:,} wrong, {found.true_pairs - found.right_pairs:,} missed"
            )
    told.append(f"{result.seconds:.1f} s, with reading {result.whole_seconds:.1f} s, {memory:,.0f} MB at most")
    return told


def written(result: Result, memory: float) -> dict[str, Any]:
    """What a program reads: measures, model, and for each record its person and household by their first keys."""
    rows = result.engine.query(
        f"select c.source_key, p.source_key, h.source_key, c.held from {result.outcome.clusters} as c "
        f"inner join {result.outcome.clusters} as p on p.record = c.person "
        f"inner join {result.outcome.clusters} as h on h.record = c.household order by c.record"
    )
    return {
        "counts": result.counts,
        "persons": result.persons.told() if result.persons else None,
        "households": result.households.told() if result.households else None,
        "seconds": round(result.seconds, 3),
        "whole_seconds": round(result.whole_seconds, 3),
        "peak_megabytes": round(memory),
        "dropped": result.outcome.dropped,
        "model": json.loads(result.outcome.model.to_json()),
        "statements": result.outcome.statements,
        "records": [
            {"key": key, "person": person, "household": home, "held": bool(held)} for key, person, home, held in rows
        ],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make match")
    parser.add_argument("--csv", required=True)
    parser.add_argument("--map", required=True)
    parser.add_argument("--truth")
    parser.add_argument("--household")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="match-") as folder:
        try:
            if asked.json and (asked.json.is_dir() or not asked.json.absolute().parent.is_dir()):
                raise MatchError(f"JSON: {asked.json}: names no file in a folder that is there")
            result = match(
                asked.csv, asked.map, asked.truth, asked.household, Path(folder), asked.memory, asked.threads
            )
        except (MatchError, ConfigError, duckdb.OutOfMemoryException) as error:
            print(f"make match: {error}", file=sys.stderr)
            return 2
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print("\n".join(lines(result, memory)))
        if asked.json:
            asked.json.write_text(json.dumps(written(result, memory), ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
