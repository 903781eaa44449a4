"""Two records side by side: how each thing compares, in words and weights, by the matcher's own levels."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.identity.knowledge import Knowledge, read
from hub.identity.model import Model
from hub.identity.names import BEHIND, TITLES
from hub.identity.twin import Features, Twin, probability
from hub.letters import latin
from hub.stewardship.models import Likeness

RARE = 125
"""The rarest that a value counts, in eighths of a bit."""
TEXTS: Mapping[str, tuple[str, ...]] = {
    "given": ("given_name_latin", "given_name"),
    "family": ("family_name_latin", "family_name"),
    "generation": ("full_name_latin", "full_name", "family_name_latin", "family_name"),
    "born": ("birth_date",),
    "sex": ("gender",),
    "email": ("email_standard", "email"),
    "phone": ("phone_standard", "phone"),
    "street": ("address",),
    "city": ("city",),
    "state": ("region",),
    "postcode": ("postcode",),
    "country": ("country",),
    "company": ("company",),
}
TITLE = re.compile(rf"^{TITLES}", re.IGNORECASE)
BEHIND_A_NAME = re.compile(rf"^(.*[^ ,]){BEHIND}\Z", re.IGNORECASE)
BEHIND_TWO = re.compile(rf"^([^ ,]+[ ,]+.*[^ ,]){BEHIND}\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Compared:
    """bits and household_bits: None where no model is known."""

    reasons: list[Likeness]
    levels: dict[str, int]
    bits: float | None
    household_bits: float | None

    @property
    def probability(self) -> float | None:
        return None if self.bits is None else round(probability(self.bits), 6)


class Comparing:
    """By the fields that the model in use knows; by all fields of a customer where there is none."""

    def __init__(self, home: Path, model: Model | None) -> None:
        known = read(home / "sql/identity")
        names = [name for name in TEXTS if model is None or name in model.person]
        self.model = model
        self.known: Knowledge = known.of(names)
        self.twin = Twin(self.known)
        self._usual = {name: self._usual_rarity(name) for name in self.known.fields}

    def features(self, values: Mapping[str, Any], rarities: Mapping[str, int] | None = None) -> Features:
        """Of a record, a golden record or a person as given. rarities: of its values, in eighths of a bit."""
        return self.twin.features(self.twin.standard(texts_of(values)), {**self._usual, **(rarities or {})})

    def compare(self, one: Features, other: Features) -> Compared:
        """The heaviest reason first."""
        likeness = self.twin.compare(one, other)
        bits = household = None
        if self.model is not None:
            bits, household = self.twin.score(self.model, likeness)
        reasons = [self._reason(name, level, likeness.rarities) for name, level in likeness.levels.items()]
        told = [each for each in reasons if each is not None]
        told.sort(key=lambda each: (-abs(each.bits or 0), ORDER[each.agreement]))
        return Compared(told, likeness.levels, bits, household)

    def _reason(self, name: str, level: int, rarities: Mapping[str, int]) -> Likeness | None:
        field = self.known.compared[name]
        if level < 0:
            inside = field.base or field.within
            return None if inside else self._told(name, "not known of both", "unknown", None)
        weight = None
        if self.model is not None:
            weight, rare = self.model.person[name][level], self.model.rare_person[name]
            if rare is not None and level == field.kind.top:
                weight = rare + RARE * rarities.get(name, 0)
        agreement = "same" if level == field.kind.top else "alike" if level else "different"
        return self._told(name, field.labels[level], agreement, None if weight is None else weight / 1000)

    def _told(self, name: str, level: str, agreement: Any, bits: float | None) -> Likeness:
        field = self.known.compared[name]
        return Likeness(
            field=field.column,
            says=field.description.rstrip("."),
            level=level,
            agreement=agreement,
            bits=None if bits is None else round(bits, 2),
        )

    def _usual_rarity(self, name: str) -> int:
        """What a value says that nobody counted: as much as an average one."""
        field = self.known.fields[name]
        if self.model is None or not field.rare:
            return 0
        chance = self.model.met[name]["strangers"][field.kind.top]
        return min(RARE, round(-8 * math.log2(max(chance, 1e-12))))


ORDER = {"same": 0, "alike": 1, "different": 2, "unknown": 3}


def texts_of(values: Mapping[str, Any]) -> dict[str, str | None]:
    """What the matcher compares, as sql/identity/records.sql has it: of a whole name its ends, a comma turns them, and
    titles, degrees and `Jr` are no part of it.

    Golden records and a person as given hold names in any script; a run compares them in Latin letters.
    """
    found: dict[str, str | None] = {
        field: next((str(values[name]) for name in names if values.get(name)), None) for field, names in TEXTS.items()
    }
    found |= {name: latin(text) for name in ("given", "family", "generation") if (text := found[name])}
    whole = latin(str(values.get("full_name_latin") or values.get("full_name") or ""))
    bare = BEHIND_TWO.sub(r"\1", TITLE.sub("", " ".join(whole.split())))
    front, comma, behind = bare.partition(",")
    words = front.split()
    given, family = (behind.strip(), front) if comma else (words[:1], words[1:][-1:])
    found["given"] = found["given"] or "".join(given) or None
    found["family"] = BEHIND_A_NAME.sub(r"\1", found["family"] or "".join(family)) or None
    return found


def exactly_one(levels: Mapping[str, int], known: Knowledge) -> bool:
    """What is certain without a model: one e-mail address, or one name with one birth date or telephone number."""
    same = {name for name, level in levels.items() if level == known.compared[name].kind.top}
    return "email" in same or ({"given", "family"} <= same and bool(same & {"born", "phone"}))
