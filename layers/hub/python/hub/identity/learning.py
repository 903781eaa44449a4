"""Learns without labels from counts of levels: expectation maximisation over three classes of pairs.

A pair is one person's, one household's, or two strangers'. What strangers share is counted and not learned, but for
what lies within other fields: that is learned from pairs whose key makes those alike. Fields that a key makes alike are
left out of what its own pairs teach; a key of personal fields finds few households, but where hundreds live at one
address it does. Two of one home write its street as differently as one of them does. Whom a key on an address finds has
not moved, so its pairs do not teach how often persons do. Two fields that have nothing to do with each other are shared
by strangers as often as chance has it: where their key finds more pairs, these are persons, however different all else
is. Coarse keys teach nothing.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hub.identity.knowledge import Field, Key, Knowledge
from hub.identity.model import Model
from hub.identity.statements import NEVER

ROUNDS, STILL = 60, 2e-4
LEAN = 60.0  # as many pairs' worth is what is usual
LEAST = 1e-5
FEWEST = 20  # pairs of a rule, or it teaches nothing
FAINT = 0.8  # households' pairs to a person's, where too few are there to be learned
FASHION = 2.0  # strangers of one people share both names more often than by chance
FATHERS = 5.0  # and so do two of one household

Probabilities = dict[str, list[float]]
Pattern = tuple[int, ...]


@dataclass
class _Session:
    """The pairs of one rule: patterns as places in the flat lists, how often each is met, strangers'
    likelihood, and the places of levels whose chance is learned.

    settled: places that teach nothing of persons. most: strangers and households by chance, as shares of the pairs and
    of all households' pairs. odds: what is left of theirs where more are found than that.
    """

    patterns: list[tuple[Pattern, float, float, Pattern]]
    pairs: float
    shares: tuple[float, float]  # of persons, of households
    settled: frozenset[int] = frozenset()
    most: tuple[float, float] | None = None
    odds: tuple[float, float] = (1.0, 1.0)


def chances(known: Knowledge, counted: Iterable[Sequence[object]], agreed: Iterable[Sequence[object]]) -> Probabilities:
    """How often strangers meet each level: from pairs made by lot, for equal values from how often each is there."""
    met: dict[str, dict[int, int]] = defaultdict(dict)
    for name, level, pairs in counted:
        met[str(name)][int(str(level))] = int(str(pairs))
    same = {str(name): (float(str(n)), float(str(all_))) for name, n, all_ in agreed if all_}
    found = {}
    for name, field in known.compared.items():
        size = len(field.labels)
        total = sum(met[name].values()) + 0.5 * size
        found[name] = [(met[name].get(level, 0) + 0.5) / total for level in range(size)]
        if field.base:
            found[name] = [0.5 / (size - 1)] * (size - 1) + [0.5]  # learned: by lot there are too few
        elif name in same:
            squares, records = same[name]
            pairs = max(records * (records - 1), 1.0)
            found[name][field.kind.top] = max((squares - records) / pairs, 1 / pairs, 1e-9) / 2**field.owned
    return found


def usual(known: Knowledge) -> Probabilities:
    """Where learning starts: what kinds.yaml says, with a little for crossed values."""
    found = {}
    for name, field in known.compared.items():
        levels = list(reversed(field.kind.usual))
        if field.crosses:
            levels = [*(each * 0.98 for each in levels), 0.02]
        found[name] = levels
    return found


def learn(
    known: Knowledge, counted: Iterable[Sequence[object]], strangers: Probabilities, everything: float
) -> tuple[Probabilities, Probabilities, Probabilities]:
    """What one person's records, one household's and strangers' share, from (rules, level per field, pairs) rows.

    everything: all pairs of records there are, in the measure in which pairs are counted.
    """
    lesson = _Lesson(known, counted, strangers, everything)
    for _ in range(ROUNDS):
        if lesson.round() < STILL:
            break
    return lesson.told(lesson.person), lesson.told(lesson.household), lesson.told(lesson.strangers)


class _Lesson:
    """Levels of all fields stand one behind the other in flat lists; a pattern is the places of its levels."""

    def __init__(
        self, known: Knowledge, counted: Iterable[Sequence[object]], strangers: Probabilities, everything: float
    ) -> None:
        self.known, self.everything = known, everything
        self.fields = list(known.compared.values())
        self.place: dict[str, range] = {}
        at = 0
        for field in self.fields:
            self.place[field.name] = range(at, at + len(field.labels))
            at += len(field.labels)
        first = usual(known)
        self.strangers = [value for field in self.fields for value in strangers[field.name]]
        self.person = [value for field in self.fields for value in first[field.name]]
        self.household = [
            value for field in self.fields for value in _usual_household(field, field.twins, first, strangers)
        ]
        self.lean = [[LEAN * value for value in each] for each in (self.person, self.household)]
        self.lean.append([value * 2 for value in self.strangers])
        self.open = {i for field in self.fields if field.base for i in self.place[field.name]}
        self.sessions = [each for each in self._sessions(counted) if each.pairs >= FEWEST]

    def _sessions(self, counted: Iterable[Sequence[object]]) -> Iterable[_Session]:
        by_rule: dict[int, dict[Pattern, float]] = {
            key.number: defaultdict(float) for key in self.known.keys if not key.coarse
        }
        free = {
            key.number: [
                (column, self.place[field.name].start)
                for column, field in enumerate(self.fields, 1)
                if field.column not in key.fields
            ]
            for key in self.known.keys
            if not key.coarse
        }
        for row in counted:
            rules, pairs = int(str(row[0])), float(str(row[-1]))
            for number, columns in free.items():
                if rules & number:
                    by_rule[number][tuple(at + row[column] for column, at in columns if row[column] >= 0)] += pairs  # type: ignore[operator]  # levels are whole numbers
        for key in (key for key in self.known.keys if not key.coarse):
            patterns = by_rule[key.number]
            told = [(one, n, self._by_chance(one), self._still_open(one)) for one, n in sorted(patterns.items())]
            pairs = sum(patterns.values())
            personal = any(self.known.fields[field].personal for field in key.fields)
            shares = (0.3, 0.05) if personal else (0.3, 0.2)
            if not self.known.homes:
                shares = (0.3, 0.0)
            yield _Session(told, pairs, shares, self._settled(key), self._most(key, pairs))

    def _settled(self, key: Key) -> frozenset[int]:
        """The places of all that goes with an address, where the key is one."""
        if not any(self.known.fields[name].address for name in key.fields):
            return frozenset()
        return frozenset(i for field in self.fields if field.address for i in self.place[field.name])

    def _most(self, key: Key, pairs: float) -> tuple[float, float] | None:
        """How many share a key of independent fields by chance; None for other keys.

        None too where birth dates and the like teach who is one person: how far the names of a people go together
        nobody knows.
        """
        others = {field.column for field in self.fields if field.personal and field.rare} - set(key.fields)
        if others or not key.independent or not pairs:
            return None
        fields = [self.known.fields[name] for name in key.fields]
        chance = {field: self.strangers[self.place[field.name][field.kind.top]] for field in fields}
        strangers = FASHION * math.prod(chance.values()) * self.everything / pairs
        return strangers, FATHERS * math.prod(value for field, value in chance.items() if field.personal) / pairs

    def _by_chance(self, pattern: Pattern) -> float:
        return math.prod(self.strangers[i] for i in pattern if i not in self.open)

    def _still_open(self, pattern: Pattern) -> Pattern:
        return tuple(i for i in pattern if i in self.open)

    def round(self) -> float:
        """One expectation over all patterns, and what is most likely after it; how much changed."""
        sums = tuple(list(each) for each in self.lean)
        change = max((self._expect(session, *sums) for session in self.sessions), default=0.0)
        persons, households, strangers = sums
        homes = max((session.shares[1] * session.pairs for session in self.sessions), default=0.0)
        for session in self.sessions:
            _by_chance_at_most(session, homes)
        for field in self.fields:
            here = self.place[field.name]
            if not field.certain:
                _shares(persons, self.person, here)
            if field.base:
                _shares(strangers, self.strangers, here)
            if not field.personal:
                _shares(
                    persons if field.base and field.address and not self.known.firms else households,
                    self.household,
                    here,
                )
            elif field.twins or field.base:
                twins = (field.twins * homes + field.home * LEAN) / (homes + LEAN)
                for i in here:
                    self.household[i] = (1 - twins) * self.strangers[i] + twins * self.person[i]
        return change

    def _expect(
        self, session: _Session, persons: list[float], households: list[float], strangers: list[float]
    ) -> float:
        share, home = session.shares
        rest = (1 - share - home) * session.odds[0]
        before, home = home, home * session.odds[1]
        sum_person = sum_home = 0.0
        person, household = self.person, self.household
        for places, n, other, open_places in session.patterns:
            a, b, z = share, home, rest * other
            for i in places:
                a *= person[i]
                b *= household[i]
            for i in open_places:
                z *= self.strangers[i]
            total = a + b + z
            if total <= 0:
                continue
            a, b = a / total * n, b / total * n
            sum_person += a
            sum_home += b
            for i in places:
                if i not in session.settled:
                    persons[i] += a
                households[i] += b
            for i in open_places:
                strangers[i] += n - a - b
        new = (sum_person / session.pairs, sum_home / session.pairs)
        session.shares = (min(new[0], 1 - 1e-9 - new[1]), new[1])
        return max(abs(new[0] - share), abs(new[1] - before))

    def told(self, flat: Sequence[float]) -> Probabilities:
        return {field.name: [flat[i] for i in self.place[field.name]] for field in self.fields}


def _by_chance_at_most(session: _Session, homes: float) -> None:
    """Lower the odds of strangers and of households until no more are found than chance allows."""
    if session.most is None:
        return
    person, home = session.shares
    strangers, at_home = session.odds
    strangers *= session.most[0] / max(1 - person - home, LEAST)
    if homes:
        at_home *= session.most[1] * homes / max(home, LEAST)
    session.odds = (min(1.0, strangers), min(1.0, at_home))


def _shares(sums: Sequence[float], into: list[float], here: range) -> None:
    total = sum(sums[i] for i in here)
    for i in here:
        into[i] = max(LEAST, sums[i] / total)


def _twins(share: float, person: list[float], strangers: list[float]) -> list[float]:
    return [(1 - share) * other + share * same for same, other in zip(person, strangers, strict=True)]


def _usual_household(field: Field, twins: float, start: Probabilities, strangers: Probabilities) -> list[float]:
    """What two people of one household do not share is mostly another thing, and not one that is misspelt."""
    if field.personal:
        return _twins(twins, start[field.name], strangers[field.name])
    size = len(field.labels)
    levels = [0.25 * (1 - field.home) / max(1, size - 2)] * size
    levels[0], levels[field.kind.top] = 0.75 * (1 - field.home), field.home
    return levels


def with_usual_homes(known: Knowledge, told: Model) -> Model:
    """The same with a household as it usually is."""
    first = usual(known)
    strangers = {name: met["strangers"] for name, met in told.met.items()}
    homes = {name: _usual_household(field, field.home, first, strangers) for name, field in known.compared.items()}
    person = {name: met["person"] for name, met in told.met.items()}
    anew = model(known, person, homes, strangers)
    return replace(told, faint=True, household=anew.household, rare_household=anew.rare_household, met=anew.met)


def model(known: Knowledge, person: Probabilities, household: Probabilities, strangers: Probabilities) -> Model:
    """The weights that follow; the priors are learned from the scores."""

    def weights(of: Probabilities) -> dict[str, dict[int, int]]:
        return {
            name: {level: _milli(value / strangers[name][level]) for level, value in enumerate(values)}
            for name, values in of.items()
        }

    rare_person = {
        name: _milli(person[name][field.kind.top] * 2**field.owned) if field.rare else None
        for name, field in known.compared.items()
    }
    rare_household = {
        name: _milli(household[name][field.kind.top] * 2**field.owned) if field.rare and not field.personal else None
        for name, field in known.compared.items()
    }
    met = {
        name: {"person": person[name], "household": household[name], "strangers": strangers[name]}
        for name in known.compared
    }
    return Model(weights(person), weights(household), rare_person, rare_household, met)


def _milli(ratio: float) -> int:
    return round(1000 * math.log2(ratio))


@dataclass(frozen=True)
class Priors:
    """How many pairs are one person's and one household's: as bits of all pairs, in thousandths, and as a number."""

    person: int
    household: int
    persons: float
    households: float
    faint: bool = False  # what a household shares is not learned but usual


def priors(known: Knowledge, histogram: Iterable[Sequence[object]], records: int) -> Priors:
    """As many pairs of each class as the scores themselves expect.

    Rows are (person, household) in tenths of a bit and pairs. A class for households has many parameters: it is kept
    only where it explains the pairs better by more than these cost (the Bayesian information criterion). Where it
    does not, a faint one of what is usual stays for who share a contact: two twins cannot teach what twins are.
    """
    rows = [(int(str(a)) / 10, int(str(b)) / 10, int(str(n))) for a, b, n in histogram]
    everything = max(records * (records - 1) / 2, 1.0)
    persons, homes, explained = _expected(rows, everything, with_homes=True)
    alone, _, explained_alone = _expected(rows, everything, with_homes=False)
    parameters = sum(len(field.labels) - 1 for field in known.compared.values() if not field.personal)
    pairs = max(2, sum(n for _, _, n in rows))
    if known.homes and explained - explained_alone > parameters / 2 * math.log(pairs):
        return Priors(_milli(persons / everything), _milli(homes / everything), persons, homes)
    if not known.homes or not known.contacts:
        return Priors(_milli(alone / everything), NEVER, alone, 0.0)
    return Priors(_milli(alone / everything), _milli(FAINT * alone / everything), alone, 0.0, faint=True)


def thin(records: int, telling: int) -> int:
    """What is added for a pair that shares few values, where only some records have more: it is one of all pairs."""
    return round(-2000 * math.log2(records / telling)) if telling else 0


def _expected(rows: list[tuple[float, float, int]], everything: float, with_homes: bool) -> tuple[float, float, float]:
    """Pairs of persons and of households that agree with the scores, and how well they explain them."""
    persons = max(10.0, sum(n for a, b, n in rows if a > 12 and (a > b or not with_homes)))
    homes = max(10.0, sum(n for a, b, n in rows if b > 12 and b > a)) if with_homes else 0.0
    likely = [
        (2 ** min(500.0, a) / everything, 2 ** min(500.0, b) / everything, n) for a, b, n in rows if max(a, b) > 0
    ]
    for _ in range(300):
        new_persons = new_homes = 0.0
        for x, y, n in likely:
            total = 1 + persons * x + homes * y
            new_persons += n * persons * x / total
            new_homes += n * homes * y / total
        settled = abs(new_persons - persons) + abs(new_homes - homes) < max(0.01, 1e-6 * persons)
        persons, homes = max(1.0, new_persons), max(1.0, new_homes) if with_homes else 0.0
        if settled:
            break
    return persons, homes, sum(n * math.log(1 + persons * x + homes * y) for x, y, n in likely)
