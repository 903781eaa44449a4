"""Files of records and of truth as tables of DuckDB, with messages that say what is wrong with them."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from hub.identity.statements import name as column_name
from hub.identity.statements import quoted
from infra.matching.mapping import MatchError

SOURCE, TRUTH = "given_records", "given_truth"
ENDINGS = {".csv", ".tsv", ".txt", ".gz", ".parquet"}


def load(connection: duckdb.DuckDBPyConnection, named: str, key: str | None) -> list[str]:
    """The rows of one file, or of several of the same columns, as SOURCE with a source_key each; its columns."""
    paths = [Path(part.strip()) for part in named.split(",") if part.strip()]
    if not paths:
        raise MatchError("CSV: names no file; write CSV=<file>, or CSV=<file>,<file>")
    # Rows without a key are numbered as they stand in the file; nothing else depends on their order.
    connection.execute(f"set preserve_insertion_order = {str(key is None).lower()}")
    _read(connection, "given_rows", paths)
    connection.execute("set preserve_insertion_order = false")
    columns = _columns(connection, "given_rows")
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
    if path.suffix not in ENDINGS:
        column = column_name(_one_of(named, columns, "TRUTH"))
        connection.execute(f"create table {TRUTH} as select source_key, {column} as truth from {SOURCE}").fetchall()
        return
    _read(connection, "told", [path])
    told = _columns(connection, "told")
    if len(told) != 2:
        raise MatchError(
            f"TRUTH: {path.name}: has {len(told)} columns; two are needed: key and person, or left and right"
        )
    first, second = (column_name(each) for each in told)
    if {each.strip().lower() for each in told} == {"left", "right"}:
        _of_pairs(connection, first, second)
    else:
        rows = f"select trim({first}) as source_key, trim({second}) as truth from told"
        connection.execute(f"create table {TRUTH} as {rows}").fetchall()
    unknown = connection.execute(
        f"select count(*) from {TRUTH} where source_key not in (select source_key from {SOURCE})"
    ).fetchall()[0][0]
    if unknown:
        raise MatchError(f"TRUTH: {path.name}: {unknown} of its keys are no record's; they must be those of MAP's key")


def _of_pairs(connection: duckdb.DuckDBPyConnection, first: str, second: str) -> None:
    """Who is in no pair is a person alone."""
    root: dict[str, str] = {}

    def find(key: str) -> str:
        while root.setdefault(key, key) != key:
            root[key] = root[root[key]]
            key = root[key]
        return key

    for a, b in connection.execute(f"select trim({first}), trim({second}) from told").fetchall():
        one, other = sorted((find(a), find(b)))
        root[other] = one
    for (key,) in connection.execute(f"select source_key from {SOURCE}").fetchall():
        find(key)
    connection.execute(f"create table {TRUTH} (source_key varchar, truth varchar)").fetchall()
    connection.executemany(f"insert into {TRUTH} values (?, ?)", [(key, find(key)) for key in sorted(root)])


def _read(connection: duckdb.DuckDBPyConnection, table: str, paths: Sequence[Path]) -> None:
    for path in paths:
        if not path.is_file():
            raise MatchError(f"{path}: there is no such file")
        if path.suffix not in ENDINGS:
            raise MatchError(f"{path.name}: is not {', '.join(sorted(ENDINGS))}; export it as CSV")
        if not path.stat().st_size:
            raise MatchError(f"{path.name}: is empty")
    several = ", ".join(quoted(str(path)) for path in paths)
    if all(path.suffix == ".parquet" for path in paths):
        names = [row[0] for row in connection.execute(f"describe select * from read_parquet([{several}])").fetchall()]
        texts = ", ".join(f"cast({column_name(each)} as varchar) as {column_name(each)}" for each in names)
        connection.execute(f"create table {table} as select {texts} from read_parquet([{several}])").fetchall()
        return
    problem = ""
    for encoding in ("utf-8", "latin-1"):
        read = f"select * from read_csv([{several}], all_varchar = true, header = true, encoding = '{encoding}')"
        try:
            connection.execute(f"create table {table} as {read}").fetchall()
        except duckdb.Error as error:
            problem = problem or str(error).splitlines()[0]
        else:
            return
    raise MatchError(f"{', '.join(path.name for path in paths)}: cannot be read as CSV: {problem}")


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(f"describe {table}").fetchall()]


def _one_of(wanted: str, columns: Sequence[str], where: str) -> str:
    for column in columns:
        if column.strip().lower() == wanted.strip().lower():
            return column
    raise MatchError(f"{where}: {wanted}: the file has no such column; it has {', '.join(columns)}")
