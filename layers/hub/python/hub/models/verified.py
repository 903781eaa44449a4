"""Which values somebody has proved: settled verifications as rows of `control.verified`. Pure."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from hub.models.clauses import Rows

COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "record_key": "varchar",
        "attribute_group": "varchar",
        "salt": "varchar",
        "print": "varchar",
        "method": "varchar",
        "verified_at": "timestamp",
    }
)


def rows(items: Iterable[Mapping[str, Any]], erasures: Rows) -> Rows:
    """`control.verified`: of each record and group the newest word, where it is a yes; none of the erased."""
    erased = {row["record_key"] for row in erasures}
    newest: dict[tuple[str, str], dict[str, str | None]] = {}
    for item in sorted(items, key=_when):
        claim = item["claim"]
        key = str(claim["record_key"]), str(claim["group"])
        newest.pop(key, None)
        if item["state"] == "verified" and key[0] not in erased:
            told = {"salt": str(claim["salt"]), "print": str(claim["print"]), "method": str(item["method"])}
            at = _when(item)[0].replace("T", " ").removesuffix("Z")
            newest[key] = {"record_key": key[0], "attribute_group": key[1], **told, "verified_at": at}
    return [newest[key] for key in sorted(newest)]


def _when(item: Mapping[str, Any]) -> tuple[str, str]:
    decided = item.get("decisions") or [{}]
    at = item.get("settled_at") or decided[-1].get("at") or item["created_at"]
    return str(at), str(item["verification_id"])
