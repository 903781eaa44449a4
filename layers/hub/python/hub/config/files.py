"""What must hold between the fields of a source of files."""

import re
from collections.abc import Iterator

from hub.config import values
from hub.config.connections import FilesConnection, FilesFetch

Problem = tuple[tuple[str | int, ...], str]
HOST_KEY = r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/=]{40,}( .*)?"
TEXT = ("csv", "tsv", "fixed", "json", "jsonl", "xml")
BELONGS = {
    "encoding": TEXT,
    "separator": ("csv", "tsv"),
    "records": ("json", "xml"),
    "sheet": ("xlsx",),
    "widths": ("fixed",),
    "names": ("csv", "tsv", "xlsx"),
}
JSON_PATH = r"\$(\.[A-Za-z_][A-Za-z0-9_-]*|\[\*\])*"
XML_PATH = r"//?[\w.-]+(/[\w.-]+)*"


def connection(given: FilesConnection) -> Iterator[Problem]:
    """Every problem of where the files are."""
    place: tuple[str | int, ...] = ("connection",)
    if not (given.location or "").startswith("sftp://"):
        for field in ("host_key", "authentication"):
            if getattr(given, field) is not None:
                yield (*place, field), "is for sftp:// locations; take it out"
        return
    if given.host_key is None:
        yield (
            place,
            "needs the server's public key; add `host_key:` with what `ssh-keyscan <host>` prints behind the name",
        )
    elif not re.fullmatch(HOST_KEY, given.host_key):
        yield (*place, "host_key"), "is no public key; write for example `ssh-ed25519 AAAAC3Nz…`"
    if given.authentication is None:
        yield place, "needs a sign-in; add `authentication: {kind: password, secret: /hub/<source>/sftp}`"


def fetch(given: FilesFetch, theirs: set[str]) -> Iterator[Problem]:
    """Every problem of how files are read. theirs: the source's names of the declared and ignored columns."""
    for field, formats in BELONGS.items():
        if getattr(given, field) and given.format not in formats:
            yield (field,), f"is for {', '.join(formats)}, this is {given.format}; take it out"
    if given.pattern.startswith("/") or "://" in given.pattern:
        yield ("pattern",), "begins behind the source's location; write for example calls-*.csv"
    for field in ("separator", "quote"):
        if (text := getattr(given, field)) not in (None, "auto") and not values.mark(text):
            yield (field,), f"{text!r} cannot be told from the text around it; write for example ; or |"
    if given.separator is not None and given.separator == given.quote:
        yield ("quote",), "is the separator too; write null where the file quotes nothing"
    if len(set(given.names)) < len(given.names):
        yield ("names",), "names a column twice; give each its own name"
    if given.encoding is not None and not values.encoding(given.encoding):
        yield ("encoding",), f"{given.encoding!r} is no encoding of text; write for example utf-8 or cp1252"
    if given.format in ("csv", "tsv", "xlsx") and given.header is False and not given.names:
        yield ("names",), "is missing; a file without a header needs the names of its columns in order"
    if given.format == "xml" and not re.fullmatch(XML_PATH, given.records or ""):
        yield ("records",), "must be the path of the records; write for example /export/customer, or //customer"
    if given.format == "json" and not re.fullmatch(JSON_PATH, given.records or "$"):
        yield ("records",), f"{given.records!r} is no path; write for example $.data.customers"
    if given.ready is not None and (given.ready.count("*") > 1 or "/" in given.ready):
        yield ("ready",), "is the name of a marker with at most one *; write for example `*.done` or _SUCCESS"
    if given.format == "fixed":
        yield from _widths(given)
    named = set(given.names) | set(given.widths)
    for name in sorted(theirs - named) if named else []:
        yield (
            (("names",) if given.names else ("widths",)),
            f"{name!r} is declared below but not among the file's columns",
        )


def _widths(given: FilesFetch) -> Iterator[Problem]:
    if not given.widths:
        yield ("widths",), "is missing; write the first and the last character of each column, {name: [1, 20]}"
    before: dict[str, tuple[int, int]] = {}
    for name, (first, last) in given.widths.items():
        if not 1 <= first <= last:
            yield ("widths", name), f"[{first}, {last}] is no stretch of a line; the first character is 1"
        for other, (start, end) in before.items():
            if first <= end and start <= last:
                yield ("widths", name), f"overlaps {other!r}; each character belongs to one column"
        before[name] = (first, last)
