"""The matcher for two records instead of two million: its own statements, evaluated in Python row by row."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hub.identity import statements
from hub.identity.expressions import Projection, expression, project, projections
from hub.identity.knowledge import Knowledge
from hub.identity.model import Model

Texts = Mapping[str, str | None]
Features = dict[str, Any]


@dataclass(frozen=True)
class Likeness:
    """How two records compare: a level for each field, -1 where one has no value, and how rare equal values are."""

    levels: dict[str, int]
    rarities: dict[str, int]
    row: dict[tuple[str, str], Any]


class Twin:
    """What a run makes of records, for the fields of `known`; rarities of values are the caller's, from a whole run."""

    def __init__(self, known: Knowledge, month_first: bool = False) -> None:
        self.known = known
        columns = {name: f"source.{name}" for name in known.fields}
        self._standard = projections(statements.standard(known, "source", columns, month_first))
        (self._features,) = projections(statements.features(known, "standard", 1))
        self._levels = projections(statements.levels(known, "features", "pairs"))
        self._formal = dict(known.nicknames)
        self._scores: dict[int, tuple[Model, list[Projection]]] = {}

    @cached_property
    def _keys(self) -> list[tuple[str, tuple[str, ...], Any]]:
        return [(key.name, key.fields, expression(key.sql)) for key in self.known.keys]

    def standard(self, texts: Texts) -> dict[str, str | None]:
        """The forms in which values are compared; None for what is nothing."""
        row: dict[tuple[str, str], Any] = {("source", name): texts.get(name) for name in self.known.fields}
        row |= {("", "source_key"): None}
        for columns in self._standard:
            row = project(columns, row)
        return {name: row["", name] for name in self.known.fields}

    def features(self, forms: Texts, rarities: Mapping[str, int] | None = None) -> Features:
        """Forms with how they sound, full forms of nicknames, and the given rarities of values by field."""
        row: dict[tuple[str, str], Any] = {("records", name): forms.get(name) for name in self.known.fields}
        row |= {("records", "record"): None}
        for name, field in self.known.fields.items():
            row[f"{name}_often", "rarity"] = (rarities or {}).get(name, 0) if field.rare else None
            row[f"{name}_often", "n"] = 1  # who has it with others, a run knows
            if field.kind.formal:
                row["nicknames", "formal"] = self._formal.get(forms.get(name) or "")
        return {name: value for (_, name), value in project(self._features, row).items()}

    def keys(self, features: Features) -> set[tuple[str, str]]:
        """What the record is looked for by: the name of a key and its value."""
        row = {("", name): value for name, value in features.items()}
        found = set()
        for name, fields, value in self._keys:
            if all(features[field] is not None for field in fields) and (given := value(row)) is not None:
                found.add((name, str(given)))
        return found

    def compare(self, one: Features, other: Features) -> Likeness:
        row: dict[tuple[str, str], Any] = {("pairs", name): None for name in ("l", "r", "rules")}
        row |= {("a", name): value for name, value in one.items()}
        row |= {("b", name): value for name, value in other.items()}
        for columns in self._levels:
            row = project(columns, row)
        rare = {name: row["", f"{name}_rarity"] for name, field in self.known.compared.items() if field.rare}
        return Likeness({name: row["", name] for name in self.known.compared}, rare, row)

    def score(self, model: Model, likeness: Likeness) -> tuple[float, float]:
        """Bits for one person and for one household, each against the two other classes together."""
        row = likeness.row
        for columns in self._scoring(model):
            row = project(columns, row)
        return float(row["", "person"]), float(row["", "household"])

    def _scoring(self, model: Model) -> list[Projection]:
        kept = self._scores.get(id(model))
        if kept is None or kept[0] is not model:
            priors = {"person_prior": model.person_prior, "household_prior": model.household_prior}
            kept = (
                model,
                [
                    *projections(statements.scores(self.known, model, "levels")),
                    *projections(statements.render(self.known, "posteriors", scores="scores", **priors)),
                ],
            )
            self._scores = {id(model): kept}
        return kept[1]


def probability(bits: float) -> float:
    """Of odds in bits."""
    odds: float = 2.0 ** max(-60.0, min(60.0, bits))
    return odds / (1 + odds)
