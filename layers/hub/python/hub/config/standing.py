"""Who counts as a customer, and where a person stands between prospect and lapsed: rules of hub.yaml, with versions.

All versions of the definition stay in hub.yaml. The last is in force; a run judges everybody by it and by the one
before, over the same data, so that a change of the count is told apart from a change of the data.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from hub.config.base import Name, Strict

State = Literal["prospect", "lead", "customer", "lapsed"]
STATES: Final[tuple[State, ...]] = ("prospect", "lead", "customer", "lapsed")
WORDS: Final[Mapping[State, tuple[str, ...]]] = MappingProxyType(
    {
        "prospect": ("prospect", "suspect", "subscriber", "contact"),
        "lead": ("lead", "opportunity", "qualified", "enquiry", "inquiry", "trial"),
        "customer": ("customer", "client", "active", "won", "member"),
        "lapsed": ("lapsed", "churned", "inactive", "former", "former customer", "dormant"),
    }
)
"""What sources write for a state, in small letters; hub.yaml may add its own."""
Age = Annotated[int, Field(strict=True, ge=1, le=36_500)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^\S(.*\S)?$")]
MOST: Final = 100


class LifeCycle(Strict):
    """lapsed_after_days: without a purchase; words: what the sources call a state, beside the usual ones."""

    lapsed_after_days: Age = 730
    words: dict[State, tuple[Word, ...]] = Field(default_factory=dict)


class Definition(Strict):
    """One version of who counts. One of `bought_within_days`, `states` and `sources` is enough; none: everybody.

    reachable: only who has an e-mail address, a telephone number or an address. never: who is known from these
    sources alone does not count.
    """

    version: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    says: Annotated[str, StringConstraints(min_length=10, max_length=500)]
    bought_within_days: Age | None = None
    states: tuple[State, ...] = ()
    sources: tuple[Name, ...] = ()
    reachable: bool = False
    never: tuple[Name, ...] = ()


EVERYBODY: Final = Definition(version=1, says="Everybody whom a source of customers knows.")
Definitions = Annotated[tuple[Definition, ...], Field(max_length=MOST)]
Problem = tuple[tuple[str | int, ...], str]


def problems(given: Sequence[Definition], cycle: LifeCycle, sources: Mapping[str, object]) -> Iterator[Problem]:
    """What is wrong between the rules, and between them and the sources of the deployment."""
    for at, each in enumerate(given):
        if at and each.version <= given[at - 1].version:
            what = f"{each.version} does not follow {given[at - 1].version}; add a higher version below the others"
            yield ("customer_definitions", at, "version"), what
        for field, names in (("sources", each.sources), ("never", each.never)):
            for name in names:
                if name not in sources:
                    what = f"{name!r} is not a source; write one of {', '.join(sorted(sources))}"
                    yield ("customer_definitions", at, field), what
    meant: dict[str, State] = {}
    for state, words in cycle.words.items():
        for word in words:
            if meant.setdefault(word.casefold(), state) != state:
                yield ("life_cycle", "words", state), f"{word!r} is a word for {meant[word.casefold()]!r} already"


Row = Mapping[str, str | None]
COLUMNS: Final[Mapping[str, str]] = {
    "in_force": "boolean",
    "version": "integer",
    "rule": "varchar",
    "bought_within_days": "integer",
    "states": "varchar",
    "sources": "varchar",
    "reachable": "boolean",
    "never": "varchar",
    "lapsed_after_days": "integer",
}
WORD_COLUMNS: Final[Mapping[str, str]] = {"word": "varchar", "state": "varchar"}


def rows(given: Sequence[Definition], cycle: LifeCycle) -> list[Row]:
    """`control.customer_definition`: the version in force and the one before, which is the same where there is none."""
    newest = given[-1] if given else EVERYBODY
    before = given[-2] if len(given) > 1 else newest
    return [_row(newest, cycle, True), _row(before, cycle, False)]


def _row(of: Definition, cycle: LifeCycle, in_force: bool) -> Row:
    return {
        "in_force": str(in_force).lower(),
        "version": str(of.version),
        "rule": json.dumps(of.model_dump(), sort_keys=True),
        "bought_within_days": str(of.bought_within_days) if of.bought_within_days else None,
        "states": _list(of.states),
        "sources": _list(of.sources),
        "reachable": str(of.reachable).lower(),
        "never": _list(of.never),
        "lapsed_after_days": str(cycle.lapsed_after_days),
    }


def _list(names: Sequence[str]) -> str | None:
    """Names between commas, so that one of them is found as text."""
    return f",{','.join(names)}," if names else None


def words(cycle: LifeCycle) -> list[Row]:
    """`control.stage_word`: what a source writes -> the state; a word of hub.yaml wins over the usual meaning."""
    found = {word: state for state in STATES for word in WORDS[state]}
    found |= {word.casefold(): state for state, some in cycle.words.items() for word in some}
    return [{"word": word, "state": state} for word, state in sorted(found.items())]
