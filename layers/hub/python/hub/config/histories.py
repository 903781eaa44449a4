"""What must hold where a data set asks that every version of its records be kept (`history: true`)."""

from collections.abc import Iterator
from typing import Any

from hub.config.entities import HISTORIC

Problem = tuple[tuple[str | int, ...], str]


def asked(manifest: Any, name: str) -> Iterator[Problem]:
    """What is wrong with the `history` of a data set, or of another one that gives the same records."""
    data_set = manifest.data_sets[name]
    kept = set(data_set.entity) & HISTORIC
    if not data_set.history:
        return
    if not kept:
        yield (
            ("history",),
            f"keeps versions of an entity's records, and this data set gives none of {', '.join(sorted(HISTORIC))}; "
            "map one under `entity:` or take it out",
        )
    elif not data_set.keys.business:
        yield (
            ("history",),
            "needs a business key: a row that is known by its place alone has no next version; name the columns under "
            "`keys.business` or take it out",
        )
    for other, rules in manifest.data_sets.items():
        if not rules.history and (both := sorted(kept & set(rules.entity))):
            yield (
                ("history",),
                f"{other!r} gives {both[0]} of this source, too, and keeps no history: half of the versions would be "
                "missing; write `history: true` there as well, or take it out here",
            )
