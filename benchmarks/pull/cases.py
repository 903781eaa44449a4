"""Who is measured at what: for each kind of source the hub and its peers, and what each leaves undone."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import environments
from benchmarks.pull import manifests

WORKERS = Path(__file__).parent / "workers"
NO_RULES = "no checks, no deduplication, no landing, no ledger"


@dataclass(frozen=True)
class Case:
    """One worker on one kind of source.

    command: what to run, given the work folder and the source's place. output: glob of its Parquet in the folder.
    """

    work: str
    name: str
    peer: str
    without: str
    command: Callable[[Path, str], list[str]]
    output: str


def cases(rows: int) -> list[Case]:
    hub = [
        Case(kind, "hub", "hub", "", _hub(kind, rows), "staged/*.parquet")
        for kind in ("rest", "postgresql", "csv", "jsonl")
    ]
    peers = [
        Case("rest", "dlt", "dlt", NO_RULES, _worker("dlt", "dlt_rest.py", "records"), "out/bench/orders/*.parquet"),
        Case(
            "rest",
            "dlt with Arrow",
            "dlt",
            NO_RULES,
            _worker("dlt", "dlt_rest.py", "arrow"),
            "out/bench/orders/*.parquet",
        ),
        Case("rest", "Airbyte CDK", "airbyte", NO_RULES, _worker("airbyte", "airbyte_rest.py"), "*.parquet"),
        Case(
            "rest",
            "Singer",
            "singer",
            "types by JSON schema alone, no deduplication, no landing, no ledger",
            _worker("singer", "singer_rest.py"),
            "*.parquet",
        ),
        Case(
            "rest",
            "pydantic loop",
            "pydantic",
            "no landing, no ledger, no record hash, starts again from page 1",
            _worker("pydantic", "pydantic_rest.py"),
            "*.parquet",
        ),
        Case(
            "postgresql",
            "dlt, connectorx",
            "dlt",
            NO_RULES,
            _worker("dlt", "dlt_sql.py"),
            "out/bench/orders/*.parquet",
        ),
    ]
    files = [
        Case(kind, "dlt", "dlt", NO_RULES, _worker("dlt", "dlt_file.py"), "out/bench/orders/*.parquet")
        for kind in ("csv", "jsonl")
    ]
    return [*hub, *peers, *files]


def _hub(kind: str, rows: int) -> Callable[[Path, str], list[str]]:
    def command(folder: Path, place: str) -> list[str]:
        deployment = manifests.write(folder, kind, place)
        return [str(environments.python("hub")), str(WORKERS / "engine.py"), str(deployment), str(rows)]

    return command


def _worker(peer: str, program: str, *more: str) -> Callable[[Path, str], list[str]]:
    return lambda folder, place: [str(environments.python(peer)), str(WORKERS / program), place, str(folder), *more]


def memory(rows: int) -> Case:
    """The hub alone, on an API of any size."""
    return Case("flat", "hub", "hub", "", _hub("flat", rows), "staged/*.parquet")
