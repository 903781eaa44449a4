"""Queries and relations of Trino SQL."""

from __future__ import annotations

from functools import lru_cache

from infra.local.athena.dialect import tree
from infra.local.athena.dialect.expression_parser import ExpressionParser

_JOINS = {"INNER": "INNER", "LEFT": "LEFT", "RIGHT": "RIGHT", "FULL": "FULL", "JOIN": "INNER", "CROSS": "CROSS"}


class Parser(ExpressionParser):
    """Recursive descent along Trino's grammar (SqlBase.g4). Raises BadStatement with line and column."""

    def query(self) -> tree.Query:
        where, ctes, recursive = self.next.where, [], False
        if self.take("WITH"):
            recursive = self.take("RECURSIVE")
            ctes = self.list_of(self._cte)
        body, order, offset, limit = self._ordered()
        return tree.Query(where, ctes, recursive, body, order, offset, limit)

    def _cte(self) -> tuple[str, list[str] | None, tree.Query]:
        name = self.name()
        columns = self.names() if self.is_op("(") else None
        self.expect("AS")
        self.expect_op("(")
        query = self.query()
        self.expect_op(")")
        return name, columns, query

    def _ordered(self) -> tuple[tree.Node, list[tree.Sort], int | None, int | None]:
        body = self._term()
        order: list[tree.Sort] = []
        offset = limit = None
        if self.take("ORDER", "BY"):
            order = self.list_of(self.sort)
        if self.take("OFFSET"):
            offset = self.integer()
            self.take_one("ROW", "ROWS")
        if self.take("LIMIT"):
            limit = None if self.take("ALL") else self.integer()
        elif self.take("FETCH"):
            if not self.take_one("FIRST", "NEXT"):
                raise self.fail("'FIRST', 'NEXT'")
            limit = self.integer() if self.next.kind == "integer" else 1
            if not self.take_one("ROW", "ROWS"):
                raise self.fail("'ROW', 'ROWS'")
            self.expect("ONLY")
        return body, order, offset, limit

    def _term(self) -> tree.Node:
        left = self._intersection()
        while self.next.upper in ("UNION", "EXCEPT"):
            where, op = self.next.where, self.advance().upper
            every = self._quantifier()
            left = tree.SetOperation(where, op, every, left, self._intersection())
        return left

    def _intersection(self) -> tree.Node:
        left = self._primary_query()
        while self.is_word("INTERSECT"):
            where = self.advance().where
            every = self._quantifier()
            left = tree.SetOperation(where, "INTERSECT", every, left, self._primary_query())
        return left

    def _quantifier(self) -> bool:
        return self.take_one("ALL", "DISTINCT") == "ALL"

    def _primary_query(self) -> tree.Node:
        where = self.next.where
        if self.is_word("SELECT"):
            return self._select()
        if self.take("VALUES"):
            return tree.Values(where, self.list_of(self.expression))
        if self.take("TABLE"):
            item = tree.Item(where, None, None)
            table = tree.Table(where, self.dotted())
            return tree.Select(where, False, [item], table, None, None, None, {})
        if self.take_op("("):
            inner = self._ordered()
            self.expect_op(")")
            return tree.Query(where, [], False, *inner)
        raise self.fail("'(', 'SELECT', 'TABLE', 'VALUES', 'WITH'")

    def _select(self) -> tree.Select:
        where = self.next.where
        self.expect("SELECT")
        distinct = self.take_one("DISTINCT", "ALL") == "DISTINCT"
        items = self.list_of(self._item)
        relation = self._from() if self.take("FROM") else None
        condition = self.expression() if self.take("WHERE") else None
        groups = None
        if self.take("GROUP", "BY"):
            self.take_one("ALL") if self.peek().kind != "end" and not self.is_op(",") else None
            groups = self.list_of(self._grouping)
        having = self.expression() if self.take("HAVING") else None
        windows = dict(self.list_of(self._named_window)) if self.take("WINDOW") else {}
        return tree.Select(where, distinct, items, relation, condition, groups, having, windows)

    def _item(self) -> tree.Item:
        where = self.next.where
        if self.take_op("*"):
            return tree.Item(where, None, None)
        if prefix := self._star_prefix():
            return tree.Item(where, None, None, prefix)
        expression = self.expression()
        alias = None
        if self.take("AS") or (self.is_name() and not self._begins_row_count()):
            alias = self._alias()
        return tree.Item(where, expression, alias)

    def _begins_row_count(self) -> bool:
        """LIMIT and its like are names too: what follows tells `select 1 limit 1` from `select 1 limit`."""
        after = self.peek()
        counts = after.kind == "integer" or after.text == "?" or after.upper in ("ALL", "FIRST", "NEXT")
        return counts and self.next.upper in ("LIMIT", "OFFSET", "FETCH")

    def _alias(self) -> str:
        """Aliases keep the case that they were written in for the result header only when quoted; Athena lowers."""
        return self.name()

    def _star_prefix(self) -> tuple[str, ...] | None:
        ahead = 0
        while self.is_name(ahead) and self.peek(ahead + 1).text == ".":
            ahead += 2
            if self.peek(ahead).kind == "op" and self.peek(ahead).text == "*":
                parts = tuple(self.peek(i).text.lower() for i in range(0, ahead, 2))
                self.at += ahead + 1
                return parts
        return None

    def _grouping(self) -> tuple[str, list[list[tree.Node]]]:
        if self.take("ROLLUP"):
            return "rollup", [[e] for e in self.in_brackets(self.expression)]
        if self.take("CUBE"):
            return "cube", [[e] for e in self.in_brackets(self.expression)]
        if self.take("GROUPING", "SETS"):
            return "sets", self.in_brackets(self._grouping_set)
        return "simple", [self._grouping_set()]

    def _grouping_set(self) -> list[tree.Node]:
        if self.is_op("(") and self.peek().text == ")":
            self.at += 2
            return []
        expression = self.expression()
        return expression.items if isinstance(expression, tree.Row) else [expression]

    def _named_window(self) -> tuple[str, tree.Window]:
        name = self.name()
        self.expect("AS")
        return name, self.window()

    def _from(self) -> tree.Node:
        left = self._relation()
        while self.is_op(","):
            where = self.advance().where
            left = tree.Join(where, "CROSS", left, self._relation())
        return left

    def _relation(self) -> tree.Node:
        left = self._sampled()
        while self.next.upper in _JOINS or self.is_word("NATURAL"):
            where = self.next.where
            if self.take("NATURAL"):
                raise self.refuse("NATURAL JOIN", where)
            kind = _JOINS[self.advance().upper]
            if kind in ("LEFT", "RIGHT", "FULL"):
                self.take("OUTER")
            if self.all[self.at - 1].upper != "JOIN":
                self.expect("JOIN")
            if kind == "CROSS":
                left = tree.Join(where, kind, left, self._sampled())
                continue
            right = self._relation_of_join()
            if self.take("ON"):
                left = tree.Join(where, kind, left, right, on=self.expression())
            else:
                self.expect("USING")
                left = tree.Join(where, kind, left, right, using=self.names())
        return left

    def _relation_of_join(self) -> tree.Node:
        """The right side of JOIN ... ON; `a JOIN b JOIN c ON .. ON ..` nests to the right as in Trino."""
        right = self._sampled()
        while self.next.upper in _JOINS:
            mark = self.at
            where, kind = self.next.where, _JOINS[self.advance().upper]
            if kind == "CROSS":
                self.at = mark
                break
            if kind != "INNER":
                self.take("OUTER")
            if self.all[self.at - 1].upper != "JOIN":
                self.expect("JOIN")
            inner = self._relation_of_join()
            if self.take("ON"):
                right = tree.Join(where, kind, right, inner, on=self.expression())
            elif self.take("USING"):
                right = tree.Join(where, kind, right, inner, using=self.names())
            else:
                raise self.fail("'ON', 'USING'")
        return right

    def _sampled(self) -> tree.Node:
        relation = self._aliased()
        if self.is_word("TABLESAMPLE"):
            raise self.refuse("TABLESAMPLE", self.next.where)
        if self.is_word("MATCH_RECOGNIZE"):
            raise self.refuse("MATCH_RECOGNIZE", self.next.where)
        return relation

    def _aliased(self) -> tree.Node:
        where = self.next.where
        relation = self._primary_relation()
        named = self.take("AS")
        stops = ("TABLESAMPLE", "MATCH_RECOGNIZE", "WINDOW", "OFFSET", "LIMIT", "FETCH", "SET")
        if not named and (not self.is_name() or self.next.upper in stops):
            return relation
        name = self.name()
        columns = self.names() if self.is_op("(") else None
        return tree.Aliased(where, relation, name, columns)

    def _primary_relation(self) -> tree.Node:
        where = self.next.where
        if self.take("LATERAL"):
            self.expect_op("(")
            query = self.query()
            self.expect_op(")")
            return tree.Derived(where, query, lateral=True)
        if self.take("UNNEST"):
            items = self.in_brackets(self.expression)
            return tree.Unnest(where, items, self.take("WITH", "ORDINALITY"))
        if self.is_op("("):
            return self._bracketed_relation()
        table = tree.Table(where, self.dotted())
        if self.is_op("("):
            raise self.fail()
        if self.is_word("FOR") and self.peek().upper in ("TIMESTAMP", "VERSION", "SYSTEM_TIME", "SYSTEM_VERSION"):
            self.advance()
            kind = self.advance().upper.replace("SYSTEM_TIME", "TIMESTAMP").replace("SYSTEM_VERSION", "VERSION")
            self.expect("AS", "OF")
            table.version = (kind, self.value_expression())
        return table

    def _bracketed_relation(self) -> tree.Node:
        """( query ) or ( relation ): decided by trying the query first."""
        where, mark = self.next.where, self.at
        inside = self.at
        while self.all[inside].text == "(" and self.all[inside].kind == "op":
            inside += 1
        if self.all[inside].upper in ("SELECT", "WITH", "VALUES", "TABLE"):
            try:
                self.advance()
                query = self.query()
                self.expect_op(")")
                return tree.Derived(where, query, lateral=False)
            except self.Mismatch:
                if inside == mark + 1:
                    raise
                self.at = mark
        self.expect_op("(")
        relation = self._from()
        self.expect_op(")")
        return relation


@lru_cache(maxsize=16)  # a statement is parsed when it is asked for and when it runs; nobody changes a tree
def parse_query(sql: str) -> tree.Query:
    """The tree of one query. Raises BadStatement."""
    parser = Parser(sql)
    query = parser.query()
    parser.end()
    return query
