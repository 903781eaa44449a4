"""How a source's shape differs from its last complete pull: fields that came, fields that went, other types."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hub.config import DataSet
from hub.quality import EXTRA, Refined

FEW = 20  # of fewer rows it says nothing that a field has no value in any
Kinds = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Drift:
    """new: undeclared fields. vanished: declared ones without any value, which had some. changed: column -> how."""

    new: list[str]
    vanished: list[str]
    changed: dict[str, str]

    @property
    def reason(self) -> str:
        """What to look at, empty where there is nothing."""
        told = []
        if self.new:
            told.append(f"new fields {', '.join(self.new)}; declare or ignore them in the manifest")
        if self.vanished:
            told.append(
                f"no value any more in {', '.join(self.vanished)}; take them out of the manifest, or release it"
            )
        if self.changed:
            kinds = ", ".join(f"{name} ({how})" for name, how in self.changed.items())
            told.append(f"other types than before in {kinds}; release it if that is right")
        return "; ".join(told)


def kind_of(values: Any) -> str | None:
    """What a source gives in a column, broadly; None where it gives nothing."""
    if values.null_count == len(values):
        return None
    kind = values.type
    if pa.types.is_boolean(kind):
        return "truth"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    return "moment" if pa.types.is_temporal(kind) else "text"


def kinds_of(raw: pa.Table, rules: DataSet) -> dict[str, str]:
    return {name: kind for name in rules.columns if (kind := kind_of(raw[name]))}


def compare(known: Kinds, now: Kinds, new: list[str], received: int) -> Drift:
    """known: of the complete pulls before. now: of this pull."""
    vanished = sorted(known.keys() - now.keys()) if received >= FEW else []
    changed = {
        name: f"{' and '.join(known[name])} before, {' and '.join(now[name])} now"
        for name in sorted(known.keys() & now.keys())
        if set(now[name]) - set(known[name])
    }
    return Drift(new, vanished, changed)


def refuse(raw: pa.Table, rules: DataSet, known: Kinds, refined: Refined) -> None:
    """Under `on_drift: quarantine`: refuse the rows that have an undeclared field, or a value of another type."""
    if rules.on_drift != "quarantine":
        return
    given = raw[EXTRA].combine_chunks() if isinstance(raw[EXTRA], pa.ChunkedArray) else raw[EXTRA]
    if given.null_count < len(given):
        refined.reject("", "drift", "has a field that the manifest does not declare", pc.is_valid(given))
    for name, kind in kinds_of(raw, rules).items():
        if name in known and kind not in known[name]:
            refined.reject(name, "drift", f"is {kind}, before it was {' and '.join(known[name])}", _there(raw[name]))


def _there(values: Any) -> pa.Array:
    there = pc.is_valid(values)
    return there.combine_chunks() if isinstance(there, pa.ChunkedArray) else there
