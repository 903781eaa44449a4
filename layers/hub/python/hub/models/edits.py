"""What stewards pinned or wrote into golden records, as rows of `control.edit`. Pure."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from hub.models.clauses import Rows

COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "record_key": "varchar",
        "attribute_group": "varchar",
        "kind": "varchar",
        "value_from": "varchar",
        "given": "varchar",
        "edited_by": "varchar",
        "approved_by": "varchar",
        "edited_at": "timestamp",
    }
)


def rows(items: Sequence[Mapping[str, Any]], erasures: Rows) -> Rows:
    """Edit items of the control table as rows of `control.edit`, in a stable order, without those of the erased."""
    found, erased = [], {row["record_key"] for row in erasures}
    for item in items:
        record_key, _, group = str(item["sk"]).rpartition("#")
        given = item.get("values")
        if record_key in erased:
            continue
        found.append(
            {
                "record_key": record_key,
                "attribute_group": group,
                "kind": str(item["kind"]),
                "value_from": item.get("value_from"),
                "given": given if given is None or isinstance(given, str) else json.dumps(given, sort_keys=True),
                "edited_by": item.get("edited_by"),
                "approved_by": item.get("approved_by"),
                "edited_at": str(item["edited_at"]).replace("T", " ").removesuffix("Z"),
            }
        )
    return sorted(found, key=lambda row: (str(row["record_key"]), str(row["attribute_group"])))
