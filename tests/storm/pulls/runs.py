"""One run of the storm: an application's history, pulled by workers that meet everything that its number draws.

A run is drawn by (seed, number) alone, so that one that fails can be made again.
"""

import random
import signal
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from hub import aws
from hub.config import Deployment
from hub.pulls import PullTask, steps
from hub.pulls.store import LEASE_SECONDS
from tests.hub.pulls.conftest import in_memory
from tests.hub.sources import double
from tests.storm.pulls import clouds, laws, nursery, stored
from tests.storm.pulls.applications import KINDS, NOW, PAGINGS, Files, Rest, Table
from tests.storm.pulls.nursery import Ending, Job

SEEDS = 3  # histories per kind of application
PULLS = 2
STORMY = 4  # workers of a pull that may meet something; behind them it is calm
MOST = 12  # workers of a pull
BRIEF = 0.2  # seconds without an answer, where one hangs
# Each step is reached once per batch, or once per pull.
PER_BATCH = ("landed", "staged", "quarantined", "keyed", "committed")
# Reached where a pull is compared with the one before it; there they come twice as often, as few kinds are.
COMPARED = ("keyed", "compared", "indexed")
COMPARING = ("table", "csv", "jsonl")


class Broken(AssertionError):
    """A law does not hold."""


@dataclass
class Sky:
    """What runs share: the AWS, the parent of the workers, and what has been met so far."""

    clouds: clouds.Clouds
    nursery: nursery.Nursery
    kills: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    ledgers: Counter[str] = field(default_factory=Counter)  # rows by where they went, of all runs
    calm: dict[tuple[str, int], laws.Left] = field(default_factory=dict)


@contextmanager
def sky() -> Iterator[Sky]:
    """A place where it can storm."""
    made = clouds.Clouds(stored.STORES)
    with ExitStack() as stack:
        aws.reset()
        stack.callback(aws.reset)
        stack.enter_context(in_memory(stack.enter_context(pytest.MonkeyPatch.context())))
        parent = stack.enter_context(nursery.nursery(stack.enter_context(clouds.serving(made))))
        found = Sky(made, parent)
        for kind in ("cursor", "table", "csv"):
            with _world(found, kind, 0) as world:
                parent.warm(world.job())
        yield found


def storm(seed: int, numbers: Sequence[int], told: Any) -> None:
    """Make these runs; tell how each ended and, at the end, what they met."""
    with sky() as above:
        try:
            for number in numbers:
                try:
                    run(above, seed, number)
                    told.put((number, None))
                except AssertionError as broken:
                    told.put((number, f"{KINDS[number % len(KINDS)]}: {broken}"))
        finally:
            told.put({"kills": above.kills, "met": above.met + above.clouds.seen, "rows": above.ledgers})


def run(sky: Sky, seed: int, number: int, broken: str | None = None) -> None:
    """One run; Broken with what does not hold."""
    chance = random.Random(f"{seed} {number}")
    kind, history = KINDS[number % len(KINDS)], chance.randrange(SEEDS)
    if (kind, history) not in sky.calm:
        sky.calm[kind, history] = _fault_free(sky, kind, history)
    with _world(sky, kind, history) as world:
        weather = Weather(world, chance, number, broken)
        left = weather.through()
        sky.ledgers.update(left.totals())
    laws.same(sky.calm[kind, history], left, stirred=weather.stirs, repeated=weather.repeats)


def _fault_free(sky: Sky, kind: str, history: int) -> laws.Left:
    """What the history leaves without a storm."""
    with _world(sky, kind, history) as world:
        for number in range(PULLS):
            if number:
                world.application.change()
            world.sky.nursery.work(world.job())
            world.now += 3600
        return laws.left(world)


@dataclass
class World:
    """One AWS and one application in it."""

    sky: Sky
    application: Any
    deployment: Deployment
    watch: laws.Watch
    now: float = NOW

    @property
    def task(self) -> PullTask:
        source, data_set = self.application.name.split(".")
        return PullTask(source=source, data_set=data_set)

    def job(self, skew: float = 0.0, **more: Any) -> Job:
        return Job(self.deployment, self.task, self.now + skew, **more)

    @property
    def same(self) -> PullTask:
        """The task to carry on the pull that is under way, or that the next worker begins; no other one."""
        state = stored.state(self.application.name)
        seq = state.get("running_pull") or state.get("next_seq", 1)
        return self.task.model_copy(update={"pull_id": f"{self.application.name}.{seq:08d}"})

    def complete(self) -> int:
        """The number of the last complete pull."""
        return int(stored.state(self.application.name).get("last_complete_seq", 0))


@contextmanager
def _world(sky: Sky, kind: str, history: int) -> Iterator[World]:
    with ExitStack() as stack:
        stored.clear()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if kind in PAGINGS:
            application: Any = stack.enter_context(double.serving(Rest(kind, history, folder)))
        else:
            application = (
                Table(kind, history, folder)
                if kind.startswith("table")
                else Files(kind, history, folder, stored.STORES.bucket)
            )
        watch = laws.Watch()
        sky.clouds.begin(watch.saw)
        yield World(sky, application, application.deployment(), watch)


class Weather:
    """What one run meets."""

    def __init__(self, world: World, chance: random.Random, number: int, broken: str | None) -> None:
        self._world, self._chance, self._number, self._broken = world, chance, number, broken
        # Drawn from while workers are at it; what they do at the same time must not change what comes later.
        self._air = random.Random(chance.random())
        self._rest = isinstance(world.application, Rest)
        self._compares = world.application.kind in COMPARING
        self._changing = chance.random() < 0.4
        self._unruly = chance.choice([0, 0, 0.03, 0.1])
        self.stirs = self.repeats = 0
        self._workers = 0

    def through(self) -> laws.Left:
        """All pulls of the history; what is left."""
        for number in range(PULLS):
            if number:
                self._world.application.change()
            self._pull()
        if self.stirs:
            self._world.application.settle()
            self._pull(stormy=0)
        return laws.left(self._world)

    def _pull(self, stormy: int = STORMY) -> None:
        """Workers until one more pull is complete."""
        before = self._world.complete()
        for attempt in range(MOST):
            calm = attempt >= stormy
            if calm:
                self._world.now += 3600  # even the lease of a worker whose clock is fast is over
            with self._misfortunes(calm) as timeout:
                self._work(timeout, calm)
            self._world.now += LEASE_SECONDS + 1
            self._world.watch.judge()
            if self._world.complete() > before:
                self._announce()
                return
        pulls = stored.pulls(self._world.application.name)
        raise Broken(f"{MOST} workers did not end the pull: {pulls[-1].model_dump_json() if pulls else 'none'}")

    def _announce(self) -> None:
        """What the sweeper does for a pull whose worker died before its event was sent."""
        world = self._world
        if waiting := stored.state(world.application.name).get("unannounced"):
            world.now += 3600
            job = world.job(broken=self._broken)
            world.sky.nursery.work(replace(job, task=job.task.model_copy(update={"pull_id": waiting})))

    def _work(self, timeout: float, calm: bool) -> None:
        world, chance = self._world, self._chance
        if calm:
            self._ended(world.sky.nursery.work(world.job(timeout=timeout, broken=self._broken)))
            return
        skew = chance.choice([0, 0, -1200, 1200, 90])
        if skew:
            self._met("a worker's clock is wrong")
        way = chance.random()
        if way < 0.65:
            self._ended(world.sky.nursery.work(world.job(skew, timeout=timeout, at=self._step(), broken=self._broken)))
        elif way < 0.75:
            self._met("two workers start at once")
            one = world.job(skew, timeout=timeout, broken=self._broken)
            jobs = one, replace(one, task=world.same, now=world.now - skew)
            self._ended(world.sky.nursery.work(*jobs))
        else:
            self._overtaken(timeout)
        if self._changing and chance.random() < 0.6:
            self._stir()

    def _overtaken(self, timeout: float) -> None:
        """A worker stands still until its lease is over and another one has worked; then it goes on."""
        world = self._world
        job, other = world.job(timeout=timeout, broken=self._broken), world.same
        (slow,) = world.sky.nursery.work(replace(job, at=self._step(), signal=signal.SIGSTOP))
        if slow.how != "stopped":
            self._ended([slow])
            return
        self._met("a worker goes on after its lease")
        if self._changing:
            self._stir()
        world.now += LEASE_SECONDS + 1
        at = self._step() if self._chance.random() < 0.4 else None
        self._ended(world.sky.nursery.work(replace(job, task=other, at=at, now=world.now)))
        self._ended([world.sky.nursery.wake(slow)])

    def _step(self) -> tuple[str, int]:
        """The steps in their turn, so that each is met as often as the others."""
        turn = (*steps.STEPS, *COMPARED) if self._compares else [each for each in steps.STEPS if each not in COMPARED]
        step = turn[(self._number // len(KINDS) + self._workers * 7) % len(turn)]
        self._workers += 1
        return step, self._chance.randrange(1, 4) if step in PER_BATCH else 1

    def _ended(self, endings: list[Ending]) -> None:
        for ending in endings:
            if ending.how == "killed":
                self._world.sky.kills[str(ending.step)] += 1
            elif isinstance(ending.told, nursery.Died):
                self._met(f"a worker ends: {ending.told.kind}")
                if not ending.told.foreseen:
                    raise Broken(f"a worker died of {ending.told.kind}: {ending.told.text}")

    def _stir(self) -> None:
        self.stirs += 1
        self._met("rows change between pages")
        self._world.application.stir(self._chance)

    def _met(self, what: str) -> None:
        self._world.sky.met[what] += 1

    @contextmanager
    def _misfortunes(self, calm: bool) -> Iterator[float]:
        """What the sources and the AWS do while a worker is at it; how long it waits for an answer."""
        world, chance = self._world, self._chance
        world.sky.clouds.unruly, world.sky.clouds.chance = (0.0 if calm else self._unruly), self._air
        timeout, over = 5.0, threading.Event()
        api = world.application
        if self._rest:
            api.shuffle, api.repeats, api.faults, api.total = self._air, False, {}, lambda count: count
            if not calm:
                asked = len(api.asked)
                for at in chance.sample(range(1, 9), chance.choice([0, 1, 2, 3])):
                    name, fault = self._fault(over)
                    timeout = BRIEF if name == "hangs" else timeout
                    api.faults[asked + at] = self._counted(name, fault)
                self._lie(api)
        yield timeout
        over.set()
        world.sky.clouds.unruly = 0.0

    def _counted(self, name: str, fault: double.Fault) -> double.Fault:
        def met(request: Any, body: bytes) -> None:
            self._met(f"the source {name}")
            fault(request, body)

        return met

    def _fault(self, over: threading.Event) -> tuple[str, double.Fault]:
        chance, skew = self._chance, self._chance.choice([-86_400, 0, 86_400])
        there = datetime.fromtimestamp(NOW + skew, UTC)
        dated = format_datetime(there, usegmt=True)
        return chance.choice(
            [
                ("resets the connection", double.reset),
                ("hangs", double.silent(over)),
                ("answers 429", double.status(429, Retry_After="1")),
                ("answers 429 by its own clock", double.status(429, Retry_After=dated, Date=dated)),
                ("answers 429 for an hour", double.status(429, Retry_After="3600")),
                ("answers 500", double.status(500)),
                ("answers 503", double.status(503)),
                ("ends an answer early", double.cut_short),
                ("sends half a page as a whole one", double.half_json),
                ("answers HTML", double.html),
                ("gives the page before again", self._page_before()),
            ]
        )

    def _page_before(self) -> double.Fault:
        api = self._world.application
        answers = api.answers

        def repeat(request: Any, body: bytes) -> None:
            double.whole(request, answers[-2] if len(answers) > 1 else body)

        return repeat

    def _lie(self, api: Rest) -> None:
        chance = self._chance
        lie = chance.choice(["honest", "honest", "honest", "too high", "too low", "not told", "no number"])
        if lie != "honest":
            self._met(f"the total is {lie}")
        api.total = {
            "honest": lambda count: count,
            "too high": lambda count: count + 3,
            "too low": lambda count: max(count - 3, 0),
            "not told": lambda count: None,
            "no number": lambda count: "many",
        }[lie]
        if lie in ("not told", "no number") and api.overlaps and chance.random() < 0.7:
            self._met("rows of the page before come again")
            api.repeats, self.repeats = True, self.repeats + 1
