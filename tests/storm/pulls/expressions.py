"""The expressions of DynamoDB that the hub's ledger uses: conditions and updates of one item, as AWS describes them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

Item = dict[str, dict[str, Any]]  # as it travels: name -> {"S": "text"}
TOKEN = re.compile(r"\s*([#:]?\w+|<=|>=|<>|[=<>(),+\-\[\].])")
WORDS = {"SET", "REMOVE", "ADD", "DELETE"}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one is not None and one < other,
    ">": lambda one, other: one is not None and one > other,
    "<=": lambda one, other: one is not None and one <= other,
    ">=": lambda one, other: one is not None and one >= other,
}


@dataclass(frozen=True)
class Given:
    """What an expression is about."""

    item: Item
    names: Mapping[str, str]
    values: Mapping[str, dict[str, Any]]

    def name(self, word: str) -> str:
        return self.names[word] if word.startswith("#") else word


Part = Callable[[Given], Any]


def holds(text: str | None, given: Given) -> bool:
    """Whether the item meets a condition."""
    return text is None or bool(_condition(text)(given))


def updated(text: str, given: Given) -> Item:
    """The item after an update; every value in it is of the item before."""
    after = dict(given.item)
    for change in _update(text):
        change(given, after)
    return after


@lru_cache
def _condition(text: str) -> Part:
    reader = _Reader(text)
    part = reader.either()
    reader.end()
    return part


@lru_cache
def _update(text: str) -> list[Callable[[Given, Item], None]]:
    reader = _Reader(text)
    changes = []
    while reader.next in WORDS:
        word = reader.take()
        changes.append(getattr(reader, word.lower())())
        while reader.next == ",":
            reader.take()
            changes.append(getattr(reader, word.lower())())
    reader.end()
    return changes


class _Reader:
    """Reads an expression from left to right; ValueError for what the ledger has no need of."""

    def __init__(self, text: str) -> None:
        self._tokens, at = [], 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if not found:
                raise ValueError(f"not understood: {text[at:]}")
            self._tokens.append(found[1])
            at = found.end()

    @property
    def next(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def take(self, *wanted: str) -> str:
        if wanted and self.next not in wanted:
            raise ValueError(f"{self.next!r} where {wanted} is expected")
        return self._tokens.pop(0)

    def end(self) -> None:
        if self._tokens:
            raise ValueError(f"not understood: {self._tokens}")

    # Conditions

    def either(self) -> Part:
        parts = [self._all()]
        while self.next == "OR":
            self.take()
            parts.append(self._all())
        return lambda given: any(part(given) for part in parts)

    def _all(self) -> Part:
        parts = [self._one()]
        while self.next == "AND":
            self.take()
            parts.append(self._one())
        return lambda given: all(part(given) for part in parts)

    def _one(self) -> Part:
        if self.next == "NOT":
            self.take()
            part = self._one()
            return lambda given: not part(given)
        if self.next == "(":
            self.take()
            part = self.either()
            self.take(")")
            return part
        if self.next in ("attribute_exists", "attribute_not_exists"):
            word = self.take()
            (name,) = self._arguments()
            return lambda given: (name(given) is not None) == (word == "attribute_exists")
        if self.next == "begins_with":
            self.take()
            text, begin = self._arguments()
            return lambda given: str(_plain(text(given)) or "").startswith(_plain(begin(given)))
        if self.next == "contains":
            self.take()
            many, one = self._arguments()
            return lambda given: _plain(one(given)) in (_plain(many(given)) or [])
        left, compare, right = self._operand(), COMPARE[self.take(*COMPARE)], self._operand()
        return lambda given: compare(_plain(left(given)), _plain(right(given)))

    # Values

    def _arguments(self) -> list[Part]:
        self.take("(")
        found = [self._operand()]
        while self.take(",", ")") == ",":
            found.append(self._operand())
        return found

    def _operand(self) -> Part:
        word = self.take()
        if word.startswith(":"):
            return lambda given: given.values[word]
        if self.next != "(":
            return lambda given: given.item.get(given.name(word))
        given_to = self._arguments()
        return {"size": _size, "if_not_exists": _first, "list_append": _both}[word](*given_to)

    # Updates

    def set(self) -> Callable[[Given, Item], None]:
        name, _, value = self.take(), self.take("="), self._operand()

        def change(given: Given, after: Item) -> None:
            after[given.name(name)] = value(given)

        return change

    def remove(self) -> Callable[[Given, Item], None]:
        name, at = self.take(), None
        if self.next == "[":
            self.take()
            at = int(self.take())
            self.take("]")

        def change(given: Given, after: Item) -> None:
            whole = given.name(name)
            if at is None:
                after.pop(whole, None)
            elif whole in after:
                after[whole] = {"L": [each for number, each in enumerate(after[whole]["L"]) if number != at]}

        return change

    def add(self) -> Callable[[Given, Item], None]:
        name, value = self.take(), self._operand()

        def change(given: Given, after: Item) -> None:
            whole = given.name(name)
            before = given.item.get(whole, {"N": "0"})
            after[whole] = {"N": str(Decimal(before["N"]) + Decimal(value(given)["N"]))}

        return change


def _size(part: Part) -> Part:
    return lambda given: {"N": str(len(_plain(part(given)) or ""))}


def _first(part: Part, otherwise: Part) -> Part:
    return lambda given: otherwise(given) if (found := part(given)) is None else found


def _both(one: Part, other: Part) -> Part:
    return lambda given: {"L": [*one(given)["L"], *other(given)["L"]]}


def _plain(value: dict[str, Any] | None) -> Any:
    """A value as Python compares it."""
    if value is None:
        return None
    ((kind, told),) = value.items()
    if kind == "N":
        return Decimal(told)
    if kind == "L":
        return [_plain(each) for each in told]
    return {name: _plain(each) for name, each in told.items()} if kind == "M" else told
