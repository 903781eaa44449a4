"""What pydantic found wrong with a value, in words that say what to write instead."""

import re
from typing import Any

from hub.config.base import NAME
from hub.config.connections import DATABASE, LOCATION
from hub.config.models import TYPE

TYPES = 'varchar, bigint, integer, double, boolean, date, timestamp, json or "decimal(18,4)" (in quotes)'
PATTERNS = {
    NAME: "write small letters, digits and _, beginning with a letter",
    TYPE: f"write {TYPES}",
    r"^/": "write a path that begins with /",
    r"^https?://": "write an address that begins with http:// or https://",
    DATABASE: "write sqlite:///<file>, or postgresql://, mysql://, mariadb:// or sqlserver:// and "
    "<user>@<host>/<database>",
    LOCATION: "write s3://<bucket>/<folder>/ or sftp://<user>@<host>/<folder>",
    r"^(.|auto)$": "write one character, auto, or null where nothing is quoted",
    r"^[A-Z]{3}$": "write the three capital letters of a currency, for example INR",
    r"^[A-Z]{2}$": "write the two capital letters of a country, for example IN",
    r"^[A-Z][A-Z0-9_]*$": "write capital letters, digits and _",
    r"^[a-z][a-z0-9-]{1,30}$": "write 2 to 31 small letters, digits and -, beginning with a letter",
}
WANTED = {
    "string_type": "text; put it in quotes if it looks like a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "`key: value` lines below it",
    "model_type": "`key: value` lines below it, or {key: value}",
    "model_attributes_type": "`key: value` lines below it, or {key: value}",
    "tuple_type": "a list, for example [a, b]",
}


def of(problem: Any, place: tuple[str | int, ...]) -> str:
    """What is wrong and what to do, for one of pydantic's problems."""
    kind, context, given = problem["type"], problem.get("ctx", {}), _shown(problem["input"])
    if kind == "missing":
        return "is missing; add it"
    if kind == "literal_error":
        return f"is {given}; it must be {context['expected']}"
    if place[-1:] == ("secret",):
        return "must be the name of an SSM SecureString such as /hub/crm/token, never the secret itself"
    if kind == "string_pattern_mismatch":
        fallback = "write a path such as $.items" if context["pattern"].startswith(r"^\$") else context["pattern"]
        return f"{given} does not fit; {PATTERNS.get(context['pattern'], fallback)}"
    if kind == "too_short" or kind == "string_too_short":
        return "is empty; add at least one" if kind == "too_short" else "is empty; write it or take the line out"
    if kind in WANTED:
        return f"is {given}; write {WANTED[kind]}"
    message = problem["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{message} (it is {given})"


def _shown(value: Any) -> str:
    """The value as it was written, short, and without a password that stands in an address."""
    if value is None:
        return "empty"
    text = re.sub(r"://[^/@\s]*@", "://…@", repr(value))
    return text if len(text) <= 120 else text[:117] + "…"
