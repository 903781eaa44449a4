"""Manifests as text: an empty one for each connector, and data sets drafted from what a source gave."""

import re
from collections.abc import Sequence

from hub.quality.profile import Keys, Profile
from infra.operate.stage import OperateError

HEAD = """name: {name}
description: What this application is, and who works with it.
owner: team@example.com       # who is asked when a pull fails
trust: 50                     # 0 to 100; where sources disagree the golden record prefers the higher

"""
TAIL = """    frequency: {class: daily, cron: "0 3 * * ? *"}        # in UTC unless time_zone says another
    keys: {business: [customer_id], change: updated_at}   # what identifies a row, what says that it changed
    columns:                  # what is not declared is kept in _extra and told; make try-source drafts them for you
      customer_id: {type: varchar, required: true, personal: id}
      full_name:   {type: varchar, personal: name}
      email:       {type: varchar, personal: email, check: email, on_failure: warn}
      updated_at:  {type: timestamp, required: true}
    entity:                   # which of the hub's words these are: docs/reference/manifest.md#entities
      customer:
        source_key: customer_id
        full_name: full_name
        email: email
        changed_at: updated_at
"""
KINDS = {
    "rest": """connector: rest
connection:
  base_url: https://api.example.com/v1
  authentication: {{kind: bearer, secret: /hub/{name}/token}}    # then: make secret NAME=/hub/{name}/token

data_sets:
  customers:
    description: One row per customer.
    fetch:
      path: /customers
      records: $.items        # where the list stands in an answer
      paging: {{kind: cursor, parameter: cursor, next: $.next_cursor, size: 200, size_parameter: limit}}
      changed_since: {{parameter: updated_since, column: updated_at, overlap: 10 minutes}}
      rate_limit: 5 per second
""",
    "sql": """connector: sql
connection:
  url: sqlite:////var/data/{name}.sqlite    # or postgresql://, mysql:// or sqlserver:// and <user>@<host>/<database>

data_sets:
  customers:
    description: One row per customer.
    fetch:
      table: customers        # or `query:`, one SELECT
      changed_since: {{column: updated_at, overlap: 10 minutes}}
""",
    "own": """connector: own
connection:
  file: {name}                # connectors/{name}.py
  settings: {{host: app.example.com}}
  authentication: {{kind: password, secret: /hub/{name}/user}}    # then: make secret NAME=/hub/{name}/user

data_sets:
  customers:
    description: One row per customer.
    fetch: {{changed_since: {{column: updated_at, overlap: 10 minutes}}}}
""",
    "files": """connector: files             # without a location: what is dropped by make drop SOURCE={name} FILE=...

data_sets:
  customers:
    description: One row per customer.
    fetch: {{pattern: "customers-*.csv", format: csv}}    # encoding, separator and header are worked out
""",
}

OWN = '''"""How the application is read; docs/how-to/write-a-connector.md says how to go on."""

from hub.sources import own


def connect(source, rules):
    return Application(source, rules)


class Application:
    def __init__(self, source, rules):
        self._settings, self._secret, self._rules = source.connection.settings, own.secret(source), rules

    def pieces(self, cursor, position):
        """The rows since `cursor` (of the last complete pull), from `position` (of the last committed page) on."""
        records, raw = [], b""
        yield own.piece(records, raw, self._rules, {"ended": True}, cursor or {}, last=True)
'''


def manifest(name: str, kind: str) -> str:
    """A commented manifest that is sound; OperateError where the name or the kind is none."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise OperateError(f"NAME={name!r} is no name; small letters, digits and _, beginning with a letter")
    if kind not in KINDS:
        raise OperateError(f"KIND={kind!r} is no connector; one of {', '.join(KINDS)}")
    return HEAD.format(name=name) + KINDS[kind].format(name=name) + TAIL


def data_set(table: str, columns: Sequence[Profile], keys: Keys) -> str:
    """A data set of a table, to be put under `data_sets:`."""
    names = {each.name: column_name(each.name) for each in columns}
    listed = [f"business: [{', '.join(names[key] for key in keys.business)}]"] if keys.business else []
    listed += [f"{kind}: {names[name]}" for kind in ("change", "deleted") if (name := getattr(keys, kind))]
    return (
        f"  {column_name(table)}:\n    description: One row per …\n    fetch: {{table: {quoted(table)}}}\n"
        "    frequency: {class: on-demand}\n"
        f"    keys: {{{', '.join(listed)}}}\n    columns:\n"
        + "".join(f"      {column(each, each.name in keys.business)}\n" for each in columns)
    )


def column(profile: Profile, required: bool = False) -> str:
    """A column's line."""
    name = column_name(profile.name)
    said = [f"source_name: {quoted(profile.name)}"] if name != profile.name else []
    said.append(f'type: "{profile.type}"' if "(" in profile.type else f"type: {profile.type}")
    if required or (profile.rows and profile.filled == profile.rows and profile.type == "timestamp"):
        said.append("required: true")
    if profile.format:
        said.append(f'format: "{profile.format}"')
    if profile.personal != "none":
        said.append(f"personal: {profile.personal}")
    if profile.personal in ("email", "phone") and profile.type == "varchar":
        said.append(f"check: {profile.personal}, on_failure: warn")
    return f"{name}: {{{', '.join(said)}}}"


def column_name(theirs: str) -> str:
    """`OrderID` -> order_id; `$.properties.email` -> email."""
    last = re.split(r"[.\]]", theirs.rstrip("]"))[-1] if theirs.startswith("$") else theirs.split(".")[-1]
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", last).lower()
    found = re.sub(r"[^a-z0-9]+", "_", apart).strip("_")
    return found if re.match("[a-z]", found) else f"c_{found}"


def quoted(text: str) -> str:
    """A name as YAML takes it within braces."""
    return text if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_ ]*", text) else "'" + text.replace("'", "''") + "'"
