"""Which wanted fields a customer lacks, and which question of a script comes next. Pure: no AWS."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from hub.config.capture import Question


def gaps(profile: Mapping[str, Any], wanted: Sequence[str]) -> list[str]:
    """The wanted fields without a value in the golden record, in the order in which they are wanted."""
    return [field for field in wanted if not str(profile.get(field) or "").strip()]


def questions(
    script: Sequence[Question], missing: Collection[str], asked: Collection[str], occasion: str | None
) -> Iterator[Question]:
    """The questions that may be put now, the next best first: for a gap, never put before, fit for the occasion."""
    for question in script:
        fits = not question.occasions or occasion in question.occasions
        if fits and question.field in missing and question.field not in asked and not missing_before(question, missing):
            yield question


def missing_before(question: Question, missing: Collection[str]) -> bool:
    """Whether something has to be known first."""
    return any(field in missing for field in question.after)
