"""Splink and GoldenMatch on the same truth sets, each in a process and an environment of its own."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks import alone, environments
from benchmarks.identity.sets import Truth
from hub.identity import read
from hub.letters import latin
from infra.matching import files, mapping
from infra.matching.engine import spoken
from infra.matching.measures import Measures, measure

HERE = Path(__file__).parent
LONGEST = 3600  # seconds
WAYS = {
    "Splink": ("splink", "with_splink.py", ()),
    "GoldenMatch": ("goldenmatch", "with_goldenmatch.py", ("zero",)),
    "GoldenMatch, Fellegi-Sunter": ("goldenmatch", "with_goldenmatch.py", ("prob",)),
}


@dataclass(frozen=True)
class Found:
    """What a peer found, or why it found nothing."""

    measures: Measures | None
    seconds: float
    megabytes: float
    failure: str = ""


def run(name: str, truth: Truth, work: Path) -> Found:
    """One peer on one set, whose columns have the fields' names, small letters and dates as digits."""
    environment, script, more = WAYS[name]
    with duckdb.connect() as connection:
        source = _plain(connection, truth, work / "people.parquet")
        out = work / "found.csv"
        out.unlink(missing_ok=True)
        command = ["timeout", str(LONGEST), environments.python(environment), HERE / script, source, out, *more]
        with (work / "peer.log").open("wb") as log:
            used = alone.run(command, environments.variables(), log, work)
        if used.code or not out.is_file():
            last = (work / "peer.log").read_text(errors="replace").strip().splitlines()[-1:]
            return Found(None, used.wall, used.megabytes, (last or ["no answer"])[0][:120])
        connection.execute(
            "create table found as select key as source_key, person from read_csv(?, all_varchar = true)", [str(out)]
        ).fetchall()
        return Found(measure(connection, "found", "person", files.TRUTH), used.wall, used.megabytes)


def _plain(connection: duckdb.DuckDBPyConnection, truth: Truth, out: Path) -> Path:
    known = read(environments.ROOT / "sql/identity")
    mapped = mapping.read(truth.told, known.fields)
    columns = files.load(connection, truth.csv, mapped.key)
    files.truth(connection, truth.truth, columns)
    texts = []
    for field, text in mapping.expressions(mapped, columns).items():
        plain = f"lower(trim({text}))"
        if known.fields[field].kind.name == "date":
            plain = f"regexp_replace({plain}, '[^0-9]', '')"
        texts.append(f"nullif({plain}, '') as {field}")
    connection.create_function("latin", latin)
    select = spoken(f"select source_key as key, {', '.join(texts)} from {files.SOURCE}")
    connection.execute(f"copy ({select}) to '{out}' (format parquet)").fetchall()
    return out
