"""INSERT, UPDATE, DELETE and MERGE: their parse trees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from infra.local.athena.dialect import tree
from infra.local.athena.dialect.parser import Parser


@dataclass
class Insert(tree.Node):
    table: tuple[str, ...]
    columns: list[str] | None
    query: tree.Query


@dataclass
class Delete(tree.Node):
    table: tuple[str, ...]
    condition: tree.Node | None


@dataclass
class Update(tree.Node):
    table: tuple[str, ...]
    assignments: list[tuple[str, tree.Node]]
    condition: tree.Node | None


@dataclass
class When(tree.Node):
    """action: update, delete or insert; `columns` of an insert without a list is None."""

    action: str
    condition: tree.Node | None
    assignments: list[tuple[str, tree.Node]]
    columns: list[str] | None
    values: list[tree.Node]


@dataclass
class Merge(tree.Node):
    table: tuple[str, ...]
    alias: str | None
    source: tree.Node
    on: tree.Node
    whens: list[When]


class DmlParser(Parser):
    def statement(self) -> Insert | Delete | Update | Merge:
        where = self.next.where
        found: Insert | Delete | Update | Merge
        if self.take("INSERT", "INTO"):
            found = self._insert(where)
        elif self.take("DELETE", "FROM"):
            table = self.dotted()
            found = Delete(where, table, self.expression() if self.take("WHERE") else None)
        elif self.take("UPDATE"):
            found = self._update(where)
        else:
            self.expect("MERGE", "INTO")
            found = self._merge(where)
        self.end()
        return found

    def _insert(self, where: tree.Where) -> Insert:
        table = self.dotted()
        columns = None
        if self.is_op("(") and not self._starts_query():
            columns = self.names()
        return Insert(where, table, columns, self.query())

    def _update(self, where: tree.Where) -> Update:
        table = self.dotted()
        self.expect("SET")
        assignments = self.list_of(self._assignment)
        return Update(where, table, assignments, self.expression() if self.take("WHERE") else None)

    def _assignment(self) -> tuple[str, tree.Node]:
        name = self.name()
        self.expect_op("=")
        return name, self.expression()

    def _merge(self, where: tree.Where) -> Merge:
        table = self.dotted()
        alias = None
        if self.take("AS") or self.is_name():
            alias = self.name()
        self.expect("USING")
        source = self._relation()
        self.expect("ON")
        on = self.expression()
        whens = []
        while self.is_word("WHEN"):
            whens.append(self._when())
        if not whens:
            raise self.fail("'WHEN'")
        return Merge(where, table, alias, source, on, whens)

    def _when(self) -> When:
        where = self.next.where
        self.expect("WHEN")
        matched = not self.take("NOT")
        self.expect("MATCHED")
        condition = self.expression() if self.take("AND") else None
        self.expect("THEN")
        if not matched:
            return self._when_insert(where, condition)
        if self.take("DELETE"):
            return When(where, "delete", condition, [], None, [])
        self.expect("UPDATE", "SET")
        return When(where, "update", condition, self.list_of(self._assignment), None, [])

    def _when_insert(self, where: tree.Where, condition: tree.Node | None) -> When:
        self.expect("INSERT")
        columns = self.names() if self.is_op("(") else None
        self.expect("VALUES")
        return When(where, "insert", condition, [], columns, self.in_brackets(self.expression))


@lru_cache(maxsize=16)  # as queries are
def parse_dml(sql: str) -> Insert | Delete | Update | Merge:
    """Raises BadStatement."""
    return DmlParser(sql).statement()
