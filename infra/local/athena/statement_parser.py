"""Reads the outer shape of every statement that Athena takes: which kind it is, on what, with which clauses."""

from __future__ import annotations

from typing import Any

from infra.local.athena.statement_parts import PartsParser
from infra.local.athena.statements import ColumnSpec, Statement

QUERIES = ("SELECT", "WITH", "VALUES", "TABLE")


class StatementParser(PartsParser):
    """Recursive descent over one statement. Raises BadStatement with line and column."""

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
        return Statement(kind, self.text, **fields)

    def _done(self, kind: str, **fields: Any) -> Statement:
        """A statement that must end here."""
        self.end()
        return self._made(kind, **fields)

    # --- statements on rows: only the target is read, the rest is the engine's

    def _explain(self) -> Statement:
        return self._made("explain")

    def _insert(self) -> Statement:
        self.expect("INTO")
        return self._made("insert", table=self.table_name())

    def _merge(self) -> Statement:
        self.expect("INTO")
        return self._made("merge", table=self.table_name())

    def _update(self) -> Statement:
        return self._made("update", table=self.table_name())

    def _delete(self) -> Statement:
        self.expect("FROM")
        return self._made("delete", table=self.table_name())

    def _unload(self) -> Statement:
        query = self.bracketed()
        self.expect("TO")
        location = self.string()
        properties = self.assigned() if self.take("WITH") else {}
        return self._done("unload", query=query, location=location, properties=properties)

    def _optimize(self) -> Statement:
        table = self.table_name()
        self.expect("REWRITE", "DATA", "USING", "BIN_PACK")
        if self.take("WHERE"):
            return self._made("optimize", table=table, where=self.rest())
        return self._done("optimize", table=table)

    def _vacuum(self) -> Statement:
        return self._done("vacuum", table=self.table_name())

    def _prepare(self) -> Statement:
        name = self.identifier()
        self.expect("FROM")
        return self._made("prepare", table=(None, name), query=self.rest())

    def _execute(self) -> Statement:
        name = self.identifier()
        arguments = self.arguments() if self.take("USING") else ()
        return self._done("execute", table=(None, name), arguments=arguments)

    def _deallocate(self) -> Statement:
        self.expect("PREPARE")
        return self._done("deallocate", table=(None, self.identifier()))

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
        table = self.table_name()
        if not external and (self.is_word("WITH") or self.is_word("AS")):
            return self._table_as(table, missing)
        return self._table(table, external, missing)

    def _view(self, replace: bool) -> Statement:
        self.expect("VIEW")
        table = self.table_name()
        self.expect("AS")
        return self._made("create_view", table=table, replace=replace, query=self.rest())

    def _database(self) -> Statement:
        missing = self.take("IF", "NOT", "EXISTS")
        name = self.identifier()
        fields: dict[str, Any] = {}
        if self.take("COMMENT"):
            fields["comment"] = self.string()
        if self.take("LOCATION"):
            fields["location"] = self.string()
        if self.take("WITH"):
            self.expect("DBPROPERTIES")
            fields["properties"] = self.pairs()
        return self._done("create_database", table=(None, name), if_exists=missing, **fields)

    def _table_as(self, table: tuple[str | None, str], missing: bool) -> Statement:
        properties = self.assigned() if self.take("WITH") else {}
        self.expect("AS")
        query, with_data = self.rest(), True
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
            transforms += self.in_brackets(self.source)
        elif self.take("CLUSTERED", "BY"):
            self.in_brackets(self.source)
            self.expect("INTO")
            self.integer()
            self.expect("BUCKETS")
        elif self.take("ROW", "FORMAT"):
            self._row_format(fields)
        elif self.take("WITH", "SERDEPROPERTIES"):
            fields["serde_properties"] = self.pairs()
        elif self.take("STORED", "AS", "INPUTFORMAT"):
            storage["input"] = self.string()
            self.expect("OUTPUTFORMAT")
            storage["output"] = self.string()
        elif self.take("STORED", "AS"):
            storage["format"] = self.identifier().upper()
        elif self.take("LOCATION"):
            fields["location"] = self.string()
        elif self.take("TBLPROPERTIES"):
            fields["properties"] = self.pairs()
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
        name = self.identifier()
        kind = self.source(stop=("COMMENT",))
        return ColumnSpec(name, kind, self.string() if self.take("COMMENT") else "")

    def _drop(self) -> Statement:
        what = self.take_one("TABLE", "VIEW", "DATABASE", "SCHEMA")
        if what is None:
            raise self.fail("'DATABASE', 'SCHEMA', 'TABLE', 'VIEW'")
        exists = self.take("IF", "EXISTS")
        if what in ("TABLE", "VIEW"):
            return self._done(f"drop_{what.lower()}", table=self.table_name(), if_exists=exists)
        name = self.identifier()
        cascade = self.take_one("CASCADE", "RESTRICT") == "CASCADE"
        return self._done("drop_database", table=(None, name), if_exists=exists, cascade=cascade)

    # --- ALTER, MSCK

    def _alter(self) -> Statement:
        self.expect("TABLE")
        table = self.table_name()
        if self.take("ADD", "COLUMNS"):
            return self._done("add_columns", table=table, columns=tuple(self.in_brackets(self._column)))
        if self.take("DROP", "COLUMN"):
            return self._done("drop_column", table=table, columns=(ColumnSpec(self.identifier(), ""),))
        if self.take("SET", "TBLPROPERTIES"):
            return self._done("set_properties", table=table, properties=self.pairs())
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
        name = self.identifier()
        self.expect_op("=")
        return name, self.advance().text

    def _msck(self) -> Statement:
        self.expect("REPAIR", "TABLE")
        return self._done("msck", table=self.table_name())

    # --- SHOW, DESCRIBE

    def _show(self) -> Statement:
        if self.take_one("DATABASES", "SCHEMAS"):
            return self._done("show_databases", pattern=self._pattern())
        if what := self.take_one("TABLES", "VIEWS"):
            database = self.identifier() if self.take_one("IN", "FROM") else None
            return self._done(f"show_{what.lower()}", table=(database, ""), pattern=self._pattern())
        if self.take("COLUMNS"):
            return self._show_columns()
        if self.take("PARTITIONS"):
            return self._done("show_partitions", table=self.table_name())
        if self.take("TBLPROPERTIES"):
            table = self.table_name()
            wanted = self.in_brackets(self.string)[0] if self.is_op("(") else None
            return self._done("show_properties", table=table, pattern=wanted)
        self.expect("CREATE")
        what = self.take_one("TABLE", "VIEW")
        if what is None:
            raise self.fail("'TABLE', 'VIEW'")
        return self._done(f"show_create_{what.lower()}", table=self.table_name())

    def _show_columns(self) -> Statement:
        if not self.take_one("IN", "FROM"):
            raise self.fail("'FROM', 'IN'")
        database, name = self.table_name()
        if self.take_one("IN", "FROM"):
            database = self.identifier()
        return self._done("show_columns", table=(database, name))

    def _pattern(self) -> str | None:
        self.take("LIKE")
        return self.string() if self.next.kind == "string" else None

    def _describe(self) -> Statement:
        self.take_one("FORMATTED", "EXTENDED")
        return self._done("describe", table=self.table_name())

    def _desc(self) -> Statement:
        return self._describe()


_STARTS = frozenset({
    "EXPLAIN", "INSERT", "MERGE", "UPDATE", "DELETE", "UNLOAD", "OPTIMIZE", "VACUUM", "PREPARE", "EXECUTE",
    "DEALLOCATE", "CREATE", "DROP", "ALTER", "MSCK", "SHOW", "DESCRIBE", "DESC",
})  # fmt: skip
