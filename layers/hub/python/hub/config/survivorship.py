"""Which record's values the golden record takes: the groups of its columns, and a rule for each in hub.yaml.

The parts of a group come from one record together. Between two records the criteria of the group's rule decide, the
first that tells them apart; then the newer record, then the lesser record key, so that the order is total.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

GROUPS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "name": ("title", "full_name", "given_name", "family_name"),
        "email": ("email",),
        "phone": ("phone", "phone_kind"),
        "whatsapp": ("whatsapp",),
        "fax": ("fax",),
        "website": ("website",),
        "social": ("social",),
        "birth_date": ("birth_date",),
        "gender": ("gender",),
        "address": ("address", "city", "region", "postcode"),
        "country": ("country",),
        "company": ("company",),
        "job": ("job_title", "department"),
        "language": ("language",),
        "family": ("marital_status", "family_size"),
        "income": ("income_band",),
        "channel": ("preferred_channel",),
        "needs": ("special_needs",),
        "stage": ("stage",),
        "billing": ("billing_cycle",),
        "consent": ("marketing_consent",),
        "lead_source": ("lead_source", "lead_campaign", "lead_referrer"),
        "sale_source": ("sale_source",),
        "collected_by": ("collected_by",),
    }
)
"""Group -> the columns of the golden record that go together."""
CONSENT: Final = "consent"
EDITABLE: Final = {group: columns for group, columns in GROUPS.items() if group != CONSENT}
"""What stewards decide; what somebody agreed to is written down with his contacts."""

Group = Literal[
    "name", "email", "phone", "whatsapp", "fax", "website", "social", "birth_date", "gender", "address", "country",
    "company", "job", "language", "family", "income", "channel", "needs", "stage", "billing", "consent",
    "lead_source", "sale_source", "collected_by",
]  # fmt: skip
Criterion = Literal["verified", "trust", "recent", "first", "complete", "agreed"]
"""verified: somebody has proved the value; trust: of the source; recent: changed last; first: known longest; complete:
most parts of the group; agreed: most sources say the same."""
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
MOST_CRITERIA: Final = 4
MOST_SHARED: Final = 50
"""More records than this that share an address or number: it is nobody's own, and any other wins over it."""

FIRST: Final = frozenset({"lead_source", "sale_source", "collected_by"})
REACHED_BY: Final = frozenset({"email", "phone", "whatsapp"})
USUAL: Final[tuple[Criterion, ...]] = ("trust", "recent", "complete")


class Rule(BaseModel):
    """The rule of one group. trust: of single sources for this group; never: sources whose values never win."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: tuple[Criterion, ...] = Field(default=(), max_length=MOST_CRITERIA)
    trust: dict[Name, Annotated[int, Field(strict=True, ge=0, le=100)]] = {}
    never: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.by)) < len(self.by):
            raise ValueError("names a criterion twice; each decides once")
        return self

    def criteria(self, group: str) -> tuple[Criterion, ...]:
        """What decides in this group; the usual criteria where hub.yaml says nothing."""
        return self.by or usual(group)


def usual(group: str) -> tuple[Criterion, ...]:
    if group in FIRST:
        return ("first",)
    if group == "consent":
        return ("recent",)
    return ("verified", *USUAL) if group in REACHED_BY else USUAL


Survivorship = dict[Group, Rule]


def problems(
    given: Mapping[Group, Rule], sources: Mapping[str, object], field: str = "survivorship"
) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong between the rules and the sources of the deployment."""
    for group, rule in given.items():
        for name in (*rule.trust, *rule.never):
            if name not in sources:
                what = f"{name!r} is not a source; write one of {', '.join(sorted(sources))}"
                yield (field, group, "trust" if name in rule.trust else "never"), what


Row = Mapping[str, str | None]
COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "policy": "varchar",
        "attribute_group": "varchar",
        "source": "varchar",
        "trust": "integer",
        "barred": "boolean",
        "shared_most": "bigint",
    }
    | {f"rule_{place}": "varchar" for place in range(1, MOST_CRITERIA + 1)}
)


def rows(given: Mapping[Group, Rule], proposed: Mapping[Group, Rule] | None = None) -> list[Row]:
    """`control.survivorship`: a row per group with source '', and one per source of its own trust or that is barred.

    policy: `now`; and `next` for the groups for which another rule is proposed, which are ranked by both.
    """
    found: list[Row] = []
    for group in GROUPS:
        rule = given.get(group, Rule())  # type: ignore[call-overload] # the keys of GROUPS are the values of Group
        found += _rows("now", group, rule)
        other = (proposed or {}).get(group, rule)  # type: ignore[call-overload] # see above
        if other != rule:
            found += _rows("next", group, other)
    return found


def _rows(policy: str, group: str, rule: Rule) -> list[Row]:
    names = dict(zip((f"rule_{at}" for at in range(1, MOST_CRITERIA + 1)), rule.criteria(group), strict=False))
    empty = {**dict.fromkeys(COLUMNS), "policy": policy, "attribute_group": group}
    most = str(MOST_SHARED) if group in REACHED_BY else None
    of_sources = [
        {
            **empty,
            "source": source,
            "trust": str(rule.trust[source]) if source in rule.trust else None,
            "barred": "true" if source in rule.never else None,
        }
        for source in sorted({*rule.trust, *rule.never})
    ]
    return [{**empty, **names, "source": "", "shared_most": most}, *of_sources]
