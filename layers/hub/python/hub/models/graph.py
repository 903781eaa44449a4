"""The order in which tables are built: each after all that its SELECT and its foreign keys name."""

from hub.errors import ConfigError
from hub.models.names import CONFORMED, CONTROL
from hub.models.table import Table
from hub.models.text import references

ERASURE = "vault.erasure"


def depends_on(table: Table) -> set[str]:
    """Tables that must be built before; a table may read its own last release, which is no dependency."""
    named = references(table.sql) | {each.references for each in table.foreign_keys}
    found = {name for name in named if name.split(".")[0] not in (CONFORMED, CONTROL)}
    if any(name.startswith(CONFORMED) for name in named):
        found.add(ERASURE)  # the erased are left out wherever staging is read
    return found - {table.full_name}


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
