"""Wherever a kill strikes, what DynamoDB's saved state names is in the saved state of the others."""

import itertools
from contextlib import suppress
from functools import partial

import pytest

from infra.local.saving import save_together


class Killed(BaseException):
    pass


class World:
    """A store of releases and a catalogue of snapshots; a release comes after its snapshots, at any of the steps."""

    def __init__(self, release_at, killed_at):
        self.steps, self.release_at, self.killed_at = itertools.count(), release_at, killed_at
        self.live = {"glue": 1, "dynamodb": 1}
        self.saved = dict(self.live)

    def step(self):
        now = next(self.steps)
        if now == self.release_at:
            self.live = {"glue": 2, "dynamodb": 2}
        if now == self.killed_at:
            raise Killed

    def state_of(self, name):
        self.step()
        return self.live[name]

    def save_all(self, services):
        for name, state in services.items():
            self.step()
            self.saved[name] = state()


@pytest.mark.parametrize("order", [("glue", "dynamodb"), ("dynamodb", "glue")])
def test_a_saved_release_has_its_snapshots(order):
    for release_at, killed_at in itertools.product(range(6), range(6)):
        world = World(release_at, killed_at)
        with suppress(Killed):
            save_together({name: partial(world.state_of, name) for name in order}, world.save_all)
        assert world.saved["dynamodb"] <= world.saved["glue"], (release_at, killed_at)


def test_a_state_that_cannot_be_taken_holds_back_what_points_at_it():
    saved = {}

    def broken():
        raise RuntimeError("dictionary changed size during iteration")

    services = {"dynamodb": lambda: "new", "glue": broken, "sqs": lambda: "new"}
    save_together(services, lambda states: saved.update({name: state() for name, state in states.items()}))
    assert saved == {"sqs": "new"}


def test_all_is_saved_once():
    saved = []
    save_together({"glue": dict, "dynamodb": dict, "sqs": dict}, lambda states: saved.extend(states))
    assert (sorted(saved), saved[-1]) == (["dynamodb", "glue", "sqs"], "dynamodb")
