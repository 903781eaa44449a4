"""The order in which tables are built: each after all that its SELECT and its foreign keys name."""

from collections.abc import Collection, Mapping

from hub.config import Deployment
from hub.errors import ConfigError
from hub.models.conformed import Staged
from hub.models.names import CONFORMED, CONTROL, HISTORY, IDENTITY
from hub.models.table import Table
from hub.models.text import references

ERASURE = "vault.erasure"
NAMED = "vault.customer"  # what the comparison of names of firms reads
OF_FIRMS = frozenset({f"{IDENTITY}.company", f"{IDENTITY}.company_like"})
MATCHED = ("vault.source_customer", "vault.match_decision")  # what the matching of a run reads


def depends_on(table: Table) -> set[str]:
    """Tables that must be built before; a table may read its own last release, which is no dependency."""
    named = references(table.sql) | {each.references for each in table.foreign_keys}
    found = {name for name in named if name.split(".")[0] not in (CONFORMED, CONTROL, IDENTITY)}
    if reads_matching(table):
        found.update(MATCHED)
    if reads_firms(table):
        found.add(NAMED)
    if any(name.startswith(CONFORMED) for name in named):
        found.add(ERASURE)  # the erased are left out wherever staging is read
    if table.history_of:
        found.add(table.history_of)  # a history begins with what it still has
    return found - {table.full_name}


def reads_matching(table: Table) -> bool:
    """Whether a table is made of what the run's matching says."""
    return any(name.startswith(f"{IDENTITY}.") for name in references(table.sql) - OF_FIRMS)


def reads_firms(table: Table) -> bool:
    """Whether a table is made of what the comparison of names of firms says."""
    return bool(references(table.sql) & OF_FIRMS)


def asked(tables: Mapping[str, Table], deployment: Deployment, released: Collection[str] = ()) -> dict[str, Table]:
    """The tables without the histories that no data set asks for, and without what reads these.

    A history that was released stays: what it holds is still read, and who is erased still leaves it.
    """
    staged = Staged(deployment, "", {}, "")
    left = {
        name
        for name, table in tables.items()
        if table.history_of and name not in released and not any(staged.givers(each) for each in histories(table))
    }
    while more := {name for name, table in tables.items() if depends_on(table) & left} - left:
        left |= more
    return {name: table for name, table in tables.items() if name not in left}


def histories(table: Table) -> list[str]:
    """The `<entity>_history` that a table reads."""
    named = (name.split(".") for name in references(table.sql))
    return sorted(short for zone, short in named if zone == CONFORMED and short.endswith(HISTORY))


def _checked(table: Table) -> set[str]:
    return {name for each in table.checks for name in references(each.sql)}


def waves(tables: dict[str, Table]) -> list[list[str]]:
    """Full names by wave: a wave needs only earlier ones. ConfigError for an unknown table or a circle."""
    needs = {name: depends_on(table) for name, table in tables.items()}
    problems = [
        f"{tables[name].file}:1: the SQL: reads {missing}, which is no model; correct the name or add it"
        for name in sorted(needs)
        for missing in sorted((needs[name] | _checked(tables[name])) - set(tables))
    ]
    if problems:
        raise ConfigError(problems)
    found: list[list[str]] = []
    built: set[str] = set()
    while len(built) < len(tables):
        wave = sorted(name for name in needs if name not in built and needs[name] <= built)
        if not wave:
            circle = ", ".join(sorted(set(needs) - built))
            raise ConfigError(
                [f"{tables[min(set(needs) - built)].file}:1: model.sql: {circle} need each other; break the circle"]
            )
        found.append(wave)
        built.update(wave)
    return found
