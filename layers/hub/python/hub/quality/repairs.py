"""What `on_failure: fix` makes of broken values, and how sure it is: nothing is repaired that could be two things."""

import difflib
import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from hub.config import Check, Column
from hub.quality import writings
from hub.quality.cast import to_type
from hub.quality.checks import Context, broken, literals
from hub.quality.forms import SPELLINGS, folded

NEAR, APART = 0.8, 0.1  # how alike a spelling must be, and how much less alike every other
SURE, LIKELY, CUT = 1.0, 0.9, 0.5
MISREAD = str.maketrans("OoIl", "0011")
NAMED_ADDRESS = re.compile(r"<\s*([^<>\s]+@[^<>\s]+)\s*>")
Repair = tuple[str | None, float]


class Repaired(NamedTuple):
    """values: the better ones, null where the rule knows none. certainty: of each, 0 to 1."""

    values: pa.Array
    certainty: pa.Array


def repaired(check: Check, values: pa.Array, context: Context) -> Repaired:
    """Better values for those that break the check; each keeps the check or is null."""
    if check.rule == "plausible_date":
        better = _swapped(values)
        made = Repaired(better, pa.repeat(pa.scalar(LIKELY), len(values)))
    elif pa.types.is_string(values.type) and (repair := _of_text(check, context)):
        distinct = values.dictionary_encode()
        found = [repair(value) for value in distinct.dictionary.to_pylist()]
        texts = pa.array([text for text, _ in found], pa.string())
        sure = pa.array([certainty for _, certainty in found], pa.float64())
        made = Repaired(pc.take(texts, distinct.indices), pc.take(sure, distinct.indices))
    else:
        return Repaired(pa.nulls(len(values), values.type), pa.repeat(pa.scalar(0.0), len(values)))
    unsound = broken(check, made.values, context)
    sound = pc.is_valid(made.values) if unsound is None else pc.and_not(pc.is_valid(made.values), unsound)
    nothing = pa.scalar(None, values.type)
    return Repaired(pc.if_else(sound, made.values, nothing), pc.if_else(sound, made.certainty, 0.0))


def reread(text: pa.Array, column: Column) -> pa.Array:
    """What does not fit a date or a timestamp, read with day and month exchanged; null where that does not fit either.

    There is no doubt which is meant: as declared it is no day at all.
    """
    if column.type not in ("date", "timestamp") or any(form.startswith("epoch") for form in column.formats):
        return pa.nulls(len(text), to_type(text.slice(0, 0), column)[0].type)
    if not column.formats:
        swapped = pc.replace_substring_regex(text, r"^(\s*[0-9]{4})-([0-9]{2})-([0-9]{2})", r"\1-\3-\2")
        return to_type(swapped, column)[0]
    forms = tuple(form.replace("%d", "%\0").replace("%m", "%d").replace("%\0", "%m") for form in column.formats)
    return to_type(text, column.model_copy(update={"format": forms}))[0]


def tidied(text: str) -> str:
    return " ".join(text.split())


def _of_text(check: Check, context: Context) -> Callable[[str], Repair] | None:
    if check.rule in SPELLINGS:
        spellings = SPELLINGS[check.rule]
        return lambda text: (spellings.get(folded(text)), SURE)
    if check.rule in writings.RULES:
        return writings.writer(check.rule, check.of, context.country)
    if check.rule == "one_of":
        return partial(_nearest, dict.fromkeys(literals(check.of, pa.string()).to_pylist()))
    if check.rule == "length":
        most = check.of[1]
        return lambda text: (tidied(text)[:most], SURE if len(tidied(text)) <= most else CUT)
    return {"tidy": _tidy, "pattern": _tidy, "email": _email, "phone": _phone, "postcode": _postcode}.get(check.rule)


def _tidy(text: str) -> Repair:
    return tidied(text), SURE


def _nearest(listed: dict[str, None], text: str) -> Repair:
    """The listed value that is spelt alike but for case and blanks, else the only one that is nearly spelt so."""
    wanted = folded(text)
    alike = [each for each in listed if folded(each) == wanted]
    if alike:
        return (alike[0], SURE) if len(alike) == 1 else (None, 0.0)
    ranked = sorted((difflib.SequenceMatcher(None, folded(each), wanted).ratio(), each) for each in listed)
    (best, found), second = ranked[-1], ranked[-2][0] if len(ranked) > 1 else 0.0
    return (found, round(best, 2)) if best >= NEAR and best - second >= APART else (None, 0.0)


def _email(text: str) -> Repair:
    """Without what stands around an address: its owner's name, mailto:, quotes, blanks, a full stop at the end."""
    if named := NAMED_ADDRESS.search(text):
        return named[1], LIKELY
    bare = re.sub(r"^mailto:", "", text.strip().strip("\"'<>()[];,. "), flags=re.IGNORECASE)
    joined = re.sub(r"\s*([@.])\s*", r"\1", bare)
    joined = re.sub(r"\.{2,}", ".", joined)
    return (joined, LIKELY) if joined.count("@") == 1 else (None, 0.0)


def _phone(text: str) -> Repair:
    """With digits for the letters that look like them; two numbers in one field are not chosen between."""
    digits = text.translate(MISREAD)
    return (digits, LIKELY) if not re.search(r"[/,;]|[A-Za-z]", digits) else (None, 0.0)


def _postcode(text: str) -> Repair:
    bare = re.sub(r"[\s.\-]+", "", text).upper()
    digits = bare.translate(MISREAD)
    return (bare, SURE) if digits == bare or not digits.isdigit() else (digits, LIKELY)


def _swapped(values: pa.Array) -> pa.Array:
    """Dates with day and month exchanged, null where there is no such day."""
    stamps = values.cast(pa.timestamp("us"))
    time_of_day = pc.subtract(stamps, pc.floor_temporal(stamps, unit="day"))
    turned = pc.strptime(pc.strftime(stamps, "%Y-%d-%m"), format="%Y-%m-%d", unit="us", error_is_null=True)
    possible = pc.less_equal(pc.day(stamps), 12)
    turned = pc.if_else(possible, pc.add(turned, time_of_day), pa.scalar(None, pa.timestamp("us")))
    return turned.cast(values.type, safe=False)
