"""Reads the outer shape of every statement that Athena takes: which kind it is, on what, with which clauses."""

from __future__ import annotations

from typing import Any

from infra.local.athena.dialect.cursor import Cursor
from infra.local.athena.dialect.lexer import Token
from infra.local.athena.statements import ColumnSpec, Property, Statement

QUERIES = ("SELECT", "WITH", "VALUES", "TABLE")
HIVE_NAMES = ("word", "quoted", "back")


class StatementParser(Cursor):
    """Recursive descent over one statement. Raises BadStatement with line and column."""

    def __init__(self, sql: str) -> None:
        super().__init__(sql)
        last = self.all[-2] if len(self.all) > 1 else self.all[-1]
        if last.kind == "op" and last.text == ";":
            self.all.pop(-2)
            sql = sql[: last.start]
        self._text = sql.strip()
        self._sql_end = len(sql.rstrip())

    def statement(self) -> Statement:
        self._only_one()
        first = self.next.upper
        if first in QUERIES or self.is_op("("):
            return self._made("query")
        reader = getattr(self, f"_{first.lower()}", None) if first in _STARTS else None
        if reader is None:
            raise self.fail()
        self.advance()
        statement: Statement = reader()
        return statement

    def _only_one(self) -> None:
        for place, token in enumerate(self.all):
            if token.kind == "op" and token.text == ";":
                self.at = place
                raise self.fail("<EOF>")

    def _made(self, kind: str, **fields: Any) -> Statement:
        return Statement(kind, self._text, **fields)

    def _done(self, kind: str, **fields: Any) -> Statement:
        """A statement that must end here."""
        self.end()
        return self._made(kind, **fields)

    def _rest(self) -> str:
        """The source text from here to the end."""
        text = self.sql[self.next.start : self._sql_end]
        self.at = len(self.all) - 1
        return text

    # --- statements on rows: only the target is read, the rest is the engine's

    def _explain(self) -> Statement:
        return self._made("explain")

    def _insert(self) -> Statement:
        self.expect("INTO")
        return self._made("insert", table=self._name())

    def _merge(self) -> Statement:
        self.expect("INTO")
        return self._made("merge", table=self._name())

    def _update(self) -> Statement:
        return self._made("update", table=self._name())

    def _delete(self) -> Statement:
        self.expect("FROM")
        return self._made("delete", table=self._name())

    def _unload(self) -> Statement:
        query = self._bracketed()
        self.expect("TO")
        location = self.string()
        properties = self._with() if self.take("WITH") else {}
        return self._done("unload", query=query, location=location, properties=properties)

    def _optimize(self) -> Statement:
        table = self._name()
        self.expect("REWRITE", "DATA", "USING", "BIN_PACK")
        if self.take("WHERE"):
            return self._made("optimize", table=table, where=self._rest())
        return self._done("optimize", table=table)

    def _vacuum(self) -> Statement:
        return self._done("vacuum", table=self._name())

    def _prepare(self) -> Statement:
        name = self._identifier()
        self.expect("FROM")
        return self._made("prepare", table=(None, name), query=self._rest())

    def _execute(self) -> Statement:
        name = self._identifier()
        arguments = self._arguments() if self.take("USING") else ()
        return self._done("execute", table=(None, name), arguments=arguments)

    def _deallocate(self) -> Statement:
        self.expect("PREPARE")
        return self._done("deallocate", table=(None, self._identifier()))

    def _arguments(self) -> tuple[str, ...]:
        """The source texts between the commas that stand outside brackets."""
        found, depth, start = [], 0, self.next.start
        while self.next.kind != "end":
            token = self.advance()
            depth += (token.text in "([") - (token.text in ")]") if token.kind == "op" else 0
            if token.kind == "op" and token.text == "," and depth == 0:
                found.append(self.sql[start : token.start].strip())
                start = token.end
        return (*found, self.sql[start : self._sql_end].strip())

    # --- CREATE, DROP

    def _create(self) -> Statement:
        if self.take("OR", "REPLACE"):
            return self._view(replace=True)
        if self.is_word("VIEW"):
            return self._view(replace=False)
        if self.take_one("DATABASE", "SCHEMA"):
            return self._database()
        external = self.take("EXTERNAL")
        self.expect("TABLE")
        missing = self.take("IF", "NOT", "EXISTS")
        table = self._name()
        if not external and (self.is_word("WITH") or self.is_word("AS")):
            return self._table_as(table, missing)
        return self._table(table, external, missing)

    def _view(self, replace: bool) -> Statement:
        self.expect("VIEW")
        table = self._name()
        self.expect("AS")
        return self._made("create_view", table=table, replace=replace, query=self._rest())

    def _database(self) -> Statement:
        missing = self.take("IF", "NOT", "EXISTS")
        name = self._identifier()
        fields: dict[str, Any] = {}
        if self.take("COMMENT"):
            fields["comment"] = self.string()
        if self.take("LOCATION"):
            fields["location"] = self.string()
        if self.take("WITH"):
            self.expect("DBPROPERTIES")
            fields["properties"] = self._pairs()
        return self._done("create_database", table=(None, name), if_exists=missing, **fields)

    def _table_as(self, table: tuple[str | None, str], missing: bool) -> Statement:
        properties = self._with() if self.take("WITH") else {}
        self.expect("AS")
        query, with_data = self._rest(), True
        tail = [token.upper for token in self.all[-5:-1]]
        for words in (["WITH", "NO", "DATA"], ["WITH", "DATA"]):
            if tail[-len(words) :] == words:
                with_data = len(words) == 2
                query = self.sql[self.sql.index(query) : self.all[-1 - len(words)].start].strip()
        return self._made(
            "ctas", table=table, if_exists=missing, properties=properties, query=query, with_data=with_data
        )

    def _table(self, table: tuple[str | None, str], external: bool, missing: bool) -> Statement:
        fields: dict[str, Any] = {
            "table": table,
            "if_exists": missing,
            "columns": tuple(self.in_brackets(self._column)),
        }
        transforms: list[str] = []
        while self.next.kind != "end":
            self._table_clause(fields, transforms)
        iceberg = str(fields.get("properties", {}).get("table_type", "")).upper() == "ICEBERG"
        if (iceberg and external) or (not iceberg and not external):
            raise self.fail("a table of type ICEBERG without EXTERNAL, or an EXTERNAL table of another type")
        if iceberg:
            return self._made("create_iceberg_table", transforms=tuple(transforms), **fields)
        columns = tuple(ColumnSpec(*text.replace("`", "").split(None, 1)) for text in transforms)
        return self._made("create_external_table", partition_columns=columns, **fields)

    def _table_clause(self, fields: dict[str, Any], transforms: list[str]) -> None:
        storage = fields.setdefault("storage", {})
        if self.take("COMMENT"):
            fields["comment"] = self.string()
        elif self.take("PARTITIONED", "BY"):
            transforms += self.in_brackets(self._source)
        elif self.take("CLUSTERED", "BY"):
            self.in_brackets(self._source)
            self.expect("INTO")
            self.integer()
            self.expect("BUCKETS")
        elif self.take("ROW", "FORMAT"):
            self._row_format(fields)
        elif self.take("WITH", "SERDEPROPERTIES"):
            fields["serde_properties"] = self._pairs()
        elif self.take("STORED", "AS", "INPUTFORMAT"):
            storage["input"] = self.string()
            self.expect("OUTPUTFORMAT")
            storage["output"] = self.string()
        elif self.take("STORED", "AS"):
            storage["format"] = self._identifier().upper()
        elif self.take("LOCATION"):
            fields["location"] = self.string()
        elif self.take("TBLPROPERTIES"):
            fields["properties"] = self._pairs()
        else:
            raise self.fail("'COMMENT', 'LOCATION', 'PARTITIONED', 'ROW', 'STORED', 'TBLPROPERTIES', 'WITH'")

    def _row_format(self, fields: dict[str, Any]) -> None:
        if self.take("SERDE"):
            fields["storage"]["serde"] = self.string()
            return
        self.expect("DELIMITED")
        fields["storage"]["serde"] = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
        found = fields.setdefault("serde_properties", {})
        names = {
            ("FIELDS",): "field.delim",
            ("COLLECTION", "ITEMS"): "collection.delim",
            ("MAP", "KEYS"): "mapkey.delim",
            ("LINES",): "line.delim",
        }
        while words := next((words for words in names if self.take(*words)), None):
            self.expect("TERMINATED", "BY")
            found[names[words]] = self.string()
            if self.take("ESCAPED", "BY"):
                found["escape.delim"] = self.string()
        if self.take("NULL", "DEFINED", "AS"):
            found["serialization.null.format"] = self.string()

    def _column(self) -> ColumnSpec:
        name = self._identifier()
        kind = self._source(stop=("COMMENT",))
        return ColumnSpec(name, kind, self.string() if self.take("COMMENT") else "")

    def _drop(self) -> Statement:
        what = self.take_one("TABLE", "VIEW", "DATABASE", "SCHEMA")
        if what is None:
            raise self.fail("'DATABASE', 'SCHEMA', 'TABLE', 'VIEW'")
        exists = self.take("IF", "EXISTS")
        if what in ("TABLE", "VIEW"):
            return self._done(f"drop_{what.lower()}", table=self._name(), if_exists=exists)
        name = self._identifier()
        cascade = self.take_one("CASCADE", "RESTRICT") == "CASCADE"
        return self._done("drop_database", table=(None, name), if_exists=exists, cascade=cascade)

    # --- ALTER, MSCK

    def _alter(self) -> Statement:
        self.expect("TABLE")
        table = self._name()
        if self.take("ADD", "COLUMNS"):
            return self._done("add_columns", table=table, columns=tuple(self.in_brackets(self._column)))
        if self.take("DROP", "COLUMN"):
            return self._done("drop_column", table=table, columns=(ColumnSpec(self._identifier(), ""),))
        if self.take("SET", "TBLPROPERTIES"):
            return self._done("set_properties", table=table, properties=self._pairs())
        verb = self.take_one("ADD", "DROP")
        if verb is None:
            raise self.fail("'ADD COLUMNS', 'ADD PARTITION', 'DROP COLUMN', 'DROP PARTITION', 'SET TBLPROPERTIES'")
        exists = self.take("IF", "NOT", "EXISTS") if verb == "ADD" else self.take("IF", "EXISTS")
        partitions = []
        while self.take("PARTITION"):
            values = dict(self.in_brackets(self._partition_value))
            partitions.append((values, self.string() if self.take("LOCATION") else None))
            self.take_op(",")
        if not partitions:
            raise self.fail("'PARTITION'")
        return self._done(f"{verb.lower()}_partitions", table=table, if_exists=exists, partitions=tuple(partitions))

    def _partition_value(self) -> tuple[str, str]:
        name = self._identifier()
        self.expect_op("=")
        return name, self.advance().text

    def _msck(self) -> Statement:
        self.expect("REPAIR", "TABLE")
        return self._done("msck", table=self._name())

    # --- SHOW, DESCRIBE

    def _show(self) -> Statement:
        if self.take_one("DATABASES", "SCHEMAS"):
            return self._done("show_databases", pattern=self._pattern())
        if what := self.take_one("TABLES", "VIEWS"):
            database = self._identifier() if self.take_one("IN", "FROM") else None
            return self._done(f"show_{what.lower()}", table=(database, ""), pattern=self._pattern())
        if self.take("COLUMNS"):
            return self._show_columns()
        if self.take("PARTITIONS"):
            return self._done("show_partitions", table=self._name())
        if self.take("TBLPROPERTIES"):
            table = self._name()
            wanted = self.in_brackets(self.string)[0] if self.is_op("(") else None
            return self._done("show_properties", table=table, pattern=wanted)
        self.expect("CREATE")
        what = self.take_one("TABLE", "VIEW")
        if what is None:
            raise self.fail("'TABLE', 'VIEW'")
        return self._done(f"show_create_{what.lower()}", table=self._name())

    def _show_columns(self) -> Statement:
        if not self.take_one("IN", "FROM"):
            raise self.fail("'FROM', 'IN'")
        database, name = self._name()
        if self.take_one("IN", "FROM"):
            database = self._identifier()
        return self._done("show_columns", table=(database, name))

    def _pattern(self) -> str | None:
        self.take("LIKE")
        return self.string() if self.next.kind == "string" else None

    def _describe(self) -> Statement:
        self.take_one("FORMATTED", "EXTENDED")
        return self._done("describe", table=self._name())

    def _desc(self) -> Statement:
        return self._describe()

    # --- parts

    def _identifier(self) -> str:
        """A name as Hive or Trino quotes it, in lower case."""
        if self.next.kind not in HIVE_NAMES:
            raise self.fail("<identifier>")
        return self.advance().text.lower()

    def _name(self) -> tuple[str | None, str]:
        """[catalogue.][database.]table"""
        parts = [self._identifier()]
        while self.take_op("."):
            parts.append(self._identifier())
        if len(parts) > 3:
            raise self.fail("a table name of at most three parts")
        return (parts[-2] if len(parts) > 1 else None), parts[-1]

    def _source(self, stop: tuple[str, ...] = ()) -> str:
        """The source text up to a comma or bracket that closes this list, or a stop word."""
        start, end, depth = self.next.start, self.next.start, 0
        while self.next.kind != "end":
            token = self.next
            if depth == 0 and (token.upper in stop or (token.kind == "op" and token.text in ",)")):
                break
            depth += _depth(token)
            end = self.advance().end
        if start == end:
            raise self.fail()
        return self.sql[start:end]

    def _bracketed(self) -> str:
        """The source text inside the brackets that open here."""
        self.expect_op("(")
        start, depth = self.next.start, 1
        while self.next.kind != "end":
            depth += _depth(self.next) if self.next.text in ("(", ")") else 0
            if depth == 0:
                return self.sql[start : self.advance().start].strip()
            self.advance()
        raise self.fail("')'")

    def _pairs(self) -> dict[str, str]:
        """('name' = 'value', ...)"""
        return dict(self.in_brackets(self._pair))

    def _pair(self) -> tuple[str, str]:
        name = self.string() if self.next.kind == "string" else self._identifier()
        self.expect_op("=")
        return name, self.advance().text

    def _with(self) -> dict[str, Property]:
        """(name = value, ...) where a value is a text, a number, a boolean or ARRAY['text', ...]."""
        return dict(self.in_brackets(self._property))

    def _property(self) -> tuple[str, Property]:
        name = self._identifier()
        self.expect_op("=")
        if self.take("ARRAY"):
            self.expect_op("[")
            values = self.list_of(self.string)
            self.expect_op("]")
            return name, values
        if word := self.take_one("TRUE", "FALSE"):
            return name, word == "TRUE"
        return name, self.integer() if self.next.kind == "integer" else self.string()


def _depth(token: Token) -> int:
    return (token.text in ("(", "<")) - (token.text in (")", ">")) if token.kind == "op" else 0


_STARTS = frozenset({
    "EXPLAIN", "INSERT", "MERGE", "UPDATE", "DELETE", "UNLOAD", "OPTIMIZE", "VACUUM", "PREPARE", "EXECUTE",
    "DEALLOCATE", "CREATE", "DROP", "ALTER", "MSCK", "SHOW", "DESCRIBE", "DESC",
})  # fmt: skip
