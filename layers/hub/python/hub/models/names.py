"""Logical names in SQL text, physical names in the Glue catalogue."""

from collections.abc import Mapping
from typing import Protocol

ZONES = ("vault", "reporting")  # zones whose tables are models
STAGING = "staging"  # zone of what pulls wrote
CONFORMED = "conformed"  # zone of the common entities: rendered, no tables of its own
HISTORY = "_history"  # behind an entity or a table: all versions of its records
IDENTITY = "identity"  # zone of what the run's matching says: rendered over its scratch tables
CONTROL = "control"  # zone of what only the control table knows: rendered as rows


class Released(Protocol):
    """What a reader needs of a release."""

    @property
    def tables(self) -> Mapping[str, str]: ...
    @property
    def names(self) -> Mapping[str, str]: ...


def physical(zone: str, stage: str) -> str:
    """The Glue database of a zone: `vault` of stage `prod` is `prod_vault`."""
    return f"{stage.replace('-', '_')}_{zone}"


def staging_table(source: str, data_set: str, stage: str) -> str:
    return f"{physical(STAGING, stage)}.{source}_{data_set}"


def current(table: str, stage: str, names: Mapping[str, str] | None = None) -> str:
    """`reporting.customer` as `<stage>_reporting.customer`: the table as it is now, past any release."""
    zone, name = table.split(".")
    return f"{physical(zone, stage)}.{(names or {}).get(table, name)}"


def released(release: Released, table: str, stage: str) -> str:
    """`reporting.customer` as it stands in a release, for a FROM clause. KeyError if the release has no such table.

    The table still carries `_deleted`: readers see only rows where it is false.
    """
    return f"{current(table, stage, release.names)} FOR VERSION AS OF {int(release.tables[table])}"
