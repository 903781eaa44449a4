"""Files of records and of truth as tables of DuckDB, with messages that say what is wrong with them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from hub.identity.statements import name as column_name
from hub.identity.statements import quoted
from infra.matching import mapping
from infra.matching.mapping import MatchError

SOURCE, TRUTH, PART = "given_records", "given_truth", "given_part"
ENDINGS = {".csv", ".tsv", ".txt", ".gz", ".parquet"}


def load(connection: duckdb.DuckDBPyConnection, named: str, key: str | None) -> list[str]:
    """The rows of one file, or of several of the same columns, as SOURCE with a source_key each; its columns."""
    whole = Path(named)
    paths = [whole] if whole.is_file() else [Path(part.strip()) for part in named.split(",") if part.strip()]
    if not paths:
        raise MatchError("CSV: names no file; write CSV=<file>, or CSV=<file>,<file>")
    # Rows without a key are numbered as they stand in the file; nothing else depends on their order.
    connection.execute(f"set preserve_insertion_order = {str(key is None).lower()}")
    columns = _read(connection, "given_rows", paths)
    connection.execute("set preserve_insertion_order = false")
    if key is None:
        chosen = "lpad(cast(rowid + 1 as varchar), 10, '0')"
    else:
        chosen = column_name(_one_of(key, columns, "MAP: key"))
        missing, twice = connection.execute(
            f"select count(*) - count({chosen}), count({chosen}) - count(distinct {chosen}) from given_rows"
        ).fetchall()[0]
        if missing or twice:
            what = f"{missing} records have no key" if missing else f"{twice} records repeat another one's key"
            raise MatchError(f"MAP: key={key}: {what}; name another column, or none, then rows are numbered")
    connection.execute(f"create view {SOURCE} as select {chosen} as source_key, * from given_rows").fetchall()
    if not connection.execute(f"select count(*) from {SOURCE}").fetchall()[0][0]:
        raise MatchError(f"CSV: {named}: has no rows")
    return columns


def truth(connection: duckdb.DuckDBPyConnection, named: str, columns: Sequence[str]) -> None:
    """TRUTH (source_key, truth) from a column of the records, or from a file of keys or of pairs."""
    path = Path(named)
    if path.suffix.lower() not in ENDINGS:
        column = column_name(_one_of(named, columns, "TRUTH"))
        connection.execute(f"create table {TRUTH} as select source_key, {column} as truth from {SOURCE}").fetchall()
        _check(connection, named)
        return
    told = _read(connection, "told", [path])
    if len(told) != 2:
        raise MatchError(
            f"TRUTH: {path.name}: has {len(told)} columns; two are needed: key and person, or left and right"
        )
    first, second = (column_name(each) for each in _columns(connection, "told"))
    if {each.strip().lower() for each in told} == {"left", "right"}:
        _of_pairs(connection, path, first, second)
    else:
        rows = f"select distinct {_key(first)} as source_key, trim({second}) as truth from told"
        connection.execute(f"create table {TRUTH} as {rows}").fetchall()
    _check(connection, path.name)


def _key(column: str) -> str:
    """As it is written where a record has that key, blanks and all; else without blanks at its ends."""
    return f"case when {column} in (select source_key from {SOURCE}) then {column} else trim({column}) end"


def _check(connection: duckdb.DuckDBPyConnection, named: str) -> None:
    """Each key is one record's, has one person, and at least one has any: else figures would be of something else."""
    none, unknown, several, known = connection.execute(f"""
        select
            (select count(*) from {TRUTH} where source_key is null),
            (select count(*) from {TRUTH} where source_key not in (select source_key from {SOURCE})),
            (select count(*) from (select 1 from {TRUTH} group by source_key having count(distinct truth) > 1)),
            (select count(*) from {TRUTH} where truth is not null)
    """).fetchall()[0]
    if none:
        raise MatchError(f"TRUTH: {named}: {none} of its lines have no key; fill them in, or leave them out")
    if unknown:
        raise MatchError(f"TRUTH: {named}: {unknown} of its keys are no record's; they must be those of MAP's key")
    if several:
        raise MatchError(f"TRUTH: {named}: {several} of its keys have two persons; leave the right one")
    if not known:
        raise MatchError(f"TRUTH: {named}: says of no record who it is; nothing can be measured by it")


def _of_pairs(connection: duckdb.DuckDBPyConnection, path: Path, first: str, second: str) -> None:
    """Who is in no pair is a person alone."""
    root: dict[str, str] = {}

    def find(key: str) -> str:
        while root.setdefault(key, key) != key:
            root[key] = root[root[key]]
            key = root[key]
        return key

    for a, b in connection.execute(f"select {_key(first)}, {_key(second)} from told").fetchall():
        if a is None or b is None:
            raise MatchError(f"TRUTH: {path.name}: a pair lacks one of its keys; fill it in, or leave the line out")
        one, other = sorted((find(a), find(b)))
        root[other] = one
    connection.execute(f"create table {TRUTH} (source_key varchar, truth varchar)").fetchall()
    keys = sorted(root)
    connection.execute(f"insert into {TRUTH} select unnest(?), unnest(?)", [keys, [find(key) for key in keys]])
    alone = f"select source_key, source_key from {SOURCE} where source_key not in (select source_key from {TRUTH})"
    connection.execute(f"insert into {TRUTH} {alone}").fetchall()


def _read(connection: duckdb.DuckDBPyConnection, table: str, paths: Sequence[Path]) -> list[str]:
    """Each file by its own separator and encoding, columns by their names; the names as the first file has them."""
    for path in paths:
        if not path.is_file():
            raise MatchError(f"{path}: there is no such file")
        if path.suffix.lower() not in ENDINGS:
            raise MatchError(f"{path.name}: is not {', '.join(sorted(ENDINGS))}; export it as CSV")
        if not path.stat().st_size:
            raise MatchError(f"{path.name}: is empty")
    first, *others = paths
    names = _one_file(connection, table, first)
    columns = _columns(connection, table)
    for path in others:
        _one_file(connection, PART, path)
        if differ := sorted(set(columns) ^ set(_columns(connection, PART))):
            raise MatchError(
                f"{path.name}: has other columns than {first.name}: {', '.join(differ)}; give both the same"
            )
        connection.execute(f"insert into {table} by name select * from {PART}").fetchall()
        connection.execute(f"drop table {PART}").fetchall()
    return names


def _one_file(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> list[str]:
    """What is read as it stands: no sign in a path is a pattern, no line a comment, no folder a column."""
    literal = quoted(re.sub(r"[*?[]", r"[\g<0>]", str(path)))
    if path.suffix.lower() == ".parquet":
        read = f"read_parquet({literal}, hive_partitioning = false)"
        try:
            names = [row[0] for row in connection.execute(f"describe select * from {read}").fetchall()]
            texts = ", ".join(f"nullif(cast({each} as varchar), '') as {each}" for each in map(column_name, names))
            connection.execute(f"create table {table} as select {texts} from {read}").fetchall()
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise MatchError(f"{path.name}: is no Parquet file that can be read: {_said(error)}") from error
        return names
    problem = ""
    for encoding in _encodings(path):
        usual = f"all_varchar = true, comment = '', hive_partitioning = false, encoding = '{encoding}'"
        for form in _forms(connection, literal, usual):
            try:
                read = f"read_csv({literal}, header = true, {usual}{form})"
                connection.execute(f"create table {table} as select * from {read}").fetchall()
            except duckdb.OutOfMemoryException:
                raise
            except duckdb.Error as error:
                problem = problem or _said(error)
            else:
                return _as_written(connection, f"read_csv({literal}, header = false, {usual}{form})", table)
    raise MatchError(
        f"{path.name}: cannot be read as CSV: {problem}; save it as CSV in UTF-8, each line with as many values"
    )


def _as_written(connection: duckdb.DuckDBPyConnection, read: str, table: str) -> list[str]:
    """The names of a table's columns; one that stands twice in the file does so here too, where DuckDB numbers it."""
    columns = _columns(connection, table)
    rows = connection.execute(f"select * from {read} limit 1").fetchall()
    head = [str(each or "").strip() for each in rows[0]] if rows else []
    if len(head) != len(columns):
        return columns
    often = Counter(each.lower() for each in head if each)
    return [told if often[told.lower()] > 1 else each for told, each in zip(head, columns, strict=True)]


def _encodings(path: Path) -> tuple[str, ...]:
    with path.open("rb") as file:
        head = file.read(2)
    if head == b"\xfe\xff" or head[:1] == b"\0":
        raise MatchError(f"{path.name}: is UTF-16 with the high byte first; save it as UTF-8")
    return ("utf-16",) if head == b"\xff\xfe" or head[1:] == b"\0" else ("utf-8", "latin-1")


def _forms(connection: duckdb.DuckDBPyConnection, literal: str, usual: str) -> Iterator[str]:
    """Where the lines at the top have no quotes, the first may come far below."""
    sniffed = f"select Delimiter, Quote from sniff_csv({literal}, {usual})"
    try:
        separator, quote = connection.execute(sniffed).fetchall()[0]
    except duckdb.Error:
        separator, quote = None, None
    if separator and quote == "(empty)":
        yield f", delim = {quoted(separator)}, quote = '\"', escape = '\"'"
    yield ""


def _said(error: duckdb.Error) -> str:
    """The first line and what is wrong, without the line of the file."""
    lines = str(error).splitlines()
    about = [
        each for each in lines[1:] if each.startswith(("Expected Number", "Value with unterminated", "Invalid uni"))
    ]
    return ". ".join([lines[0], *about[:1]]).rstrip(".")


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(f"describe {table}").fetchall()]


def _one_of(wanted: str, columns: Sequence[str], where: str) -> str:
    try:
        return mapping.column(wanted, columns)
    except MatchError as error:
        raise MatchError(f"{where}: {error}") from error
