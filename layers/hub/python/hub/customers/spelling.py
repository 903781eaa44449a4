"""Names that are misspelt: a letter too many, too few, wrong or swapped with the next, or another spelling of a sound.

A name is kept under itself and under each form with one letter left out; two words that differ by one letter share a
form. What shares one is looked at before it is believed.
"""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

LEAST, MOST = 3, 12  # letters of a word that is looked for with a slip
LEAST_SOUND = 2
# Spellings of one sound, in this order: of Europe's languages and of India's in Latin letters.
SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("ksh|sch|sh|ch", "x"),
        ("(?<=[aeou])w(?![aeiouy])", ""),
        ("ph|[vw]", "f"),
        ("c(?=[eiy])", "s"),
        ("ck|c|q", "k"),
        ("z", "s"),
        ("j", "g"),
        ("^[wk](?=[nr])", ""),
        ("(?<=[^aeiouyh])h|(?<=.)h", ""),
        (r"(.)\1+", r"\1"),
        ("^[aeiouy]+", "a"),
        ("(?<=.)[aeiouy]+", ""),
    )
)


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """The consonants of a word as they sound, and whether it begins with a vowel; "" where that is next to nothing."""
    for pattern, spelt in SOUNDS:
        word = pattern.sub(spelt, word)
    return word if len(word) >= LEAST_SOUND and word.isascii() else ""


def forms(word: str) -> set[str]:
    """The word, and the word with each letter left out; none of words too short or too long to be told apart."""
    if not word.isascii() or not LEAST <= len(word) <= MOST:
        return set()
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word))}


def slipped(one: str, other: str) -> bool:
    """Whether two different words are one letter apart; neighbours that changed places are one slip."""
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    x, y = one[start:], other[start:]
    while x and y and x[-1] == y[-1]:
        x, y = x[:-1], y[:-1]
    return max(len(x), len(y)) <= 1 or (len(x) == len(y) == 2 and x == y[::-1])


def distance(word: str, words: Iterable[str]) -> int | None:
    """From a word to the nearest: 0 the same, 1 by a slip, 2 by its sound; None where none is near."""
    near = [found for each in words if (found := _distance(word, each)) is not None]
    return min(near, default=None)


def _distance(word: str, other: str) -> int | None:
    if word == other:
        return 0
    if len(word) >= LEAST and len(other) >= LEAST and slipped(word, other):
        return 1
    return 2 if sound(word) and sound(word) == sound(other) else None


def farness(asked: Collection[str], words: Collection[str]) -> int | None:
    """How far a name is from what was asked, 0 for all words the same; None where one of them has nothing near."""
    found = [distance(each, words) for each in asked]
    return None if None in found else sum(each for each in found if each)
