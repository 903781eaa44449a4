"""What must hold between the fields of a manifest. Each rule says the place, what is wrong and what to do."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hub.access.permissions import GRANTABLE, ROLES
from hub.config import checking, databases, files, histories, push, rest_rules, values
from hub.config.base import NAME
from hub.config.entities import ENTITIES, VAULT_ONLY
from hub.config.models import DataSet, HubConfig, key_columns

LONGEST_TIMEOUT = 60  # seconds; a worker has five minutes, and asks again
HUBS_OWN = re.compile(r"/(aws|ssm)(/.*)?|/hub/[^/]+/(token-key|link-keys)", re.IGNORECASE)

RESERVED = ("pull_id", "pull_date")  # the partitions of every staging table

SMS_SENDER = r"(phone|pool)-[0-9a-f]{8,64}|(?=[0-9-]*[A-Za-z])[A-Za-z0-9-]{1,11}/[A-Z]{2}"

Say = Callable[[tuple[str | int, ...], str], str]
Problem = tuple[tuple[str | int, ...], str]


def hub(config: HubConfig, say: Say) -> list[str]:
    problems: list[Problem] = list(_zone(("time_zone",), config.time_zone))
    if not values.country(config.country):
        problems.append((("country",), f"{config.country!r} is no country; write its two letters, for example IN"))
    for at, address in enumerate(config.allow_list):
        mail = re.fullmatch(values.ADDRESS, f"someone{address}" if address.startswith("@") else address)
        if not mail and not re.fullmatch(values.NUMBER, address):
            remedy = "write someone@example.com, @example.com or, for texts, +919812345678"
            problems.append((("allow_list", at), f"{address!r} is no address; {remedy}"))
    for place, sent in ((("senders", "email"), config.senders.email), (("alarm_email",), config.alarm_email)):
        if sent is not None and not re.fullmatch(values.ADDRESS, sent):
            problems.append((place, f"{sent!r} is no address; write someone@example.com"))
    if config.senders.sms is not None and not re.fullmatch(SMS_SENDER, config.senders.sms):
        remedy = "write a number's id (phone-…), a pool's (pool-…) or a sender id with its country (HUBTEA/IN)"
        problems.append((("senders", "sms"), f"{config.senders.sms!r} sends no texts; {remedy}"))
    if config.domain is not None and not re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", config.domain):
        problems.append((("domain",), f"{config.domain!r} is no domain; write for example hub.example.com"))
    for name, client in config.clients.items():
        for at, scope in enumerate(client.scopes):
            if scope not in GRANTABLE:
                problems.append(
                    (
                        ("clients", name, "scopes", at),
                        f"{scope!r} is no permission; {checking.near(scope, sorted(GRANTABLE))}",
                    )
                )
    if config.quality.poor > config.quality.good:
        problems.append((("quality", "poor"), "is above `good`; what is poor is not good, write a lower percentage"))
    for role in config.quotas.roles:
        if role not in ROLES:
            problems.append(
                (("quotas", "roles", role), f"{role!r} is no shipped role; {checking.near(role, sorted(ROLES))}")
            )
    return [say(place, what) for place, what in problems]


def role(name: str, say: Say) -> list[str]:
    """Every problem of the name of a role of the organisation's own."""
    if re.fullmatch(NAME, name):
        return []
    return [say((name,), "is no name; write small letters, digits and _, beginning with a letter")]


def source(manifest: Any, say: Say) -> list[str]:
    """Every problem of a source's data sets."""
    problems: list[Problem] = list(_connection(manifest))
    for name, data_set in manifest.data_sets.items():
        for check in (_columns, _keys, _frequency, _filters, checking.rules, _entities, _fetch, _deletes):
            problems += [(("data_sets", name, *place), what) for place, what in check(data_set)]
        if manifest.connector == "sql":
            wrong = databases.fetch(data_set, manifest.connection.url)
            problems += [(("data_sets", name, "fetch", *place), what) for place, what in wrong]
        found = [*checking.references(manifest, name), *histories.asked(manifest, name)]
        problems += [(("data_sets", name, *place), what) for place, what in found]
    return [say(place, what) for place, what in problems]


def _connection(manifest: Any) -> Iterator[Problem]:
    connection = manifest.connection
    for field in ("base_url", "url"):
        if address := getattr(connection, field, None):
            yield from ((("connection", field), what) for what in _address(field, address))
    if manifest.connector == "files":
        yield from files.connection(connection)
    if manifest.connector == "sql":
        yield from databases.connection(connection)
    sign_in = getattr(connection, "authentication", None)
    if manifest.connector == "rest":
        yield from rest_rules.connection(manifest)
    elif manifest.connector == "push":
        yield from push.connection(connection)
    elif sign_in and sign_in.kind != "password":
        yield (
            ("connection", "authentication", "kind"),
            f"a {manifest.connector} source signs in by password; write that",
        )
    for field in ("authentication", "verification"):
        if HUBS_OWN.fullmatch(getattr(getattr(connection, field, None), "secret", None) or ""):
            yield ("connection", field, "secret"), "is not a source's; write a name such as /hub/crm/token"
    timeout = getattr(connection, "timeout", None)
    if timeout is not None and not 0 < timeout.total_seconds() <= LONGEST_TIMEOUT:
        yield (
            ("connection", "timeout"),
            f"is more than 0 and at most {LONGEST_TIMEOUT} seconds; write for example `30 seconds`",
        )


def _address(field: str, address: str) -> Iterator[str]:
    """What is wrong with where a source is; nothing of it is repeated, for it may hold a secret."""
    of = "http://host:port/path" if field == "base_url" else databases.EXAMPLE
    try:
        parts = urlsplit(address)
        whole = parts.port != 0 and bool(parts.hostname if field == "base_url" else parts.path.strip("/"))
    except ValueError:  # a port that is no number, half a bracket
        yield f"is no address; write {of}"
        return
    if not whole or re.search(r"[\s\x00-\x1f]", address) or (field == "base_url" and (parts.query or parts.fragment)):
        yield f"is no address; write {of}"
    if parts.password is not None or any(rest_rules.SECRET_NAME.search(name) for name, _ in parse_qsl(parts.query)):
        yield (
            "holds a password, which would be in every template; put it there by `make secret NAME=<name>` and "
            "name it under `authentication: {kind: …, secret: <name>}`"
        )


def _declared(place: tuple[str | int, ...], column: str | None, data_set: DataSet) -> Iterator[Problem]:
    if column is not None and column not in data_set.columns:
        yield place, f"{column!r} is not a declared column; {checking.near(column, data_set.columns)}"


def _zone(place: tuple[str | int, ...], name: str | None) -> Iterator[Problem]:
    yield from ((place, what) for what in values.zone(name))


def _columns(data_set: DataSet) -> Iterator[Problem]:
    source_names: dict[str, str] = {}
    for name, column in data_set.columns.items():
        place = ("columns", name)
        theirs = column.source_name or name
        if theirs in source_names:
            yield place, f"reads {theirs!r} as {source_names[theirs]!r} does; declare a source's column once"
        source_names[theirs] = name
        if theirs.startswith("$"):
            yield from _path((*place, "source_name"), theirs, data_set)
        if theirs in data_set.ignore:
            yield place, f"{theirs!r} is declared and ignored; take it out of one of them"
        if name in RESERVED:
            yield place, f"is the hub's own; give it another name and write `source_name: {theirs}`"
        if any(name.endswith(end) and name.removesuffix(end) in data_set.columns for end in ("_standard", "_latin")):
            yield place, "is the name of a computed column; choose another"
        if column.type.startswith("decimal"):
            precision, scale = map(int, re.findall(r"\d+", column.type))
            if not 1 <= precision <= 38 or scale > precision:
                yield (*place, "type"), f"{column.type} is not possible; at most 38 digits, the fraction within them"
        if (column.formats or column.time_zone) and column.type not in ("date", "timestamp"):
            yield (*place, "format"), f"is for dates and timestamps, this is {column.type}; take it out"
        elif column.format is not None:
            told = values.moment_formats(column.formats, column.type)
            yield from (((*place, "format"), what) for what in told)
        if column.personal == "name" and column.type != "varchar":
            yield (*place, "personal"), f"a name is varchar, this is {column.type}; change the type or take it out"
        yield from _zone((*place, "time_zone"), column.time_zone)
        for check in column.checks:
            yield from ((place, what) for what in values.argument(check, column))
        yield from (((*place, "default"), what) for what in checking.default(name, column, data_set))


def _path(place: tuple[str | int, ...], theirs: str, data_set: DataSet) -> Iterator[Problem]:
    """A field within fields."""
    if not re.fullmatch(values.PATH, theirs):
        yield place, f"{theirs!r} is no path; write for example $.properties.email or $.answers[name=email].values[0]"
    form = getattr(data_set.fetch, "format", "" if hasattr(data_set.fetch, "table") else "json")
    if form not in ("json", "jsonl"):
        yield place, "is a path, and only JSON has fields within fields; write the column's name"


def _keys(data_set: DataSet) -> Iterator[Problem]:
    for column in data_set.keys.business:
        yield from _declared(("keys", "business"), column, data_set)
        if column in data_set.columns and not data_set.columns[column].required:
            yield ("columns", column), "is part of the business key; add `required: true`"
    if len(set(data_set.keys.business)) < len(data_set.keys.business):
        yield ("keys", "business"), "names a column twice; write each once"
    for kind in ("change", "order", "deleted"):
        column = getattr(data_set.keys, kind)
        yield from _declared(("keys", kind), column, data_set)
        if column in data_set.columns:
            of, truth = data_set.columns[column].type, kind == "deleted"
            if (of == "boolean") is not truth or of == "json":
                must = "must be boolean" if truth else "cannot say what came later"
                yield ("keys", kind), f"{column!r} is {of}, which {must}; name another column or change its type"


def _frequency(data_set: DataSet) -> Iterator[Problem]:
    frequency = data_set.frequency
    if frequency.cron and frequency.rate:
        yield ("frequency",), "has a cron and a rate; keep one"
    if frequency.class_ == "on-demand" and frequency.expression:
        yield ("frequency",), "is on demand and has a schedule; keep one, or choose another class"
    pushed = isinstance(data_set.fetch, push.PushFetch) and frequency.class_ == "real-time"
    if pushed and frequency.expression:
        yield ("frequency",), "is real-time: what arrives is pulled within a minute; take the schedule out"
    if frequency.on_holidays != "pull" and not frequency.cron:
        yield ("frequency", "on_holidays"), "is for a cron; a rate knows no days, write `cron:` or take it out"
    if frequency.cron:
        yield from ((("frequency", "cron"), what) for what in values.cron(frequency.cron))
    if frequency.rate and not re.fullmatch(values.RATE, frequency.rate):
        yield ("frequency", "rate"), f"{frequency.rate!r} is not a rate; write for example `5 minutes` or `1 hour`"
    yield from _zone(("frequency", "time_zone"), frequency.time_zone)


def _filters(data_set: DataSet) -> Iterator[Problem]:
    for at, rule in enumerate(data_set.filters):
        if not rule.where:
            yield ("filters", at, "where"), "has no condition and would leave every row out; add one"
        for column, checks in rule.where.items():
            place = ("filters", at, "where", column)
            yield from _declared(place, column, data_set)
            for check in checks if column in data_set.columns else ():
                if check.rule in checking.ACROSS_ROWS:
                    yield place, f"{check.rule} looks at other rows, so it leaves none out; use it as a check"
                yield from ((place, what) for what in values.argument(check, data_set.columns[column]))


def _portable(place: tuple[str | int, ...], kind: str | None, expression: str, data_set: DataSet) -> Iterator[Problem]:
    from hub.models import lint  # functions that read no SQL do not carry its parser

    columns = {name: column.type for name, column in data_set.columns.items()}
    columns |= {f"{name}{end}": "varchar" for name, column in data_set.columns.items() for end in column.computed}
    messages = lint.expression(expression, columns)
    if not messages and kind not in (None, "varchar") and lint.gives_text(expression, columns):
        messages = [f"takes {kind}, but this is a text; write try_cast({expression} as {kind})"]
    yield from ((place, message) for message in messages)


def _entities(data_set: DataSet) -> Iterator[Problem]:
    for entity, mapping in data_set.entity.items():
        place = ("entity", entity)
        if entity not in ENTITIES:
            yield place, f"{entity!r} is not an entity; {checking.near(entity, ENTITIES)}"
            continue
        if "source_key" not in mapping:
            yield place, "does not map source_key; add it, as it says which record of the source this is"
        for column, expression in mapping.items():
            if column not in ENTITIES[entity]:
                yield (
                    (*place, column),
                    f"{column!r} is not a column of {entity}; {checking.near(column, ENTITIES[entity])}",
                )
            if column.endswith("source_key"):
                yield from _key(place, column, expression, data_set)
                continue
            if column not in VAULT_ONLY.get(entity, ()):
                yield from _shown((*place, column), expression, data_set)
            if re.fullmatch(r"[a-z_]\w*", expression) and expression not in ("null", "true", "false"):
                yield from _declared((*place, column), expression, data_set)
                yield from _typed((*place, column), ENTITIES[entity].get(column), expression, data_set)
            else:
                yield from _portable((*place, column), ENTITIES[entity].get(column), expression, data_set)
    if len({mapping.get("source_key") for mapping in data_set.entity.values()}) > 1:
        yield ("entity",), "the entities of one data set must share source_key; make another data set of the same rows"


def _shown(place: tuple[str | int, ...], expression: str, data_set: DataSet) -> Iterator[Problem]:
    """Personal columns in what reporting holds, where no person is."""
    words = set(re.findall(r"[a-z_]\w*", re.sub(r"'[^']*'", "", expression)))
    for name, column in data_set.columns.items():
        if column.personal != "none" and words & {name, *(name + end for end in column.computed)}:
            yield place, f"would put {name!r}, which is personal ({column.personal}), into reporting; take it out"


def _typed(place: tuple[str | int, ...], kind: str | None, name: str, data_set: DataSet) -> Iterator[Problem]:
    """A value that cannot be cast would fail every run, not this source alone."""
    column = data_set.columns.get(name)
    if kind and column and not values.fits(kind, column):
        yield place, f"takes {kind}, but {name!r} is {column.type}; declare it as {kind}, so that it is read as that"


def _key(place: tuple[str | int, ...], column: str, expression: str, data_set: DataSet) -> Iterator[Problem]:
    if column == "source_key" and expression == "_record_key":
        if data_set.keys.business:
            yield (*place, column), "_record_key is for data sets without a business key; name the key's columns"
        return
    columns = key_columns(expression)
    if columns is None:
        yield (
            (*place, column),
            f"{expression!r} must be a column or a list of columns, for a key is not computed; write the column alone",
        )
    for name in columns or []:
        yield from _declared((*place, column), name, data_set)
        if column == "source_key" and name in data_set.columns and not data_set.columns[name].required:
            yield ("columns", name), "is part of a source_key; add `required: true`"


def _fetch(data_set: DataSet) -> Iterator[Problem]:
    fetch = data_set.fetch
    changed = getattr(fetch, "changed_since", None)
    if changed:
        yield from _declared(("fetch", "changed_since", "column"), changed.column, data_set)
        column = data_set.columns.get(changed.column)
        if column and column.type in ("boolean", "json"):
            yield ("fetch", "changed_since", "column"), f"{column.type} cannot say when a row changed; name another"
    if hasattr(fetch, "paging"):
        yield from rest_rules.fetch(data_set)
    if hasattr(fetch, "table") and not data_set.keys.business:
        yield ("keys", "business"), "is missing; a database is read in the order of its business key"
    if isinstance(fetch, push.PushFetch):
        yield from push.fetch(data_set)
    if hasattr(fetch, "pattern"):
        theirs = {column.source_name or name for name, column in data_set.columns.items()} | set(data_set.ignore)
        yield from ((("fetch", *place), what) for place, what in files.fetch(fetch, theirs))


def _deletes(data_set: DataSet) -> Iterator[Problem]:
    if data_set.hard_deletes == "detect" and data_set.replaces is None:
        yield (
            ("hard_deletes",),
            "cannot be detected where `changed_since` or windows of time fetch only what changed: a row that is not in "
            "the answer may still be there; take out one of the two, or name the source's column of deletions under "
            "`keys.deleted`",
        )
    if data_set.replaces is None and "max_deleted_percent" in data_set.gate.model_fields_set:
        yield ("gate", "max_deleted_percent"), "guards nothing: this data set's deletions are not detected; take it out"
