"""A night beside a full run with the same model: `python -m benchmarks.identity.nights <csv> <told> <n> <threads>`.

A fifth of the changes are records that come, a fifth are records that go, the rest have another e-mail address, street
or first name than before. Prints what both took and how many records have another person or household.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.identity import Settings, read
from hub.identity.nightly import Nightly
from infra.matching import files, mapping
from infra.matching.__main__ import KNOWLEDGE
from infra.matching.engine import DuckDB

MEMORY = "4GB"


class Timed(DuckDB):
    """Knows how long each table took."""

    def __init__(self, folder: Path, threads: int) -> None:
        super().__init__(folder, MEMORY, threads)
        self.took: dict[str, float] = {}

    def create(self, table: str, select: str) -> None:
        begun = time.perf_counter()
        super().create(table, select)
        self.took[table] = time.perf_counter() - begun


def measured(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Its answer, seconds on the clock and of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    answer = work()
    return answer, time.perf_counter() - wall, time.process_time() - processor


def changes(engine: DuckDB, rows: int, count: int) -> None:
    """given_before, given_after: what the records were and are; given_news, given_gone: what a night is told."""
    few = count // 5
    place = "row_number() over (order by hash(source_key)) as place"
    for statement in (
        f"create table numbered as select *, {place} from {files.SOURCE}",
        f"create table given_before as select * exclude (place) from numbered where place > {few}",
        f"create table given_gone as select source_key from numbered where place > {rows - few}",
        f"""create table given_news as
            select one.* exclude (place) replace (
                case when one.place % 3 = 0 then other.email else one.email end as email,
                case when one.place % 3 = 1 then other.street else one.street end as street,
                case when one.place % 3 = 2 then other.first_name else one.first_name end as first_name)
            from numbered as one
            inner join numbered as other on other.place = one.place + {count}
            where one.place > {few} and one.place <= {count - few}
            union all
            select * exclude (place) from numbered where place <= {few}""",
        """create table given_after as
            select * from given_before where source_key not in (select source_key from given_gone)
            and source_key not in (select source_key from given_news)
            union all select * from given_news""",
    ):
        engine.connection.execute(statement).fetchall()


def differing(engine: DuckDB, one: str, other: str) -> int:
    """Records whose person or household has another smallest key."""

    def named(table: str) -> str:
        return (
            "select source_key, min(source_key) over (partition by person) as person, "
            f"min(source_key) over (partition by household) as household from {table}"
        )

    row = engine.query(
        f"select count(*) from ({named(one)}) as a full outer join ({named(other)}) as b using (source_key) "
        "where a.person is distinct from b.person or a.household is distinct from b.household"
    )[0]
    return int(row[0])


def main(csv: str, told: str, count: int, threads: int) -> dict[str, Any]:
    known = read(KNOWLEDGE)
    mapped = mapping.read(told, known.fields)
    with tempfile.TemporaryDirectory(prefix="nights-") as folder:
        engine = Timed(Path(folder), threads)
        columns = files.load(engine.connection, csv, mapped.key)
        rows = int(engine.query(f"select count(*) from {files.SOURCE}")[0][0])
        changes(engine, rows, count)

        def matcher(prefix: str) -> Nightly:
            return Nightly(engine, known, mapping.expressions(mapped, columns), Settings(), prefix)

        state, first, first_processor = measured(lambda: matcher("b_").begin("given_before"))
        engine.took.clear()
        _, night, night_processor = measured(lambda: matcher("n_").night(state, "given_news", "given_gone"))
        slowest = sorted(engine.took.items(), key=lambda each: -each[1])[:8]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        _, full, full_processor = measured(
            lambda: matcher("f_").begin("given_after", None, state.model, state.rarities)
        )
        return {
            "records": rows, "changes": count, "differing": differing(engine, "n_people", "f_people"),
            "first": [first, first_processor], "night": [night, night_processor], "full": [full, full_processor],
            "peak_megabytes": memory, "slowest": {name: round(took, 2) for name, took in slowest},
        }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
