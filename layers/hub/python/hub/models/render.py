"""From a model's one SELECT to the statements that keep its table up to date."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hub.models import clauses, graph, matching
from hub.models.clauses import Rows, batch_on, equal
from hub.models.conformed import Staged, sql_type
from hub.models.names import CONFORMED, CONTROL, IDENTITY, current, physical
from hub.models.table import HISTORY_TYPES, ForeignKey, Table
from hub.models.text import references, replace_tables

ALL_ROWS = "/*batch*/ true"  # replaced by a part of the rows when a write has too many partitions
# Of the zone control: they grow with what people ask and may be too long for one statement.
LISTS = ("erasure", "decision", "edit", "verified")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a step.

    batch_on: a whole number per partition by which the rows may be written in parts; None where they may not.
    once: it must not be done again after it has succeeded.
    """

    sql: str
    batch_on: str | None = None
    once: bool = False


@dataclass(frozen=True)
class Renderer:
    """Renders for one run.

    names: full name -> physical name, where they differ; released, released_names, released_columns: of the last
    release the snapshot ids, the names and the columns. control: tables of the zone `control` as (columns with types,
    rows of texts). seeded: the histories that begin with what the tables of the newest rows have.
    """

    tables: Mapping[str, Table]
    stage: str
    run_id: str
    staged: Staged
    names: Mapping[str, str] = field(default_factory=dict)
    released: Mapping[str, str] = field(default_factory=dict)
    released_names: Mapping[str, str] = field(default_factory=dict)
    released_columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    control: Mapping[str, tuple[Mapping[str, str], Rows]] = field(default_factory=dict)
    seeded: Collection[str] = ()

    def write(self, table: Table) -> list[Statement]:
        """The statements that bring the table to this run's state; doing them again from the first does no harm."""
        kinds = {"full": self._full, "append": self._append, "merge": self._merge, "history": self._history}
        return kinds[table.kind](table)

    def check(self, table: Table) -> str:
        """One query of (check_name, failures) with a row for each rule of the table."""
        rules = [*clauses.shape_rules(table), *((each.title, each.sql) for each in table.checks)]
        named = references(" ".join(sql for _, sql in rules))
        parts = [
            f"select {clauses.literal(title)} as check_name, count(*) as failures from (\n{_logical(sql)}\n) as broken"
            for title, sql in rules
        ]
        return "with\n\n" + ",\n\n".join(self._sources(named)) + "\n\n" + "\nunion all\n".join(parts)

    def restore(self, table: Table, released_run: str | None) -> list[Statement]:
        """Undo what runs after the released one have written: their rows go, rows that they replaced come back."""
        target = self._target(table)
        if released_run is None or table.full_name not in self.released:
            return [Statement(f"DELETE FROM {target} WHERE _run_id <> ''")]
        undo = [Statement(f"DELETE FROM {target} WHERE _run_id > '{released_run}'")]
        if table.kind in ("merge", "history"):
            columns, key = self._released_columns(table), clauses.identity(table)
            back = (
                f"INSERT INTO {target} ({', '.join(columns)})\n"
                f"SELECT {_of('old', columns)}\nFROM {self._last_release(table)} AS old\n"
                f"LEFT JOIN {target} AS kept ON {equal('kept', 'old', key)}\n"
                f"WHERE kept.{key[0]} IS NULL AND {ALL_ROWS}"
            )
            undo.append(Statement(back, batch_on(table, "old.")))
        return undo

    def take_over(self, table: Table, columns: Sequence[str]) -> list[Statement]:
        """Fill a table that is built anew with the rows of its predecessor, in the new types."""
        values = {name: f"old.{name}" for name in columns}
        if table.kind == "history":
            values.setdefault("valid_from", f"old.{table.order[0]}")
        casts = ", ".join(f"CAST({value} AS {sql_type(table.physical[name])})" for name, value in values.items())
        sql = (
            f"INSERT INTO {self._target(table)} ({', '.join(values)})\n"
            f"SELECT {casts}\nFROM {self._last_release(table)} AS old\nWHERE {ALL_ROWS}"
        )
        return [Statement(f"DELETE FROM {self._target(table)}"), Statement(sql, batch_on(table, "old."))]

    def forget(self, table: Table) -> Statement:
        """Delete the rows of erased persons."""
        keys = {name: "customer_id" if name == "customer_id" else "record_key" for name in table.personal_keys}
        theirs = " OR ".join(
            f"{name} IN (SELECT {key} FROM {self.staged.erasure} WHERE NOT _deleted)" for name, key in keys.items()
        )
        return Statement(f"DELETE FROM {self._target(table)} WHERE {theirs}")

    # the four kinds

    def _full(self, table: Table) -> list[Statement]:
        clear = Statement(f"DELETE FROM {self._target(table)} WHERE _run_id <> ''")
        listed = [name for name in LISTS if f"{CONTROL}.{name}" in references(table.sql)]
        if not listed:
            return [clear, self._insert(table, {})]
        columns, rows = self.control[listed[0]]
        parts = [self._insert(table, {listed[0]: (columns, part)}) for part in clauses.chunks(rows)]
        return [clear, *parts]

    def _append(self, table: Table) -> list[Statement]:
        return [
            Statement(f"DELETE FROM {self._target(table)} WHERE _run_id = '{self.run_id}'"),
            self._insert(table, {}),
        ]

    def _insert(self, table: Table, control: Mapping[str, tuple[Mapping[str, str], Rows]]) -> Statement:
        joins = there = ""
        for number, key in enumerate(table.held):
            joins += f"\nleft join {self._referenced(key, number, 'typed')}"
            unset = " or ".join(f"typed.{name} is null" for name in key.columns)
            there += f"\n    and ({unset} or r{number}.k0 is not null)"
        sql = (
            f"INSERT INTO {self._target(table)} ({', '.join(table.physical)})\n{self._typed(table, control)}"
            f"select {_of('typed', table.physical)}\nfrom typed{joins}\nwhere {ALL_ROWS}{there}"
        )
        return Statement(sql, batch_on(table, "typed."))

    def _merge(self, table: Table) -> list[Statement]:
        kept = table.kept
        columns, held = [*table.selected, "_deleted"], ["_held"] if table.held else []
        newest = clauses.rank(table.key, table.order)
        updated = [name for name in columns if name not in (*table.key, *kept)]
        sets = [
            *(f"{name} = s.{name}" for name in updated),
            *(f"{name} = false" for name in held),
            f"_run_id = {self._run}",
        ]
        write = (
            f"MERGE INTO {self._target(table)} AS t\nUSING (\n{self._typed(table, {})}select {', '.join(columns)}\n"
            f"from (\n    select {', '.join([*columns, newest])}\n    from typed\n) as ranked\n"
            f"where _rank = 1 and {ALL_ROWS}\n) AS s\nON {equal('t', 's', table.key)}\n"
            f"WHEN MATCHED AND ({clauses.newer(table, updated)})\nTHEN UPDATE SET {', '.join(sets)}\n"
            f"WHEN NOT MATCHED THEN INSERT ({', '.join([*columns, *held, '_run_id'])})\n"
            f"VALUES ({', '.join([*(f's.{name}' for name in columns), *('false' for _ in held), self._run])})"
        )
        found = [Statement(write, batch_on(table, ""))]
        if kept:
            found.append(Statement(self._extremes(table, kept)))
        if held:
            found.append(Statement(self._hold(table)))
        return found

    def _extremes(self, table: Table, kept: Mapping[str, str]) -> str:
        """Lower (or raise) the kept columns to the least (greatest) value that any row of the record has."""
        version = clauses.identity(table)
        given = ", ".join(f"{'min' if keep == 'least' else 'max'}({name}) as {name}" for name, keep in kept.items())
        beyond = " or ".join(
            f"s.{name} {'<' if keep == 'least' else '>'} t.{name} or (t.{name} is null and s.{name} is not null)"
            for name, keep in kept.items()
        )
        sets = ", ".join(
            f"{name} = coalesce({keep}(s.{name}, t.{name}), s.{name}, t.{name})" for name, keep in kept.items()
        )
        return (
            f"MERGE INTO {self._target(table)} AS t\nUSING (\n{self._typed(table, {})}"
            f"select {', '.join(version)}, {given}\n"
            f"from typed\ngroup by {', '.join(version)}\n) AS s\nON {equal('t', 's', version)}\n"
            f"WHEN MATCHED AND ({beyond}) THEN UPDATE SET {sets}, _run_id = {self._run}"
        )

    def _hold(self, table: Table) -> str:
        """Hide rows whose referenced row is missing, show those whose has come."""
        joins = [f"left join {self._referenced(key, number, 'f')}" for number, key in enumerate(table.held)]
        missing = [
            "(" + " and ".join([*(f"f.{name} is not null" for name in key.columns), f"r{number}.k0 is null"]) + ")"
            for number, key in enumerate(table.held)
        ]
        orphan = " or ".join(missing)
        return (
            f"MERGE INTO {self._target(table)} AS t\nUSING (\n"
            f"select {_of('f', table.key)}, ({orphan}) as missing\n"
            f"from {self._target(table)} as f\n" + "\n".join(joins) + "\n"
            f"where (f._held and not ({orphan})) or (not f._deleted and ({orphan}))\n"
            f") AS s\nON {equal('t', 's', table.key)}\n"
            f"WHEN MATCHED THEN UPDATE SET _held = s.missing, _deleted = s.missing, _run_id = {self._run}"
        )

    def _history(self, table: Table) -> list[Statement]:
        """Every version of a record, valid from its first order column until the next version.

        Of two rows of one moment the later stands: a pull that overlaps the last one makes no new version.
        """
        kept = table.kept
        columns, version = [*table.selected, "_deleted"], clauses.identity(table)
        updated = [name for name in columns if name not in (*version, *kept)]
        sets = [*(f"{name} = s.{name}" for name in updated), f"_run_id = {self._run}"]
        write = (
            f"MERGE INTO {self._target(table)} AS t\nUSING (\n{self._typed(table, {})}{self._versions(table)}"
            f") AS s\nON {equal('t', 's', version)}\n"
            f"WHEN MATCHED AND ({clauses.newer(table, updated)})\nTHEN UPDATE SET {', '.join(sets)}\n"
            f"WHEN NOT MATCHED THEN INSERT ({', '.join([*columns, 'valid_from', '_run_id'])})\n"
            f"VALUES ({_of('s', columns)}, s.{table.order[0]}, {self._run})"
        )
        found = [Statement(write, batch_on(table, ""))]
        if kept:
            found.append(Statement(self._extremes(table, kept)))
        return [*found, Statement(self._close(table))]

    def _versions(self, table: Table) -> str:
        """The newest row of each version in `typed`."""
        listed, version = ", ".join([*table.selected, "_deleted"]), clauses.identity(table)
        if table.history_of:
            return self._changes(table, listed, clauses.rank(version, table.order, "_repeats"))
        newest = clauses.rank(version, table.order)
        return (
            f"select {listed}\nfrom (\n    select {listed}, {newest}\n    from typed\n) as ranked\n"
            f"where _rank = 1 and {ALL_ROWS}\n"
        )

    def _changes(self, table: Table, listed: str, newest: str) -> str:
        """The same without what is there again (`_repeats`) as in the version before it, be that given or stored."""
        passing = (*table.key, *table.order, *table.kept)
        before = f"over (partition by {', '.join(table.key)} order by {', '.join(table.order)}, _given)"
        told = [name for name in (*table.selected, "_deleted") if name not in passing]
        same = " and ".join(f"lag({name}) {before} is not distinct from {name}" for name in told)
        return (
            f"select {listed}\nfrom (\n    select {listed}, _given, _repeats,\n"
            f"        lag({table.key[0]}) {before} is not null and {same} as _same\n    from (\n"
            f"        select {listed}, _repeats, 1 as _given\n        from (\n"
            f"            select {listed}, _repeats, {newest}\n            from typed\n        ) as ranked\n"
            f"        where _rank = 1\n        union all\n"
            f"        select {listed}, false as _repeats, 0 as _given\n        from {self._target(table)}\n"
            f"        where {table.key[0]} is not null\n    ) as beside\n) as compared\n"
            f"where _given = 1 and not (_repeats and _same)\n"
        )

    def _close(self, table: Table) -> str:
        """Let each version end where the next begins; one that is gone in its own moment ends when that was seen."""
        version, target = clauses.identity(table), self._target(table)
        order = f"over (partition by {', '.join(table.key)} order by {', '.join(table.order)})"
        following, seen = f"lead(valid_from) {order}", "known_at" if "known_at" in table.columns else "valid_from"
        ends = (
            f"case when {following} > valid_from then {following}\n"
            f"            else least(greatest(lead({seen}) {order}, valid_from),\n"
            f"                coalesce(lead(valid_from, 2) {order}, greatest(lead({seen}) {order}, valid_from))) end"
        )
        if table.history_of:  # of a source that asks no more nothing is known from this run on
            asking = ", ".join(clauses.literal(source) for source in self._asking(table)) or "''"
            now = f"cast({clauses.literal(self.control['run'][1][0]['started_at'])} as timestamp(6))"
            ends = f"case when source in ({asking}) then {ends}\n        else coalesce({ends}, valid_to, {now}) end"
        return (
            f"MERGE INTO {target} AS t\nUSING (\nselect {', '.join(version)}, next_from\n"
            f"from (\n    select {', '.join(version)}, valid_to,\n        {ends} as next_from\n    from {target}\n"
            f") as versions\n"
            f"where next_from is distinct from valid_to\n) AS s\nON {equal('t', 's', version)}\n"
            f"WHEN MATCHED THEN UPDATE SET valid_to = s.next_from, _run_id = {self._run}"
        )

    def _asking(self, table: Table) -> list[str]:
        """The sources that keep the history which the twin reads."""
        named = graph.histories(table)
        return sorted({source.name for name in named for source, _, _ in self.staged.givers(name)})

    # pieces

    @property
    def _run(self) -> str:
        return clauses.literal(self.run_id)

    def _target(self, table: Table) -> str:
        return current(table.full_name, self.stage, self.names)

    def _last_release(self, table: Table) -> str:
        name = self.released_names.get(table.full_name, table.name)
        return f"{physical(table.zone, self.stage)}.{name} FOR VERSION AS OF {int(self.released[table.full_name])}"

    def _typed(self, table: Table, control: Mapping[str, tuple[Mapping[str, str], Rows]]) -> str:
        """A WITH clause that ends with `typed`: the model's rows in the table's types, with the row columns."""
        casts = [f"cast(model.{name} as {sql_type(kind)}) as {name}" for name, kind in table.selected.items()]
        deleted = "coalesce(model._deleted, false)" if clauses.gives_deleted(table.sql) else "false"
        casts += [f"{deleted} as _deleted", f"cast({self._run} as varchar) as _run_id"]
        casts += ["coalesce(model._repeats, false) as _repeats"] if table.history_of else []
        listed = ",\n        ".join(casts)
        parts = [
            *self._sources(references(table.sql), table, control),
            f"model as (\n{_logical(table.sql)}\n)",
            f"typed as (\n    select\n        {listed}\n    from model{self._seeds(table)}\n)",
        ]
        return "with\n\n" + ",\n\n".join(parts) + "\n\n"

    def _seeds(self, table: Table) -> str:
        """What a history that begins knows from the table of the newest rows: staging has forgotten older pulls."""
        if table.full_name not in self.seeded:
            return ""
        values = {name: name for name in table.selected} | {"_as_of": "coalesce(_as_of, changed_at)"}
        values["known_at"] = f"cast({clauses.literal(self.control['run'][1][0]['started_at'])} as timestamp(6))"
        listed = ",\n        ".join(f"{value} as {name}" for name, value in values.items())
        asking = ", ".join(clauses.literal(source) for source in self._asking(table)) or "''"
        return (
            f"\n\n    union all\n\n    select\n        {listed},\n        false as _deleted, {self._run} as _run_id,"
            f" true as _repeats\n    from {self._target(self.tables[table.history_of])}\n"
            f"    where not _deleted and source in ({asking})"
        )

    def _sources(
        self,
        names: Iterable[str],
        own: Table | None = None,
        control: Mapping[str, tuple[Mapping[str, str], Rows]] | None = None,
    ) -> list[str]:
        """The named queries that stand for logical tables. own: the model's table, which it reads as last released."""
        found = []
        for name in sorted(names):
            zone, short = name.split(".")
            if zone == CONFORMED:
                query = self.staged.entity(short)
            elif zone == CONTROL:
                query = clauses.values(*{**self.control, **(control or {})}[short])
            elif zone == IDENTITY:
                query = matching.answer(short, self.stage, self.run_id)
            else:
                query = self._stored(self.tables[name], own is not None and own.full_name == name)
            found.append(f"{zone}_{short} as (\n{query}\n)")
        return found

    def _stored(self, table: Table, as_released: bool) -> str:
        if as_released and table.full_name not in self.released:
            return clauses.nothing(table.selected)
        wanted = {**table.selected, **(HISTORY_TYPES if table.kind == "history" else {})}
        if not as_released:
            return f"select {', '.join(wanted)} from {self._target(table)} where not _deleted"
        had = self.released_columns.get(table.full_name, table.physical)
        listed = (_as_of(name, kind, had.get(name)) for name, kind in wanted.items())
        return f"select {', '.join(listed)} from {self._last_release(table)} where not _deleted"

    def _released_columns(self, table: Table) -> list[str]:
        """The table's columns that its last release has already."""
        had = self.released_columns.get(table.full_name, table.physical)
        return [name for name in table.physical if name in had]

    def _referenced(self, key: ForeignKey, number: int, side: str) -> str:
        """A join's right side and condition: the keys of the referenced table, deleted ones too."""
        columns = ", ".join(f"{name} as k{at}" for at, name in enumerate(self.tables[key.references].key))
        on = " and ".join(f"{side}.{name} = r{number}.k{at}" for at, name in enumerate(key.columns))
        return f"(select distinct {columns} from {self._target(self.tables[key.references])}) as r{number} on {on}"


def _logical(sql: str) -> str:
    return replace_tables(sql, lambda name: name.replace(".", "_"))


def _as_of(name: str, kind: str, had: str | None) -> str:
    """A column as a release has it, in the type that it has now; null where it came later."""
    if had == kind:
        return name
    return f"cast({name if had else 'null'} as {sql_type(kind)}) as {name}"


def _of(side: str, columns: Iterable[str]) -> str:
    return ", ".join(f"{side}.{name}" for name in columns)
