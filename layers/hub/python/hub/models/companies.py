"""What stewards decided of companies, as rows of `control.company_decision`. Pure."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {"company_id": "varchar", "other_id": "varchar", "together": "boolean"}
)
TOGETHER: Final = "into#"
APART: Final = "apart#"


def rows(items: Iterable[Mapping[str, Any]]) -> list[dict[str, str | None]]:
    """A company that was put into another one leads to the end of a chain; of two kept apart the lesser is first."""
    items = list(items)
    into = together(items)
    apart = sorted(key.removeprefix(APART).split("#") for item in items if (key := str(item["sk"])).startswith(APART))
    found: list[dict[str, str | None]] = [
        {"company_id": each, "other_id": last(into, each), "together": "true"}
        for each in sorted(into)
        if last(into, each) != each
    ]
    found += [{"company_id": a, "other_id": b, "together": "false"} for a, b in apart]
    return found


def together(items: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Which company was put into which."""
    return {
        key.removeprefix(TOGETHER): str(item["other_id"])
        for item in items
        if (key := str(item["sk"])).startswith(TOGETHER)
    }


def last(into: Mapping[str, str], company_id: str) -> str:
    """Where a company is now; one that leads back to itself stays."""
    seen = {company_id}
    at = company_id
    while (after := into.get(at)) and after not in seen:
        seen.add(after)
        at = after
    return company_id if after else at
