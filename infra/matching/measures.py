"""How good the answer is: pairs and B-cubed against a truth. Records that the truth does not know are left out."""

from dataclasses import dataclass

import duckdb


@dataclass(frozen=True)
class Measures:
    """Shares between 0 and 1; pairs are counted after clustering."""

    records: int
    true_pairs: int
    found_pairs: int
    right_pairs: int
    b_precision: float
    b_recall: float

    @property
    def precision(self) -> float:
        return self.right_pairs / self.found_pairs if self.found_pairs else 1.0

    @property
    def recall(self) -> float:
        return self.right_pairs / self.true_pairs if self.true_pairs else 1.0

    @property
    def f1(self) -> float:
        return _harmonic(self.precision, self.recall)

    @property
    def b_cubed(self) -> float:
        return _harmonic(self.b_precision, self.b_recall)

    def told(self) -> dict[str, float | int]:
        return {
            "records": self.records,
            "true_pairs": self.true_pairs,
            "found_pairs": self.found_pairs,
            "right_pairs": self.right_pairs,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "b_cubed_precision": self.b_precision,
            "b_cubed_recall": self.b_recall,
            "b_cubed_f1": self.b_cubed,
        }


def measure(connection: duckdb.DuckDBPyConnection, clusters: str, label: str, truth: str) -> Measures:
    """`label` is the column of `clusters` that is judged; `truth` has source_key and truth."""
    row = connection.execute(f"""
        with judged as (
            select c.{label} as label, t.truth
            from {clusters} as c inner join {truth} as t on t.source_key = c.source_key and t.truth is not null
        ),
        found as (select label, count(*) as n from judged group by label),
        truths as (select truth, count(*) as n from judged group by truth),
        shared as (select label, truth, count(*) as n from judged group by label, truth)
        select
            (select coalesce(sum(n), 0) from found),
            (select coalesce(sum(n * (n - 1) // 2), 0) from truths),
            (select coalesce(sum(n * (n - 1) // 2), 0) from found),
            (select coalesce(sum(n * (n - 1) // 2), 0) from shared),
            (select coalesce(sum(cast(b.n as double) * b.n / f.n), 0)
             from shared as b inner join found as f on f.label = b.label),
            (select coalesce(sum(cast(b.n as double) * b.n / t.n), 0)
             from shared as b inner join truths as t on t.truth = b.truth)
    """).fetchall()[0]
    records, true, found, right, precision, recall = row
    each = max(int(records), 1)
    return Measures(int(records), int(true), int(found), int(right), precision / each, recall / each)


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
