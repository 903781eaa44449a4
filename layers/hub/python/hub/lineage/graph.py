"""From tables to the data sets that they are made of, worked out from the manifests and the models."""

from collections.abc import Iterable
from pathlib import Path

from hub import config
from hub.models import loader
from hub.models.graph import asked, depends_on
from hub.models.names import CONFORMED, HISTORY
from hub.models.text import references


class Lineage:
    """home: where the deployment and the models are."""

    def __init__(self, home: Path) -> None:
        self.deployment = config.read(home)
        self.tables = asked(loader.read(home), self.deployment)
        self._entities: dict[str, list[str]] = {}
        for source in self.deployment.sources.values():
            for name, data_set in source.data_sets.items():
                for entity in data_set.entity:
                    for read_as in (entity, *([f"{entity}{HISTORY}"] if data_set.history else ())):
                        self._entities.setdefault(f"{CONFORMED}.{read_as}", []).append(f"{source.name}.{name}")
        self._feeds: dict[str, frozenset[str]] = {}

    def feeds(self, table: str) -> frozenset[str]:
        """The data sets (`source.data_set`) that a table is made of, over any number of tables between."""
        if table not in self._feeds:
            self._feeds[table] = frozenset()  # a table may read its own last release
            if model := self.tables.get(table):
                own = {name for entity in references(model.sql) for name in self._entities.get(entity, ())}
                self._feeds[table] = frozenset(own).union(*(self.feeds(each) for each in self.reads(table)))
        return self._feeds[table]

    def reads(self, table: str) -> list[str]:
        """The tables that a table is directly made of."""
        named = references(self.tables[table].sql) & depends_on(self.tables[table])
        return sorted(named & self.tables.keys())

    def named(self, sql: str) -> list[str]:
        """The tables of a query."""
        return sorted(references(sql.lower()) & self.tables.keys())

    def data_sets(self, tables: Iterable[str]) -> list[str]:
        """All data sets behind some tables."""
        return sorted({name for table in tables for name in self.feeds(table)})
