"""Where personal data are: what the manifests declare of each column against what pulls found in it."""

from typing import Literal

from pydantic import BaseModel

from hub.config import Deployment
from hub.pulls.profiles import ColumnProfile, Profiles


class Finding(BaseModel):
    """A column that holds something personal, or seems to.

    state: `declared`; `undeclared`, it looks like `found` and no manifest says so; `mentioned`, persons stand among
    other words of its texts, in so many rows of the sample; `unseen`, it is declared and no pull has shown it yet.
    in_manifest: false for a field that the source gives and nobody declared. purpose: why it is kept.
    """

    source: str
    data_set: str
    column: str
    in_manifest: bool
    declared: str
    found: str
    mentions: dict[str, int]
    purpose: str | None
    day: str | None
    state: Literal["declared", "undeclared", "mentioned", "unseen"]


def scan(deployment: Deployment, control_table: str) -> list[Finding]:
    """All findings, those that nobody declared first."""
    profiles, found = Profiles(control_table), []
    for source in deployment.sources.values():
        for name, rules in source.data_sets.items():
            profile = profiles.get(source.name, name)
            seen = {each.name: each for each in profile.columns} if profile else {}
            for column in [*rules.columns, *(each for each in seen if each not in rules.columns)]:
                declared = rules.columns[column].personal if column in rules.columns else "none"
                purpose = rules.columns[column].purpose if column in rules.columns else None
                if (state := _state(declared, seen.get(column))) is None:
                    continue
                here = seen.get(column)
                found.append(
                    Finding(
                        source=source.name,
                        data_set=name,
                        column=column,
                        in_manifest=column in rules.columns,
                        declared=declared,
                        found=here.personal if here else "none",
                        mentions=here.mentions if here else {},
                        purpose=purpose,
                        day=profile.day if profile and here else None,
                        state=state,
                    )
                )
    order = ("undeclared", "mentioned", "declared", "unseen")
    return sorted(found, key=lambda each: (order.index(each.state), each.source, each.data_set, each.column))


def _state(
    declared: str, seen: ColumnProfile | None
) -> Literal["declared", "undeclared", "mentioned", "unseen"] | None:
    if declared != "none":
        return "declared" if seen else "unseen"
    if seen is None:
        return None
    if seen.personal != "none":
        return "undeclared"
    return "mentioned" if seen.mentions else None
