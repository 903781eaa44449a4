"""A matching in three statements, for tests of what is made of it.

One person by equal e-mails, or by names with birth date or telephone number; one household by the number alone,
which leaves two persons in doubt. Of decisions it obeys those that put together.
"""

from dataclasses import dataclass
from pathlib import Path

from hub.identity.components import labels_of
from hub.identity.run import Matching
from hub.models.athena import Athena
from hub.models.matching import FIRMS, scratch
from hub.models.records import Step
from hub.models.store import RunStore

SHARED = """
select a.record_key, a.phone_standard as phone, b.record_key as other
from {records} as a
left join {records} as b on a.record_key < b.record_key and not b._deleted and (
    a.email_standard = b.email_standard
    or (a.name_standard = b.name_standard and (a.birth_date = b.birth_date or a.phone_standard = b.phone_standard))
)
where not a._deleted
"""

ROOT = Path(__file__).parents[2]
NOBODY, NO_PAIR = "('', '', '')", "('', '')"


@dataclass(frozen=True)
class ByValue:
    athena: Athena
    store: RunStore
    stage: str
    bucket: str

    def advance(self, step: Step, until: float) -> Step:
        if step.name == FIRMS:  # names of firms are compared in earnest: that is three statements
            return Matching(self.store, self.athena, self.bucket, self.stage, ROOT).advance(step, until)
        shared = SHARED.format(records=f"{self.stage}_vault.source_customer")
        found = sorted(self.athena.query(shared, step.run_id, 60), key=lambda row: str(row["record_key"]))
        keys = sorted({str(row["record_key"]) for row in found})
        numbers = {key: number for number, key in enumerate(keys)}
        edges = [(numbers[str(row["record_key"])], numbers[row["other"]]) for row in found if row["other"]]
        decided = [str(item["sk"]).split("#")[1:] for item in self.store.decisions() if item["together"]]
        edges += [(numbers[left], numbers[right]) for left, right in decided]
        first: dict[str, int] = {}
        for row in found:
            if row["phone"]:
                first.setdefault(row["phone"], numbers[str(row["record_key"])])
        near = [(numbers[str(row["record_key"])], first[row["phone"]]) for row in found if row["phone"]]
        persons, homes = dict(labels_of(edges)), dict(labels_of([*edges, *near]))
        rows = [f"('{key}', '{keys[persons.get(at, at)]}', '{keys[homes.get(at, at)]}')" for at, key in enumerate(keys)]
        doubts = [
            f"('{keys[min(at, other)]}', '{keys[max(at, other)]}')"
            for at, other in sorted(set(near))
            if persons.get(at, at) != persons.get(other, other)
        ]
        self._make(
            step,
            "cluster",
            "select record_key, cluster_key, household_key, false as held "
            f"from (values {', '.join(rows) or NOBODY}) as found (record_key, cluster_key, household_key) "
            "where record_key <> ''",
        )
        self._make(
            step,
            "doubt",
            "select left_key, right_key, -1e0 as bits, 1e0 as household_bits, '{}' as levels "
            f"from (values {', '.join(doubts) or NO_PAIR}) as found (left_key, right_key) where left_key <> ''",
        )
        return self.store.move(step, state="done")

    def _make(self, step: Step, name: str, query: str) -> None:
        sql = f"create table {scratch(self.stage, step.run_id, name)} with (format = 'PARQUET') as {query}"
        made = self.athena.wait(self.athena.start(sql, step.run_id + name), 60)
        assert made.state == "SUCCEEDED", made.reason
