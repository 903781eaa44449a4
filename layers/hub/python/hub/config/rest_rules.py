"""What must hold between the fields of a REST source. Each rule says the place, what is wrong and what to do."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from hub.config.models import DataSet

Problem = tuple[tuple[str | int, ...], str]

# What each way to sign in needs, and what it does nothing with.
SIGN_IN = {
    "bearer": ((), ("scheme",)),
    "basic": ((), ()),
    "api_key": ((), ("header", "parameter")),
    "client_credentials": (("token_url",), ("scope", "scheme")),
    "refresh_token": (("token_url",), ("scope", "scheme")),
}
SECRET_NAME = re.compile(r"authorization|cookie|token|secret|passw|api[-_]?key|access[-_]?key|signature", re.IGNORECASE)
SLOWEST_RATE = 1 / 60  # requests per second; a worker that waits longer has no time left
# What each paging needs; `size` and what stands here are all that it knows.
NEEDS = {
    "page": {"parameter": "the name of the query parameter"},
    "offset": {"parameter": "the name of the query parameter"},
    "cursor": {"parameter": "the name of the query parameter", "next": "where the next cursor stands"},
    "link": {},
    "next_url": {"next": "where the address of the next page stands"},
    "window": {
        "from_parameter": "the parameter of a window's begin",
        "to_parameter": "the parameter of a window's end",
        "span": "how much time is asked for at once",
        "start": "the day of the first rows",
    },
    "none": {},
}
ALSO = {
    "page": {"first", "more", "most"},
    "offset": {"more", "most"},
    "cursor": {"more", "most"},
    "link": {"most"},
    "next_url": {"most"},
    "window": {"format", "inside"},
}
EXAMPLE = {"next": "$.next_cursor", "span": "1 day", "start": "2020-01-01"}


def connection(manifest: Any) -> Iterator[Problem]:
    """What is wrong with how the application is reached."""
    of = manifest.connection
    sign_in = of.authentication
    place = ("connection", "authentication")
    if sign_in:
        needed, known = SIGN_IN[sign_in.kind]
        for field in needed:
            if getattr(sign_in, field) is None:
                yield (*place, field), f"is missing; {sign_in.kind} asks there for its token"
        for field in ("header", "parameter", "token_url", "scope"):
            if getattr(sign_in, field) is not None and field not in (*needed, *known):
                yield (*place, field), f"means nothing to {sign_in.kind}; take it out"
        if sign_in.scheme != "Bearer" and "scheme" not in known:
            yield (*place, "scheme"), f"means nothing to {sign_in.kind}; take it out"
        if urlsplit(sign_in.token_url or "").password is not None:
            yield (*place, "token_url"), "holds a password, which would be in every template; put it into the secret"
        if sign_in.kind == "api_key" and bool(sign_in.header) == bool(sign_in.parameter):
            yield place, "an api_key is sent in a header or in a parameter; write one of `header:` and `parameter:`"
    yield from _in_clear(("connection", "headers"), of.headers, "header")
    for name, value in of.headers.items():
        if not (re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) and re.fullmatch(r"[\t\x20-\x7e]*", value)):
            what = "is no header; write a name without spaces and colons, and a value on one line of plain letters"
            yield ("connection", "headers", name), what
    for name, data_set in manifest.data_sets.items():
        yield from _in_clear(("data_sets", name, "fetch", "query"), data_set.fetch.query, "parameter")


def _in_clear(place: tuple[str, ...], given: Mapping[str, str], where: str) -> Iterator[Problem]:
    for name in given:
        if SECRET_NAME.search(name):
            kind = "bearer" if name.casefold() == "authorization" else f"api_key, {where}: {name}"
            yield (
                (*place, name),
                f"is a secret in clear; take it out and write `authentication: {{kind: {kind}, secret: <name>}}`",
            )


def fetch(data_set: DataSet) -> Iterator[Problem]:
    """What is wrong with how a data set is asked for."""
    rules, changed = data_set.fetch, data_set.fetch.changed_since
    windows = rules.paging.kind == "window"
    if changed:
        yield from _changed(changed, windows)
    if windows and not data_set.keys.business:
        yield ("keys", "business"), "is missing; by it a row on the border of two windows is known again"
    yield from _paging(("fetch", "paging"), rules.paging)
    yield from _asked(rules)
    if rules.paging.most is not None and not (changed and data_set.keys.business):
        yield (
            ("fetch", "paging", "most"),
            "asks anew from the last change, which needs `changed_since` and a business key by which rows are known "
            "again",
        )
    if rules.total and rules.total_header:
        yield ("fetch", "total_header"), "tells what `total` tells; keep one"
    if rules.parent and "[*]" not in rules.records.removesuffix("[*]"):
        yield ("fetch", "parent"), "has no record around; let `records:` lead through a list: `$.orders[*].items`"
    if rules.total and "[*]" in rules.records.removesuffix("[*]"):
        yield ("fetch", "total"), "counts the records around, not the ones that are read; take it out"


def _changed(changed: Any, windows: bool) -> Iterator[Problem]:
    """How what changed is asked for."""
    place = ("fetch", "changed_since")
    if windows:
        for field in ("parameter", "header", "value", "start"):
            if getattr(changed, field) is not None:
                yield (*place, field), "means nothing where windows are asked for; take it out"
    elif bool(changed.parameter) == bool(changed.header):
        yield place, "needs the name of the query parameter; add `parameter:`, or `header:` where it is a header"
    if changed.value is not None and "{since}" not in changed.value:
        yield (*place, "value"), "does not say where the moment goes; write {since} in its place"
    yield from _format((*place, "format"), changed.format)


def _asked(rules: Any) -> Iterator[Problem]:
    """Where it asks, how often, and by which parameters, each of which has one meaning."""
    if rules.path.startswith("//") or not re.fullmatch(r"[\x21-\x7e]+", rules.path) or set(rules.path) & set("?#"):
        yield ("fetch", "path"), "is no path; write for example /contacts, parameters under `query:`, blanks as %20"
    if rules.rate_limit and rules.rate_limit < SLOWEST_RATE:
        yield ("fetch", "rate_limit"), "is too slow for a worker of five minutes; write at least `1 per minute`"
    names = list(rules.query)
    for paging in filter(None, (rules.paging, rules.paging.inside)):
        if paging.kind not in ("none", "window"):
            names += filter(None, (paging.parameter, paging.size_parameter))
        names += filter(None, (paging.from_parameter, paging.to_parameter))
    if rules.changed_since and rules.changed_since.parameter:
        names.append(rules.changed_since.parameter)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield ("fetch",), f"the query parameter {name!r} is used for two things; give each its own"
    if rules.graphql and (rules.method == "GET" or rules.body is not None):
        yield ("fetch", "graphql"), "is asked by POST and is the whole body; write `method: POST` without `body:`"
    if rules.body is not None and rules.method == "GET":
        yield ("fetch", "body"), "is not sent by GET; write `method: POST`"


def _paging(place: tuple[str, ...], paging: Any) -> Iterator[Problem]:
    kind = paging.kind
    for field, what in NEEDS[kind].items():
        if getattr(paging, field) is None:
            example = f" {EXAMPLE[field]}" if field in EXAMPLE else ""
            yield place, f"{kind} paging needs {what}; add `{field}:{example}`"
    sized = {"size", "size_parameter"} if kind != "window" else set()
    known = {"kind", *sized, *NEEDS[kind], *ALSO.get(kind, ())}
    unknown = sorted(paging.model_fields_set - known)
    if unknown and kind == "none":
        yield place, f"asks once and needs no `{'`, no `'.join(unknown)}`; take that out or name the kind"
        return
    for field in unknown:
        yield (*place, field), f"means nothing to {kind} paging; take it out"
    if kind != "window":
        return
    yield from _format((*place, "format"), paging.format)
    least = timedelta(days=1) if _by_day(paging.format) else timedelta(seconds=1)
    if paging.span is not None and paging.span < least:
        yield (*place, "span"), "is shorter than what the format can tell; make it longer, for example `1 day`"
    if paging.inside:
        if paging.inside.kind == "window":
            yield (*place, "inside", "kind"), "is a window again; a window is asked for in pages of another kind"
        yield from _paging((*place, "inside"), paging.inside)


def _format(place: tuple[str, ...], form: str) -> Iterator[Problem]:
    if form in ("iso", "epoch", "epoch_ms"):
        return
    try:
        told = datetime(2024, 11, 23, 4, 5, 6, tzinfo=UTC).strftime(form)
    except ValueError:
        told = ""
    if not {"2024", "24"} & set(re.findall(r"2024|24", told)) or "23" not in told:
        yield place, f"{form!r} tells no day; write iso, epoch, epoch_ms or for example `%Y-%m-%d`"


def _by_day(form: str) -> bool:
    noon = datetime.combine(date(2024, 11, 23), datetime.min.time().replace(hour=12))
    try:
        return form not in ("iso", "epoch", "epoch_ms") and noon.strftime(form) == noon.replace(hour=13).strftime(form)
    except ValueError:
        return False
