"""What a sample of a source's rows looks like: kinds, fill, shapes, what seems personal, what seems to be the key.

Nothing here tells a value of a person: of texts only their shapes are told, of moments their months, of numbers the
bounds where they are too short to be somebody's, and of what seems personal nothing of the three.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hub.config import Column
from hub.quality import personal as persons
from hub.quality.cast import as_text, to_type

DATE_FORMATS = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m/%d/%Y", "%Y%m%d", "%d %b %Y")
MOMENT_FORMATS = ("%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M", "%d-%m-%Y %H:%M", "%m/%d/%Y %H:%M", "odata")
KINDS = ("boolean", "bigint", "decimal(18,4)", "double", "date", "timestamp")
LONG_NUMBER = 10**6  # from here on a number may be a telephone's or a card's
MOST_SHAPES, MOST_KEY_COLUMNS = 3, 3
CERTAIN = 0.8  # of the values fit

# Words of a column's name, and what it then seems to hold.
WORDS: Mapping[str, frozenset[str]] = {
    "email": frozenset({"email", "mail"}),
    "phone": frozenset({"phone", "mobile", "fax", "tel", "telephone", "cell", "msisdn", "whatsapp", "caller"}),
    "birth_date": frozenset({"birth", "birthday", "birthdate", "dob", "born"}),
    "address": frozenset({"address", "address1", "address2", "street", "addr", "house"}),
    "name": frozenset({"name", "firstname", "lastname", "surname", "forename", "fullname", "contact", "username"}),
    "id": frozenset({"pan", "aadhaar", "passport", "ssn", "iban", "tax", "password", "token", "ip"}),
}
NAMES_OF_PERSONS = {"first", "last", "full", "given", "family", "middle", "contact", "customer", "employee", "user"}
KEYS = {"id", "key", "code", "no", "nr", "number", "uuid", "guid", "sku", "uniqueid"}
NO_KEYS = {"postal", "post", "zip", "pin", "phone", "mobile", "fax", "country", "currency", "tax", "house"}
CHANGED = {"updated", "modified", "changed", "update", "modification", "change", "modstamp", "mtime"}
DELETED = {"deleted", "archived", "removed"}
EMAIL, PHONE = r"^[^@\s]+@[^@\s]+\.[^@\s]+$", r"^\+?[0-9][0-9 ()./-]{6,18}[0-9]$"


@dataclass(frozen=True, slots=True)
class Profile:
    """One column of a sample. type, format: as a manifest would declare it. personal: what it seems to hold.

    shapes: the commonest forms of its texts, with how many rows have them. least, most: None where they are not told.
    mentions: in how many of its texts there is an e-mail address or a telephone number among other words.
    """

    name: str
    type: str
    format: str | None
    rows: int
    filled: int
    distinct: int
    personal: str
    shapes: tuple[tuple[str, int], ...] = ()
    least: str | None = None
    most: str | None = None
    mentions: Mapping[str, int] = field(default_factory=dict)

    @property
    def unique(self) -> bool:
        return self.rows > 0 and self.distinct == self.filled == self.rows


@dataclass(frozen=True, slots=True)
class Keys:
    """What seems to identify a row, to say when it changed, and to say that it is gone."""

    business: tuple[str, ...] = ()
    change: str | None = None
    deleted: str | None = None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Values of `data_set.column` that are keys of `of`: share, from 0 to 1, of the distinct ones."""

    data_set: str
    column: str
    of: str
    key: str
    share: float


def columns(rows: pa.Table, known: Mapping[str, str] | None = None) -> list[Profile]:
    """The profile of each column. known: personal classes that a manifest declares; the more careful of both holds."""
    return [_column(name, _flat(rows[name]), (known or {}).get(name, "none")) for name in rows.column_names]


def keys(rows: pa.Table, found: Sequence[Profile], name: str) -> Keys:
    """The keys that a data set called `name` seems to have."""
    times = [each.name for each in found if each.type == "timestamp" and _words(each.name) & CHANGED]
    gone = [each.name for each in found if each.type == "boolean" and _words(each.name) & DELETED]
    return Keys(_business(rows, found, name), next(iter(times), None), next(iter(gone), None))


def overlaps(tables: Mapping[str, pa.Table], found: Mapping[str, Sequence[Profile]]) -> list[Overlap]:
    """Which columns seem to point to the key of another data set: called like it, and nearly all values are there."""
    own = {name: keys(tables[name], profiles, name).business for name, profiles in found.items()}
    pointing = []
    for of, key in ((name, business[0]) for name, business in own.items() if len(business) == 1):
        there = as_text(_flat(tables[of][key]))
        for name, profiles in found.items():
            for each in profiles:
                if name == of or not each.filled or not _called_like(each.name, key, of):
                    continue
                values = pc.unique(as_text(_flat(tables[name][each.name]))).drop_null()
                share = (pc.sum(pc.is_in(values, there)).as_py() or 0) / max(len(values), 1)
                if share >= CERTAIN:
                    pointing.append(Overlap(name, each.name, of, key, round(share, 4)))
    return pointing


def newest(rows: pa.Table, found: Sequence[Profile], change: str | None) -> datetime | None:
    """When the sample's newest row changed, by its column of change."""
    profile = next((each for each in found if each.name == change), None)
    if profile is None:
        return None
    typed, _ = to_type(_flat(rows[profile.name]), Column(type="timestamp", format=profile.format))
    latest: datetime | None = pc.max(typed).as_py()
    return latest


def _column(name: str, values: pa.Array, declared: str) -> Profile:
    text = as_text(values)
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    kind, form, typed = _kind(values, text)
    there = text.drop_null()
    guessed = _personal(name, kind, there, typed)
    personal = guessed if declared == "none" else declared
    least, most = (None, None) if personal != "none" else _bounds(kind, typed)
    shapes = _shapes(there) if kind == "varchar" and personal == "none" else ()
    told = persons.mentions(there) if kind in ("varchar", "json") and personal == "none" else {}
    return Profile(
        name, kind, form, len(values), len(there), pc.count_distinct(there).as_py(), personal, shapes, least, most, told
    )


def _kind(values: pa.Array, text: pa.Array) -> tuple[str, str | None, pa.Array]:
    """The narrowest type that every value fits, and the format of dates that need one."""
    if not len(text.drop_null()):
        return "varchar", None, text
    if pa.types.is_boolean(values.type):
        return "boolean", None, values
    if pa.types.is_nested(values.type) or _share(text, r"^\s*[\[{].*[\]}]\s*$") == 1:
        return "json", None, text
    if _share(text, r"^(\+|0[0-9])") > 0:  # a number would lose what it begins with
        kinds: Iterable[str] = ("date", "timestamp")
    else:
        kinds = KINDS
    for kind in kinds:
        if kind == "boolean" and _share(text, r"^[01]$") == 1:
            continue  # a number as well, and counted as one until somebody knows better
        typed, wrong = to_type(text, Column(type=kind))
        if not pc.any(wrong).as_py():
            return kind, None, typed
    for kind, forms in (("date", DATE_FORMATS), ("timestamp", MOMENT_FORMATS)):
        for form in forms:
            typed, wrong = to_type(text, Column(type=kind, format=form))
            if not pc.any(wrong).as_py():
                return kind, form, typed
    return "varchar", None, text


def _personal(name: str, kind: str, there: pa.Array, typed: pa.Array) -> str:
    """What a column seems to hold of a person, by its name and by its values."""
    words = _words(name)
    if kind in ("varchar", "json") and len(there) and _share(there, EMAIL) >= CERTAIN:
        return "email"
    for personal, known in WORDS.items():
        if not words & known or (personal == "name" and _is_key(name)):
            continue  # contact_id is no contact's name
        if (
            personal == "birth_date"
            or kind in ("varchar", "json")
            or (personal in ("phone", "id") and kind == "bigint")
        ):
            lone = personal == "name" and words & {"name"} and not words & NAMES_OF_PERSONS and len(words) > 1
            return "none" if lone else personal
    if (found := persons.of_values(kind, there, typed)) != "none":
        return found
    if kind == "varchar" and len(there) and _share(there, PHONE) >= CERTAIN and not words & KEYS:
        return "phone"
    if kind == "bigint" and not words & KEYS and _largest(typed) >= 10**9:
        return "phone"
    return "none"


def _bounds(kind: str, typed: pa.Array) -> tuple[str | None, str | None]:
    ends = pc.min_max(typed) if kind not in ("varchar", "json", "boolean") else None
    if ends is None or ends["min"].as_py() is None:
        return None, None
    least, most = ends["min"].as_py(), ends["max"].as_py()
    if kind in ("date", "timestamp"):
        return f"{least:%Y-%m}", f"{most:%Y-%m}"
    if _largest(typed) >= LONG_NUMBER:
        return None, None
    return str(least), str(most)


def _largest(typed: pa.Array) -> float:
    ends = pc.min_max(typed)
    return max(abs(float(ends["min"].as_py() or 0)), abs(float(ends["max"].as_py() or 0)))


def _shapes(there: pa.Array) -> tuple[tuple[str, int], ...]:
    """The commonest forms: `AA-999` for two capitals, a hyphen and three digits; longer runs are shortened."""
    shape = there
    for pattern, mark in ((r"\p{Lu}", "A"), (r"\p{Ll}", "a"), (r"\p{Lo}", "x"), (r"\p{N}", "9")):
        shape = pc.replace_substring_regex(shape, pattern, mark)
    for mark in "Aax9":
        shape = pc.replace_substring_regex(shape, mark * 4 + "+", mark * 3 + "~")
    shape = pc.utf8_slice_codeunits(shape, 0, 24)
    counted = [(each["values"], each["counts"]) for each in pc.value_counts(shape).to_pylist()]
    return tuple(sorted(counted, key=lambda each: (-each[1], each[0]))[:MOST_SHAPES])


def _business(rows: pa.Table, found: Sequence[Profile], name: str) -> tuple[str, ...]:
    """The key: what is called like the data set, else all of a table of links, else what is unique."""
    called = _names_of(name)
    whole = [each for each in found if each.unique and each.type in ("bigint", "varchar")]
    for each in whole:
        if "".join(_split(each.name)) in called:
            return (each.name,)
    marks = [each for each in found if _is_key(each.name) and each.filled == each.rows and each.rows]
    others = [each for each in found if each not in marks and each.type not in ("timestamp", "date")]
    if 1 < len(marks) <= MOST_KEY_COLUMNS and not others and _together(rows, marks):
        return tuple(each.name for each in marks)
    for size in range(1, MOST_KEY_COLUMNS + 1):
        for some in combinations(marks[:8], size):
            if _together(rows, some):
                return tuple(each.name for each in some)
    rest = [each for each in whole if each.personal == "none"]
    return (rest[0].name,) if rest else ()


def _together(rows: pa.Table, some: Sequence[Profile]) -> bool:
    names = [each.name for each in some]
    return len(rows) > 0 and len(rows.select(names).group_by(names).aggregate([])) == len(rows)


def _is_key(name: str) -> bool:
    words = _split(name)
    return bool(words) and words[-1] in KEYS and not set(words) & NO_KEYS


def _called_like(column: str, key: str, data_set: str) -> bool:
    """Whether a column is called as the key of that data set, or as the data set with `id` behind it."""
    here, there = "".join(_split(column)), "".join(_split(key))
    return (here == there and there not in KEYS) or (_is_key(column) and here in _names_of(data_set) - KEYS)


def _names_of(data_set: str) -> set[str]:
    """How the key of a data set may be called: customers -> id, customer, customerid, customerno …"""
    name = "".join(_split(data_set))
    stems = {name, name.removesuffix("s"), name.removesuffix("es"), re.sub("ies$", "y", name)}
    return KEYS | stems | {stem + mark for stem in stems for mark in KEYS}


def _split(name: str) -> list[str]:
    """`$.properties.firstName` -> first, name."""
    last = re.split(r"[.\]]", name.rstrip("]"))[-1] if name.startswith("$") else name
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", last)
    return [word for word in re.split(r"[^a-z0-9]+", apart.lower()) if word]


def _words(name: str) -> set[str]:
    words = _split(name)
    return {*words, "".join(words)}


def _share(text: pa.Array, pattern: str) -> float:
    there = text.drop_null()
    fits: Any = pc.sum(pc.match_substring_regex(there, pattern)).as_py()
    return (fits or 0) / max(len(there), 1)


def _flat(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
