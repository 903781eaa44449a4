"""What items of the control table say of the place where they lie, told anew for another one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.config.names import mark
from hub.models.names import physical
from infra.operate.moving.items import Item
from infra.operate.moving.objects import DROP, Line

CURSORS = ("cursor", "cursor_from", "cursor_to")


@dataclass
class Translation:
    """From one stage to another. snapshots: table -> its new one. The ETags are those that the new buckets gave."""

    from_stage: str
    to_stage: str
    release: str
    snapshots: dict[str, str] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)

    def arrived(self, line: Line, etag: str) -> None:
        """An object has been put; under another key of encryption its ETag is another one."""
        key = line["key"]
        if key.startswith("staging/") and line["etag"] != etag:
            self.etags[key] = etag
        if key.startswith(DROP):
            source, _, name = key.removeprefix(DROP).partition("/")
            marks = mark(line["etag"].strip('"')), mark(etag.strip('"'))
            self.dropped.setdefault(source, {})[mark(name)] = marks

    def control(self, item: Item) -> Item:
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        if pk == "release" and item.get("release_id", {}).get("S") == self.release:
            return item | {"tables": {"M": {name: {"S": each} for name, each in self.snapshots.items()}}}
        if pk.startswith("run#") and sk == "matching" and "state" in item:
            return item | {"state": {"S": self._state(item["state"]["S"])}}
        if pk.startswith("data_set#"):
            source = pk.removeprefix("data_set#").partition(".")[0]
            return item | {name: self._cursor(source, item[name]) for name in CURSORS if name in item}
        if pk.startswith("pull#") and sk.startswith("batch#"):
            return self._batch(item)
        return item

    def _state(self, state: str) -> str:
        """The tables of a matching lie in the database of another stage."""
        one, other = (f"{physical('scratch', stage)}." for stage in (self.from_stage, self.to_stage))
        return json.dumps(_moved(json.loads(state), one, other), sort_keys=True)

    def _cursor(self, source: str, value: dict[str, Any]) -> dict[str, Any]:
        """Files that were read are known by their ETags."""
        marks = self.dropped.get(source)
        told = json.loads(value["S"]) if marks and "S" in value else None
        if not marks or not isinstance(told, Mapping) or "objects" not in told:
            return value
        known = {
            name: marks[name][1] if name in marks and marks[name][0] == version else version
            for name, version in told["objects"].items()
        }
        return {"S": json.dumps({**told, "objects": known})}

    def _batch(self, item: Item) -> Item:
        staging = item.get("staging", {}).get("M")
        etag = self.etags.get(staging["key"]["S"]) if staging else None
        return item | {"staging": {"M": {**staging, "etag": {"S": etag}}}} if staging and etag else item


def _moved(value: Any, one: str, other: str) -> Any:
    if isinstance(value, str):
        return other + value.removeprefix(one) if value.startswith(one) else value
    if isinstance(value, dict):
        return {name: _moved(each, one, other) for name, each in value.items()}
    return [_moved(each, one, other) for each in value] if isinstance(value, list) else value
