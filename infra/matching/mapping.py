"""Which column of a file is what: `given=first_name,born=year+month+day`, or the same as a small YAML file."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from hub.identity.names import BEHIND, TITLES
from hub.identity.statements import name as column_name

WHOLE_NAME, WHOLE_ADDRESS, KEY, DATES = "name", "address", "key", "dates"
# No Latin, Greek, Cyrillic or Devanagari letter, nor a sign that is written among them.
UNKNOWN = "[^\\x{01}-\\x{052F}\\x{0900}-\\x{097F}\\x{1E00}-\\x{20CF}]"


class MatchError(ValueError):
    """What was asked for cannot be done; the message says what to change."""


@dataclass(frozen=True)
class Mapping:
    """`columns` gives for each field the columns of the file that make its text."""

    columns: dict[str, tuple[str, ...]]
    key: str | None = None
    month_first: bool = False
    expressions: dict[str, str] = field(default_factory=dict)


def read(told: str, known: Iterable[str]) -> Mapping:
    """From the words of MAP, or the file that they name; MatchError for what is not understood."""
    entries = _file(Path(told)) if re.search(r"\.ya?ml$", told) else _words(told)
    month_first = {"month-first": True, "day-first": False}.get(dates := entries.pop(DATES, "day-first"))
    if month_first is None:
        raise MatchError(f"MAP: dates={dates}: write dates=day-first or dates=month-first")
    key = entries.pop(KEY, None)
    columns = {name: tuple(part.strip() for part in text.split("+")) for name, text in entries.items()}
    possible = [*known, WHOLE_NAME, WHOLE_ADDRESS]
    for name, parts in columns.items():
        if name not in possible:
            raise MatchError(f"MAP: {name}: no such field; one of {', '.join([*possible, KEY, DATES])}")
        if "" in parts:
            raise MatchError(f"MAP: {name}: names no column; write {name}=<column>, or {name}=<column>+<column>")
    if WHOLE_ADDRESS in columns and "street" in columns:
        raise MatchError("MAP: address is for a whole address in one column; leave it out, or street")
    if not columns:
        raise MatchError("MAP: maps no field; write for example given=first_name,family=surname,born=birth_date")
    return Mapping(columns, key, month_first)


def _words(told: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in told.split(","))):
        name, is_, column = (each.strip() for each in part.partition("="))
        if not is_ or not column:
            raise MatchError(f"MAP: {part!r}: write field=column, and a comma between two of them")
        if name in found:
            raise MatchError(f"MAP: {name} is there twice; join columns with +, as in {name}={found[name]}+{column}")
        found[name] = column
    return found


def _file(path: Path) -> dict[str, str]:
    try:
        told = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MatchError(f"MAP: {path.name} cannot be read: {error}") from error
    if not isinstance(told, dict) or not all(isinstance(value, str | list) for value in told.values()):
        raise MatchError(f"MAP: {path.name}: write one line for each field, as in `given: first_name`")
    return {str(name): "+".join(map(str, text)) if isinstance(text, list) else text for name, text in told.items()}


def expressions(mapping: Mapping, columns: Iterable[str]) -> dict[str, str]:
    """For each field the expression over the file's columns; MatchError for a column that the file does not have."""
    there = list(columns)
    found: dict[str, str] = {}
    for name, parts in mapping.columns.items():
        texts = [_latin(f"nullif({column_name(_mapped(name, part, there))}, '')") for part in parts]
        found["street" if name == WHOLE_ADDRESS else name] = _joined(texts, "-" if name == "born" else " ")
    if (family := found.get("family")) and "generation" not in found:
        found |= {"family": f"regexp_replace({family}, '(?i){BEHIND}\\z', '')", "generation": family}
    if whole := found.pop(WHOLE_NAME, None):
        found |= _where_no_parts_are(_whole_name(whole), found)
    return found


def column(wanted: str, columns: Sequence[str]) -> str:
    """The column of that name, whatever case and blanks it has; MatchError where there is none, or two."""
    found = [each for each in columns if each.strip().lower() == wanted.strip().lower()]
    if not found:
        raise MatchError(f"{wanted}: the file has no such column; it has {', '.join(columns)}")
    if len(found) > 1:
        raise MatchError(f"{wanted}: the file has {len(found)} columns of this name; rename one of them")
    return found[0]


def _mapped(name: str, part: str, columns: Sequence[str]) -> str:
    try:
        return column(part, columns)
    except MatchError as error:
        raise MatchError(f"MAP: {name}={error}") from error


def _where_no_parts_are(whole: dict[str, str], found: dict[str, str]) -> dict[str, str]:
    """Of files whose records have their names in parts or in one column: names in parts are not completed."""
    parts = [found[name] for name in whole if name in found]
    if not parts:
        return whole
    none = " and ".join(f"{part} is null" for part in parts)
    return {name: f"case when {none} then {text} else {found.get(name, 'null')} end" for name, text in whole.items()}


def _latin(text: str) -> str:
    """Letters that the matcher's SQL does not know, as pulls spell them; the engine has `latin` from `hub.letters`."""
    return f"case when regexp_like({text}, '{UNKNOWN}') then latin({text}) else {text} end"


def _joined(texts: list[str], between: str) -> str:
    """One column as it is; a date of parts only where all are there; else whatever is there."""
    if len(texts) == 1:
        return texts[0]
    if between == "-":
        return " || '-' || ".join(f"nullif(regexp_extract({text}, '[0-9]+'), '')" for text in texts)
    parts = " || ".join(f"coalesce(' ' || {text}, '')" for text in texts)
    return f"nullif(regexp_replace({parts}, '^ ', ''), '')"


def _whole_name(text: str) -> dict[str, str]:
    """`Anna Maria Meier` and `Meier, Anna Maria`: the first word and the last, without title, degree and generation."""
    named = f"regexp_replace(lower({text}), '^[ ]*{TITLES}', '')"
    bare = f"coalesce(nullif(regexp_extract({named}, '^([^ ,]+[ ,]+.*[^ ,]){BEHIND}\\z', 1), ''), {named})"
    before = f"regexp_replace(regexp_extract({bare}, '^([^,]*),', 1), '{BEHIND}\\z', '')"
    behind = f"regexp_extract({bare}, ',[ ]*([^ ,]+)', 1)"
    first, last = f"regexp_extract({bare}, '^[ ]*([^ ]+)', 1)", f"regexp_extract({bare}, '[ ]([^ ]+)[ ]*\\z', 1)"
    return {
        "given": f"nullif(case when strpos({bare}, ',') > 0 then {behind} else {first} end, '')",
        "family": f"nullif(case when strpos({bare}, ',') > 0 then {before} else {last} end, '')",
        "generation": text,
    }
