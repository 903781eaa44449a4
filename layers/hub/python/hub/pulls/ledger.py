"""The conservation law of a pull: every row received is in exactly one place."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

MOST_FIELDS = 50
FIELD = re.compile(r"(?!.*[0-9]{7})[\w.:$/ -]{1,60}")
NO_NAME = "(fields whose names are no names)"


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of one batch, or of a whole pull, by where they went."""

    received: int = 0
    staged: int = 0
    duplicate: int = 0
    quarantined: int = 0
    filtered: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def missing(self) -> int:
        """Rows that arrived and are nowhere; negative when some are counted twice."""
        return self.received - self.staged - self.duplicate - self.quarantined - self.filtered

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a pull may be published, and if not, why. gate: the one that holds it, if a person may let it pass."""

    balanced: bool
    reason: str = ""
    gate: str | None = None

    def as_held(self) -> dict[str, str | None]:
        """What the ledger says of the pull that is held."""
        return {"state": "held", "reason": self.reason, "held_by": self.gate}


def settle(batches: Iterable[Counts], declared_by_source: int | None) -> Verdict:
    """Say whether a pull may be published.

    declared_by_source: how many rows the source says it has for this pull, or None where it does not tell.
    """
    total = sum(batches, Counts())
    if total.missing:
        reason = f"{total.received} rows received, {total.missing:+d} unaccounted for"
        return Verdict(False, f"{reason}; look at the log of the function `pull`")
    if declared_by_source is not None and declared_by_source != total.received:
        return Verdict(
            False,
            f"the source declares {declared_by_source} rows, {total.received} were received; see `total` and `paging`",
        )
    return Verdict(True)


def gate(total: Counts, max_quarantined_percent: float, few: int = 20) -> Verdict:
    """Say whether so many rows are broken that somebody should look before the pull is published.

    few: below this many rows a share says nothing.
    """
    if total.received >= few and total.quarantined * 100 > max_quarantined_percent * total.received:
        share = 100 * total.quarantined / total.received
        reason = f"{share:.0f} % of the rows are quarantined, {max_quarantined_percent:g} % are allowed; look at them"
        return Verdict(False, reason, "quarantined")
    return Verdict(True)


def deletion_gate(had: int, gone: int, max_deleted_percent: float, few: int = 20) -> Verdict:
    """Say whether so many records are gone that the source more likely gave too little.

    had: records that the last complete pull had of what this one replaces. gone: how many of them are not there now.
    few: below this many records only the loss of all of them is a reason.
    """
    implausible = gone == had or had >= few
    if gone and implausible and gone * 100 > max_deleted_percent * had:
        return Verdict(
            False,
            f"{gone} of the {had} records that were there before are gone, {max_deleted_percent:g} % may go at once; "
            "if that is right, release it, or raise gate.max_deleted_percent in the manifest",
            "deleted",
        )
    return Verdict(True)


def told_fields(names: Iterable[str]) -> list[str]:
    """The new fields that the ledger names: the first fifty, and none that is a value (an address, a number)."""
    found = set(names)
    fields = sorted(filter(FIELD.fullmatch, found))
    return [*fields[:MOST_FIELDS], *([NO_NAME] if len(fields) < len(found) else [])]
