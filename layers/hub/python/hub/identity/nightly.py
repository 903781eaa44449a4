"""A night's news against what is known: it costs by the change, and gives what a full run with the same model gives.

What is kept from night to night: features and keys, in parts that are only added to, under numbers that a record gets
anew when it changes; the pairs that are likely one person's or one household's; and who is whom. A night scores pairs
of changed records and of keys that crossed their cap, and takes apart anew the components that these touch.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from hub.identity import statements
from hub.identity.apart import separated
from hub.identity.matcher import CERTAIN, NOTHING, Matcher, Outcome, bits
from hub.identity.model import Model

DOUBTFUL = "7e0"  # bits to either side of the threshold: from one in a hundred and thirty to all but one


@dataclass(frozen=True)
class State:
    """Names of tables. `top` is the highest number that was given; `retired` numbers are of records that changed."""

    features: tuple[str, ...]
    keys: tuple[str, ...]
    people: str
    kept: str
    retired: str
    decided: str
    rarities: str
    crowds: str
    top: int
    model: Model

    def to_json(self) -> str:
        return json.dumps({**asdict(self), "model": self.model.to_json()}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "State":
        told = json.loads(text)
        parts = {name: tuple(told[name]) for name in ("features", "keys")}
        return cls(**{**told, **parts, "model": Model.from_json(told["model"])})


def numbered(back: list[int], pair: tuple[int, int]) -> tuple[int, int]:
    """A pair of places as one of numbers, the smaller first, as edges are."""
    one, other = sorted((back[pair[0]], back[pair[1]]))
    return one, other


def unseen(model: Model) -> int:
    """The rarity of a value that nobody had when the model was learned."""
    return min(125, round(8 * math.log2(max(2, int(model.learned_from["records"])))))


class Nightly(Matcher):
    """`begin` is a full run that keeps what the nights need; `night` goes on from there."""

    outcome: Outcome
    state: State
    conflicts: Sequence[tuple[str, str]] = ()

    def begin(self, source: str, decisions: str | None = None, model: Model | None = None, rarities: str = "") -> State:
        """A full run; with a model and its rarities nothing is learned."""
        if model and rarities:
            self.rarities, self.unseen = rarities, unseen(model)
        self.outcome = self.run(source, decisions, model)
        self.conflicts = self.outcome.conflicts
        again = f"select field, value, n, rarity from {rarities}"
        self._create("rarities", again if rarities else statements.rarities(self.known, self._t("standard")))
        self._make("retired", "night_nobody")
        self._make("kept", "night_likely", **self._likely())
        self._make("people", "night_people", components="labels_edges", clusters="clusters")
        top = self._one(f"select coalesce(max(record), 0) from {self._t('standard')}")
        return State(
            (self._t("features"),),
            (self._t("keys"),),
            self._t("people"),
            self._t("kept"),
            self._t("retired"),
            self._t("decisions"),
            self._t("rarities"),
            self._t("crowds"),
            top,
            self.outcome.model,
        )

    def night(self, state: State, changed: str, gone: str, decisions: str | None = None) -> State:
        """What is so after records changed or came (`changed`: whole rows, as the source of a run) or went (`gone`)."""
        self.state, model = state, state.model
        self.known = replace(self.known, keys=tuple(key for key in self.known.keys if key.name in model.caps))
        self.caps = {key.number: model.caps[key.name] for key in self.known.keys}
        self._news(changed, gone)
        self._pair(model)
        self._lost()
        self._make(
            "kept",
            "night_kept",
            before=state.kept,
            leaving="leaving",
            lost="lost",
            pairs="pairs",
            **self._likely(),
        )
        self._make(
            "named", "night_named", decided=decisions or NOTHING, people=state.people, news="news", leaving="leaving"
        )
        self.names = self._t("named")
        self._decide(decisions)
        told = (f"select record, source_key from {each}" for each in (state.people, self._t("news")))
        self.names = f"({' union all '.join(told)}) as everybody"
        self._at_home(self._around(model))
        return replace(
            state,
            features=self.features,
            keys=self.keys,
            people=self._t("people"),
            kept=self._t("kept"),
            retired=self._t("retired"),
            decided=self._t("decisions"),
            crowds=self._t("crowds"),
            top=self.top,
        )

    def _likely(self) -> dict[str, str]:
        """What the pairs are kept by, and what is told of those in doubt."""
        listed = " || ',' || ".join(f"'\"{name}\":' || cast(levels.{name} as varchar)" for name in self.known.compared)
        shown = f"case when abs(posteriors.person) <= {DOUBTFUL} then '{{' || {listed} || '}}' end"
        told = {"levels": shown, "pairs_levels": self._t("levels_pairs")}
        return {
            **told, "posteriors": "posteriors_pairs", "doubtful": DOUBTFUL, "threshold": bits(self.settings.threshold),
        }  # fmt: skip

    def _separated(
        self, edges: list[tuple[int, int, float]], broken: list[tuple[int, int]]
    ) -> tuple[set[tuple[int, int]], list[tuple[int, int]]]:
        """By the order of the records' keys: their numbers are others after a full run."""
        numbers = sorted({each for edge in edges for each in edge[:2]} | {each for pair in broken for each in pair})
        listed = ", ".join(str(each) for each in numbers)
        rows = self._query(f"select record from {self.names} where record in ({listed}) order by source_key, record")
        place = {int(row[0]): at for at, row in enumerate(rows)}
        back = list(place)

        def placed(a: int, b: int) -> tuple[int, int]:
            one, other = sorted((place[a], place[b]))
            return one, other

        gone, stuck = separated(
            [(*placed(a, b), weight) for a, b, weight in edges], [placed(a, b) for a, b in broken], CERTAIN
        )
        return {numbered(back, pair) for pair in gone}, [numbered(back, pair) for pair in stuck]

    def _news(self, changed: str, gone: str) -> None:
        """The changed records under new numbers, with features and keys; the old numbers are retired."""
        state = self.state
        text = statements.standard(self.known, changed, self.columns, self.settings.month_first)
        fields = ", ".join(self.known.fields)
        self._create(
            "news", f"select record + {state.top} as record, source_key, {fields}\nfrom (\n{text}\n) as numbered"
        )
        self.top = self._one(f"select coalesce(max(record), {state.top}) from {self._t('news')}")
        self._make("leaving", "night_leaving", people=state.people, changed=changed, gone=gone)
        self._make("retired", "night_retired", before=state.retired, leaving="leaving")
        self._create(
            "features_new",
            statements.features(self.known, self._t("news"), self.settings.cap, state.rarities, unseen(state.model)),
        )
        self._create("keys_new", statements.keys(self.known, self._t("features_new")))
        self.features = (*state.features, self._t("features_new"))
        self.keys = (*state.keys, self._t("keys_new"))

    def _pair(self, model: Model) -> None:
        """Score the pairs that changed records make, and those of keys that are under their cap again."""
        state = self.state
        self._make("left", "night_left", features=_all(state.features), leaving="leaving", columns=self._keyed())
        before = statements.keys(self.known, self._t("left"))
        self._make("touched", "night_touched", keys="keys_new", before=before)
        self._make("reached", "night_reached", touched="touched", keys=_all(self.keys), retired=state.retired)
        self._make("sizes", "night_sizes", reached="reached", leaving="leaving", top=state.top)
        cap = statements.cap_of(self.caps)
        self._make("pairs", "night_pairs", sizes="sizes", reached="reached", leaving="leaving", top=state.top, cap=cap)
        self._make("near", "night_near", features=_all(self.features), pairs="pairs")
        self._create("levels_pairs", statements.levels(self.known, self._t("near"), self._t("pairs")))
        self._posteriors("pairs", model, self._score("pairs", model))

    def _keyed(self) -> str:
        """The columns that keys and addresses are made of."""
        used = sorted({name for key in self.known.keys for name in key.fields} | {*statements.located_by(self.known)})
        sounds = [f"{name}_sound" for name in used if self.known.fields[name].kind.sounds]
        return ", ".join(f"features.{name}" for name in [*used, *sounds])

    def _lost(self) -> None:
        """Likely pairs that a key no longer finds, because it has crossed its cap."""
        news = {"sizes": "sizes", "reached": "reached", "leaving": "leaving", "top": self.state.top}
        self._make("crossed", "night_crossed", cap=statements.cap_of(self.caps), **news)
        self._make("lost", "night_lost", kept=self.state.kept, crossed="crossed")

    def _around(self, model: Model) -> str:
        """Take the components that have news apart anew; the labels of their records."""
        state, threshold = self.state, bits(self.settings.threshold)
        self._make(
            "moved",
            "night_moved",
            news="news",
            leaving="leaving",
            before=state.kept,
            lost="lost",
            posteriors="posteriors_pairs",
            decisions="decisions",
            decided=state.decided,
            threshold=threshold,
        )
        self._make("here", "night_here", people=state.people, moved="moved", leaving="leaving", news="news")
        self._make("kept_here", "night_kept_here", kept="kept", here="here")
        self._make("edges", "edges", posteriors="kept_here", decisions="decisions", threshold=threshold)
        self._make("features", "night_features", features=_all(self.features), here="here")
        self.components = self._components("edges")
        labels = self._repaired(self._cut(self.components), model)
        labels, self.conflicts = self._kept_apart(labels)
        return labels

    def _at_home(self, labels: str) -> None:
        """Households that have news anew, and who is whom now."""
        state, crowd, threshold = self.state, self.settings.crowd, bits(self.settings.threshold)
        now, before = (statements.located(self.known, self._t(each)) for each in ("features", "left"))
        self._make("places", "night_places", now=now, before=before, here="here", labels=labels)
        everywhere = statements.located(self.known, _all(self.features))
        self._make(
            "stirred", "night_stirred", located=everywhere, places="places", kept="kept_here",
            posteriors="posteriors_pairs", threshold=threshold,
        )  # fmt: skip
        about = {"people": state.people, "leaving": "leaving", "here": "here", "news": "news"}
        self._make("home", "night_home", components=self.components, labels=labels, stirred="stirred", **about)
        told = [*statements.located_by(self.known), *statements.reached_by(self.known)]
        columns = ", ".join(f"features.{name}" for name in told) or "1 as nothing"
        self._make("homely", "night_homely", features=_all(self.features), home="home", columns=columns)
        self._make("kept_home", "night_kept_home", kept="kept", home="home", threshold=threshold)
        self._addresses("homely", "home")
        self._make("crowds", "night_crowds", before=state.crowds, places="places", addresses="addresses", crowd=crowd)
        homes = self._homes("homely", "home", "kept_home")
        self._make(
            "people", "night_again", people=state.people, leaving="leaving", home="home", households=homes,
            news="news", held=self.settings.held, decided=self.decided, named="named",
        )  # fmt: skip

    def _drop(self, *tables: str) -> None:
        super()._drop(*(each for each in tables if each != "keys"))  # the nights go on from them


def _all(parts: Sequence[str]) -> str:
    """The rows of all parts, which have the same columns."""
    return "(" + " union all ".join(f"select * from {part}" for part in parts) + ")"
