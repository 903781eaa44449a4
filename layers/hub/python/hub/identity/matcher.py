"""Drives the steps: which statement comes when, on any engine that takes Athena's SQL."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from hub.errors import ConfigError
from hub.identity import learning, statements
from hub.identity.apart import separated
from hub.identity.knowledge import Knowledge
from hub.identity.model import Model

SURER = (0.9, 0.99, 0.999, 0.9999, 0.99999)
NOTHING = "(select cast(null as varchar) as left_key, cast(null as varchar) as right_key, 0 as together where 1 = 0)"
CERTAIN = 1000.0  # the weight of an edge that somebody decided


class Engine(Protocol):
    """Makes tables of SELECTs and reads small answers; on AWS it is Athena, names are logical."""

    def create(self, table: str, select: str) -> None: ...

    def drop(self, table: str) -> None: ...

    def query(self, select: str) -> Sequence[Sequence[Any]]: ...


@dataclass(frozen=True)
class Settings:
    """The same for every data set; nothing here is tuned to one."""

    threshold: float = 0.5  # probability from which on two records are one person
    unlikely: float = 0.2  # below which a third record speaks against an edge: odds of four to one
    cap: int = 100  # records under one key
    coarse: int = 300_000  # records of a file up to which coarse keys are used
    most: int = 150  # records of a component whose pairs are all looked at
    held: int = 50  # records of a person that nobody believes unseen
    crowd: int = 15  # persons at one address that may be a household
    sample: int = 1001  # records whose pairs stand for strangers: half a million pairs
    lesson: int = 200_000  # pairs to learn from
    votes: int = 2  # rounds of repair
    month_first: bool = False  # 04/05/1970 is the fifth of April


@dataclass(frozen=True)
class Outcome:
    """Where the answers are, and what happened on the way."""

    clusters: str
    posteriors: str
    levels: str
    model: Model
    records: int
    pairs: int
    dropped: list[dict[str, int | str]]
    conflicts: list[tuple[str, str]] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)


def bits(probability: float) -> str:
    """The odds of a probability in bits, as a double of SQL."""
    return f"{round(math.log2(probability / (1 - probability)), 3)}e0"


class Matcher:
    """One run over one table of records. `columns` gives for each field the expression that makes its text."""

    def __init__(
        self,
        engine: Engine,
        known: Knowledge,
        columns: Mapping[str, str],
        settings: Settings | None = None,
        prefix: str = "m_",
    ) -> None:
        self.engine, self.columns, self.settings, self.prefix = engine, columns, settings or Settings(), prefix
        self.known = known.of(columns)
        self.log: list[str] = []
        self.made: set[str] = set()
        self.rarities, self.unseen = "", 0
        self.decided, self.names = NOTHING, self._t("standard")

    def run(self, source: str, decisions: str | None = None, model: Model | None = None) -> Outcome:
        """Match the rows of `source` (source_key, unique, and the columns).

        `decisions` names a table (left_key, right_key, together: 1 or 0) of what stewards decided; the last word is
        theirs. With a `model` nothing is learned. Raises ConfigError where keys are missing or there twice.
        """
        self._prepare(source, decisions, model)
        records = self._one(f"select count(*) from {self._t('standard')}")
        learned = model or self._learn(records)
        scores = self._score("pairs", learned)
        pairs = self._one(f"select count(*) from {self._t('pairs')}")
        if model is None:
            learned = self._with_priors(learned, learned.learned_from["telling"])
            if learned.faint:
                self._drop("scores_pairs")
                scores = self._score("pairs", learned, "scores_again")
        self._posteriors("pairs", learned, scores)
        self._make(
            "edges",
            "edges",
            posteriors="posteriors_pairs",
            decisions="decisions",
            threshold=bits(self.settings.threshold),
        )
        labels = self._repaired(self._cut(self._components("edges")), learned)
        labels, conflicts = self._kept_apart(labels)
        households = self._households(labels)
        self._make(
            "clusters",
            "clusters",
            standard="standard",
            labels=labels,
            households=households,
            held=self.settings.held,
            decided=self.decided,
        )
        dropped = self._dropped()
        return Outcome(
            self._t("clusters"),
            self._t("posteriors_pairs"),
            self._t("levels_pairs"),
            learned,
            records,
            pairs,
            dropped,
            conflicts,
            self.log,
        )

    def _prepare(self, source: str, decisions: str | None, model: Model | None) -> None:
        missing, twice = self.engine.query(
            f"select count(*) - count(source_key), count(source_key) - count(distinct source_key) from {source}"
        )[0]
        if missing or twice:
            raise ConfigError(
                [f"source_key: {missing} rows have none and {twice} repeat one; each record needs its own"]
            )
        self._create("standard", statements.standard(self.known, source, self.columns, self.settings.month_first))
        records = self._one(f"select count(*) from {self._t('standard')}")
        kept = statements.features(self.known, self._t("standard"), self.settings.cap, self.rarities, self.unseen)
        self._create("features", kept)
        told = model.caps if model else {}
        if told:
            self.known = replace(self.known, keys=tuple(key for key in self.known.keys if key.name in told))
        elif records > self.settings.coarse:
            self.known = self.known.without_coarse()
        self._create("keys", statements.keys(self.known, self._t("features")))
        self._make("buckets", "buckets", keys="keys")
        if told:
            self.caps = {key.number: told[key.name] for key in self.known.keys}
        else:
            sizes = self._query(self._text("sizes", buckets="buckets"))
            self.caps = statements.caps(self.known, sizes, self.settings.cap, records)
        self._make("shared", "shared", keys="keys", buckets="buckets", cap=statements.cap_of(self.caps))
        self._drop("keys")
        self._make("pairs", "pairs", shared="shared")
        self._drop("shared")
        self._decide(decisions)
        self._create("levels_pairs", statements.levels(self.known, self._t("features"), self._t("pairs")))

    def _decide(self, decisions: str | None) -> None:
        self.decided = decisions or NOTHING
        self._make("decisions", "decisions", source=self.decided, standard=self.names)

    def _learn(self, records: int) -> Model:
        enough = statements.telling(self.known)
        self._make("sample", "sample", features="features", sample=self.settings.sample, telling=enough)
        self._create("levels_sample", statements.levels(self.known, self._t("features"), self._t("sample")))
        strangers = learning.chances(
            self.known,
            self._query(statements.chance(self.known, self._t("levels_sample"))),
            self._query(statements.agreement(self.known, self._t("features"))),
        )
        self._drop("sample", "levels_sample")
        telling = self._one(f"select count(*) from {self._t('features')} where {enough}")
        found = f"select count(*) from {self._t('pairs')}"
        pairs = self._one(f"{found} where mod(rules, {self.known.fine}) > 0")
        every = max(1, pairs // self.settings.lesson)
        counted = self._query(statements.counts(self.known, self._t("levels_pairs"), every))
        everything = records * (records - 1) / 2 / every
        person, household, strangers = learning.learn(self.known, counted, strangers, everything)
        learned = learning.model(self.known, person, household, strangers)
        return replace(
            learned,
            thin=learning.thin(records, telling),
            learned_from={
                "records": records,
                "telling": telling,
                "pairs": pairs,
                "patterns": len(counted),
                "every": every,
            },
            caps={key.name: self.caps[key.number] for key in self.known.keys},
        )

    def _with_priors(self, model: Model, records: int) -> Model:
        histogram = self._query(statements.render(self.known, "histogram", scores=self._t("scores_pairs")))
        found = learning.priors(self.known, histogram, records)
        expected = {"persons": round(found.persons, 1), "households": round(found.households, 1)}
        if found.faint:
            model = learning.with_usual_homes(self.known, model)
        return replace(
            model,
            person_prior=found.person,
            household_prior=found.household,
            expected=expected,
        )

    def _score(self, of: str, model: Model, name: str = "") -> str:
        name = name or f"scores_{of}"
        self._create(name, statements.scores(self.known, model, self._t(f"levels_{of}")))
        return name

    def _posteriors(self, of: str, model: Model, scores: str) -> None:
        self._make(
            f"posteriors_{of}",
            "posteriors",
            scores=scores,
            person_prior=model.person_prior,
            household_prior=model.household_prior,
        )
        self._drop(scores)

    def _components(self, edges: str, name: str = "") -> str:
        """Labels of the components of a table of edges; rounds until nothing changes."""
        name = name or f"labels_{edges}"
        self._make(f"{name}_0", "star_start", edges=edges)
        number = 0
        while True:
            before, large, after = f"{name}_{number}", f"{name}_large_{number}", f"{name}_{number + 1}"
            self._make(large, "star_large", stars=before)
            self._make(after, "star_small", large=large)
            counts = self._query(self._text("star_same", before=before, after=after))[0]
            self._drop(before, large)
            number += 1
            if len(set(counts)) == 1:
                self._make(name, "star_labels", stars=after)
                self._drop(after)
                return name

    def _cut(self, labels: str) -> str:
        """Components too large to look into are cut at their weaker edges."""
        edges = "edges"
        for number, probability in enumerate(SURER):
            self._make(f"oversized_{number}", "oversized", labels=labels, most=self.settings.most)
            if not self._one(f"select count(*) from {self._t(f'oversized_{number}')}"):
                break
            self._make(
                f"edges_cut_{number}",
                "cut",
                edges=edges,
                labels=labels,
                oversized=f"oversized_{number}",
                surer=bits(probability),
            )
            edges = f"edges_cut_{number}"
            labels = self._components(edges)
        self.edges = edges
        return labels

    def _repaired(self, labels: str, model: Model) -> str:
        """Third records vote on edges, also on pairs that no key had found."""
        self._make("pairs_inside", "inside", labels=labels, most=self.settings.most)
        self._create("levels_inside", statements.levels(self.known, self._t("features"), self._t("pairs_inside")))
        self._posteriors("inside", model, self._score("inside", model))
        for number in range(self.settings.votes):
            self._make(
                f"edges_voted_{number}",
                "votes",
                inside="posteriors_inside",
                labels=labels,
                edges=self.edges,
                decisions="decisions",
                threshold=bits(self.settings.threshold),
                unlikely=bits(self.settings.unlikely),
            )
            self.edges = f"edges_voted_{number}"
            labels = self._components(self.edges)
        return labels

    def _kept_apart(self, labels: str) -> tuple[str, list[tuple[str, str]]]:
        """Whom a steward keeps apart is apart: the weakest edges between the two go."""
        together = self._text("broken", decisions="decisions", labels=labels)
        broken = [(int(a), int(b)) for a, b in self._query(together)]
        if not broken:
            return labels, []
        edges = self._query(self._text("broken_edges", decisions="decisions", labels=labels, edges=self.edges))
        gone, stuck = self._separated([(int(a), int(b), float(w)) for a, b, w in edges], broken)
        if gone:
            rows = " union all ".join(
                f"select cast({a} as bigint) as l, cast({b} as bigint) as r" for a, b in sorted(gone)
            )
            self._create("edges_gone", rows)
            self._make("edges_apart", "without", edges=self.edges, gone="edges_gone")
            self.edges = "edges_apart"
            labels = self._components("edges_apart")
        return labels, self._named(stuck)

    def _separated(
        self, edges: list[tuple[int, int, float]], broken: list[tuple[int, int]]
    ) -> tuple[set[tuple[int, int]], list[tuple[int, int]]]:
        """What goes and what is stuck; of edges of one weight it depends on the records' keys, not on their numbers."""
        return separated(edges, broken, CERTAIN)

    def _named(self, stuck: list[tuple[int, int]]) -> list[tuple[str, str]]:
        if not stuck:
            return []
        numbers = ", ".join(str(each) for each in sorted({each for pair in stuck for each in pair}))
        rows = self._query(f"select record, source_key from {self.names} where record in ({numbers})")
        names = {int(record): str(key) for record, key in rows}
        return [(names[a], names[b]) for a, b in stuck]

    def _households(self, labels: str) -> str:
        self._addresses("features", labels)
        self._make("crowds", "crowds", addresses="addresses", crowd=self.settings.crowd)
        return self._homes("features", labels, "posteriors_pairs")

    def _addresses(self, features: str, labels: str) -> None:
        located = statements.located(self.known, self._t(features))
        self._make("addresses", "addresses", located=located, labels=labels)

    def _homes(self, features: str, labels: str, posteriors: str) -> str:
        """Labels of the households of `addresses`, of which `crowds` are nobody's home."""
        self._create(
            "household_edges",
            statements.household_edges(
                self.known,
                features=self._t(features),
                labels=self._t(labels),
                posteriors=self._t(posteriors),
                addresses=self._t("addresses"),
                crowds=self._t("crowds"),
                threshold=bits(self.settings.threshold),
            ),
        )
        return self._components("household_edges", "homes")

    def _dropped(self) -> list[dict[str, int | str]]:
        """What too many share: values that are nobody's, and keys."""
        names = {key.number: (key.name, self.caps[key.number]) for key in self.known.keys}
        found = []
        if text := statements.nobodys(self.known, self._t("standard"), self.settings.cap):
            found += [((field, self.settings.cap), *counts) for field, *counts in self._query(text)]
        text = self._text("dropped", buckets="buckets", cap=statements.cap_of(self.caps))
        found += [(names[int(rule)], *counts) for rule, *counts in self._query(text)]
        return [
            {
                "key": str(name),
                "cap": int(cap),
                "values": int(values),
                "records": int(records),
                "pairs": int(twice) // 2,
                "largest": int(largest),
            }
            for (name, cap), values, records, twice, largest in found
        ]

    def _t(self, name: str) -> str:
        return self.prefix + name

    def _text(self, step: str, **values: object) -> str:
        """A step with its values; those that name tables that were made are given their prefix."""
        filled = {
            key: self._t(value) if isinstance(value, str) and value in self.made else value
            for key, value in values.items()
        }
        return statements.render(self.known, step, **filled)

    def _make(self, table: str, step: str, **values: object) -> None:
        self._create(table, self._text(step, **values))

    def _create(self, table: str, select: str) -> None:
        self.log.append(f"create table {self._t(table)} as\n{select}")
        self.engine.create(self._t(table), select)
        self.made.add(table)

    def _drop(self, *tables: str) -> None:
        for table in tables:
            self.engine.drop(self._t(table))
            self.made.discard(table)

    def _query(self, select: str) -> Sequence[Sequence[Any]]:
        self.log.append(select)
        return self.engine.query(select)

    def _one(self, select: str) -> int:
        return int(self._query(select)[0][0])
