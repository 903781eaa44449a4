"""What a pull counts beside where its rows went: rules broken, values fixed, repeats, and what quality is made of."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

FLAT = ("warned", "rules", "fixed", "repeated")
NESTED = ("measured", "related")


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of one batch.

    warned, rules, fixed: by `column: rule`. repeated: duplicates by kind, and staged rows that are another version of a
    record that is staged already. judged: rows that no filter leaves out. measured: by column, related: by rule between
    columns, as in `hub.quality.Refined`. kinds: what the source gave by column, see `drift`.
    """

    judged: int = 0
    warned: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    fixed: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)
    measured: Mapping[str, Counter[str]] = field(default_factory=dict)
    related: Mapping[str, Counter[str]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)

    def as_item(self) -> dict[str, Any]:
        """As the ledger's item of the batch holds it."""
        item: dict[str, Any] = {"judged": self.judged, "kinds": {name: [kind] for name, kind in self.kinds.items()}}
        item |= {name: dict(getattr(self, name)) for name in FLAT}
        return item | {name: {key: dict(each) for key, each in getattr(self, name).items()} for name in NESTED}


def total(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The items of batches, or of pulls, as one."""
    flat = {name: Counter[str]() for name in FLAT}
    nested: dict[str, dict[str, Counter[str]]] = {name: {} for name in NESTED}
    kinds: dict[str, set[str]] = {}
    judged = 0
    for item in items:
        judged += item.get("judged", 0)
        for name in FLAT:
            flat[name].update(item.get(name, {}))
        for name in NESTED:
            for key, counts in item.get(name, {}).items():
                nested[name].setdefault(key, Counter()).update(counts)
        for column, found in item.get("kinds", {}).items():
            kinds.setdefault(column, set()).update(found)
    return {
        "judged": judged,
        "kinds": {name: sorted(found) for name, found in kinds.items()},
        **{name: dict(counts) for name, counts in flat.items()},
        **{name: {key: dict(each) for key, each in found.items()} for name, found in nested.items()},
    }
