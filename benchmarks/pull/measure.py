"""One run of one worker: a process of its own, measured by the kernel, its output looked through."""

import json
import statistics
import tempfile
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import alone, environments
from benchmarks.pull import manifests, verify
from benchmarks.pull.cases import Case
from benchmarks.pull.sources import server
from infra.functions import ALLOCATOR


@dataclass(frozen=True)
class Figure:
    """CPU time is user and system time of the worker and its children; memory the largest process's peak."""

    wall: float
    cpu: float
    megabytes: float
    verdict: str = ""
    requests: Mapping[str, float] = field(default_factory=dict)
    start: float = 0.0


class Failed(RuntimeError):
    """The worker did not end well; the message has its last words."""


def run(case: Case, place: str, rows: int, look: bool = True) -> Figure:
    """Measure once, from the start of the process to its end. look: compare the output with the source."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder, more, url = Path(name), {}, ""
        if case.peer == "hub":
            url = stack.enter_context(server("benchmarks.pull.cloud"))
            manifests.drop(url, case.work, place)
            before = json.loads(_asked(f"{url}/-/requests"))
            more = {"AWS_ENDPOINT_URL": url, **ALLOCATOR}
        command = case.command(folder, place)
        used = _measured(command, environments.variables(**more))
        requests: dict[str, float] = {}
        if url:
            asked = json.loads(_asked(f"{url}/-/requests"))
            requests = {name: count - before.get(name, 0) for name, count in asked.items()}
            (folder / "staged").mkdir()
            _asked(f"{url}/-/staged?{folder}/staged")
        verdict = verify.told(rows, f"{folder}/{case.output}") if look else ""
    return Figure(used.wall, used.cpu, used.megabytes, verdict, requests)


def median(runs: Sequence[Figure], start: float = 0.0) -> Figure:
    """start: CPU seconds that the worker takes for next to no rows."""
    middle = (statistics.median(getattr(each, name) for each in runs) for name in ("wall", "cpu", "megabytes"))
    verdicts = dict.fromkeys(each.verdict for each in runs)
    return Figure(*middle, ", ".join(verdicts), runs[0].requests, start)


def _asked(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:
        return bytes(answer.read())


def _measured(command: Sequence[str], variables: Mapping[str, str]) -> alone.Used:
    with tempfile.TemporaryFile() as told:
        used = alone.run(command, variables, told, environments.ROOT)
        if used.code:
            told.seek(0)
            raise Failed(f"{Path(command[1]).name} failed: {told.read().decode(errors='replace')[-2000:]}")
    return used
