"""What was learned: how much each level of each field says, and how many pairs of persons and households there are."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from hub.identity.knowledge import Field

Weights = dict[str, dict[int, int]]


@dataclass(frozen=True)
class Model:
    """Weights are thousandths of a bit against two strangers, whole numbers so that every engine adds them alike.

    `rare_*` hold the part of the best level's weight that does not depend on the value; null where no rarity is added.
    `faint`: households were too few to learn from; only who shares a telephone or an e-mail address may be one.
    `thin`: the priors are of records with values enough; what is added for a pair that shares fewer.
    `caps` says of each key by which records were paired how many records may share it.
    """

    person: Weights
    household: Weights
    rare_person: dict[str, int | None]
    rare_household: dict[str, int | None]
    met: dict[str, dict[str, list[float]]]
    person_prior: int = 0
    household_prior: int = 0
    expected: dict[str, float] = field(default_factory=dict)
    caps: dict[str, int] = field(default_factory=dict)
    faint: bool = False
    thin: int = 0
    learned_from: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Model":
        told = json.loads(text)
        for part in ("person", "household"):
            told[part] = {name: {int(k): v for k, v in levels.items()} for name, levels in told[part].items()}
        return cls(**told)

    def shown(self, fields: dict[str, Field]) -> list[str]:
        """A line for each level: how often persons, households and strangers meet it, and its weights."""
        heads = f"{'person':>8} {'household':>9} {'strangers':>9} {'bits':>7} {'at home':>7}"
        lines = [f"{'field':12} {'level':14} {heads}"]
        for name, one in fields.items():
            met = self.met[name]
            for level in range(len(one.labels) - 1, -1, -1):
                rare = " and its rarity" if self.rare_person[name] is not None and level == one.kind.top else ""
                lines.append(
                    f"{name:12} {one.labels[level]:14} {met['person'][level]:8.4f} {met['household'][level]:9.4f} "
                    f"{met['strangers'][level]:9.6f} {self.person[name][level] / 1000:7.2f} "
                    f"{self.household[name][level] / 1000:7.2f}{rare}"
                )
        return lines

    def explain(
        self, levels: dict[str, int], rarities: dict[str, int], fields: dict[str, Field]
    ) -> list[tuple[str, str, float]]:
        """Why two records are, or are not, one person: field, level in words, and its weight in bits."""
        told = []
        for name, level in levels.items():
            if level < 0:
                continue
            weight, rare = self.person[name][level], self.rare_person[name]
            if rare is not None and level == fields[name].kind.top:
                weight = rare + 125 * rarities.get(name, 0)
            told.append((name, fields[name].labels[level], weight / 1000))
        return sorted(told, key=lambda each: -abs(each[2]))
