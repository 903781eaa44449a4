"""The twins of tables that keep the newest row of a record: `<table>_history` keeps every version of it.

A twin is of kind `history` and is fed by the data sets alone whose manifest says `history: true`. Made without reading
SQL: functions that only list tables do not carry its parser.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from hub.models.names import CONFORMED, HISTORY
from hub.models.table import Column, Table

KNOWN = Column("timestamp", required=True, description="When the hub first had this version (UTC).", keep="least")


def with_twins(tables: Mapping[str, Table]) -> dict[str, Table]:
    """The tables, and the twin of each that has one."""
    twins = (twin(table) for table in tables.values() if table.history)
    return {**tables, **{each.full_name: each for each in twins}}


def twin(table: Table) -> Table:
    """The table of all versions; a history.sql of its own may leave columns out."""
    sql = table.history
    if sql == table.sql:
        sql = re.sub(rf"\b({CONFORMED}\.\w+)", rf"\1{HISTORY}", sql)
        sql = f"select\n    pulled_at as known_at,\n    _repeats,{sql[len('select') :]}"
    given = set(re.findall(r"\w+", sql))
    columns = {name: each for name, each in table.columns.items() if name in given and each.keep == "latest"}
    return replace(
        table,
        name=f"{table.name}{HISTORY}",
        description=f"Every version of the rows of {table.full_name}, of data sets that keep their history.",
        kind="history",
        columns={**columns, "known_at": KNOWN},
        sql=sql,
        partitions=(),
        foreign_keys=(),
        checks=(),
        history="",
        history_of=table.full_name,
    )
