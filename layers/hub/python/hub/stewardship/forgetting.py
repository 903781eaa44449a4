"""Values of the erased leave what stewards decided: edits go, proposals keep who decided when, and no value."""

from collections.abc import Iterable, Mapping
from typing import Any

from hub.campaigns.items import now_text
from hub.models.store import RunStore
from hub.stewardship.rules import Item
from hub.stewardship.store import DecisionStore

ABOUT_VALUES = ("edit", "pin", "undo")


def forget_erased(control_table: str) -> int:
    """Before each run; how many edits and proposals lost their values. A repeat finds nothing."""
    erasures = RunStore(control_table).erasures()
    if not erasures:
        return 0
    keys = {str(item["sk"]).removeprefix("record#") for item in erasures}
    customers = {str(item["customer_id"]) for item in erasures if item.get("customer_id")}
    store = DecisionStore(control_table)
    told = [item for item in store.everything() if _is_about(item, keys, customers)]
    for item in told:
        store.forget(item, now_text(), [{side: _bare(each[side]) for side in each} for each in item.get("effects", ())])
    return len(told) + store.remove_edits(keys)


def _is_about(item: Mapping[str, Any], keys: set[str], customers: set[str]) -> bool:
    if item["kind"] not in ABOUT_VALUES or item.get("forgotten"):
        return False
    edits = [edit for each in item.get("effects", ()) for edit in each.values() if edit]
    records = {item.get("record_key"), item.get("value_from"), *_records(edits)}
    return bool(records & keys or customers & set(item["customers"]))


def _records(edits: Iterable[Mapping[str, Any]]) -> set[str | None]:
    return {edit.get("record_key") for edit in edits} | {edit.get("value_from") for edit in edits}


def _bare(edit: Item | None) -> Item | None:
    return None if edit is None else {name: value for name, value in edit.items() if name != "values"}
