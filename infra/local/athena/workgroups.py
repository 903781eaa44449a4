"""Work groups: where results go, what is enforced, how much a query may scan. Kept in a file when one is given."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.athena.api_errors import ApiError

ENGINE = "Athena engine version 3"
MINIMUM_SCAN_LIMIT = 10_000_000
PRIMARY = "primary"


class WorkGroups:
    """Work groups by name, in GetWorkGroup's shape. `primary` is always there and enforces nothing."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._groups: dict[str, dict[str, Any]] = {}
        if file is not None and file.exists():
            self._groups = json.loads(file.read_text(encoding="utf-8"))
        self._groups.setdefault(PRIMARY, _group(PRIMARY, {"EnforceWorkGroupConfiguration": False}))

    def get(self, name: str) -> dict[str, Any]:
        """Raises ApiError for an unknown name."""
        if name not in self._groups:
            raise ApiError("InvalidRequestException", f"WorkGroup {name} is not found.")
        return self._groups[name]

    def all(self) -> list[dict[str, Any]]:
        return [self._groups[name] for name in sorted(self._groups)]

    def create(self, request: Mapping[str, Any]) -> None:
        if request["Name"] in self._groups:
            raise ApiError("InvalidRequestException", f"WorkGroup {request['Name']} is already created")
        self.put(request)

    def put(self, request: Mapping[str, Any]) -> None:
        """Create or replace: how the laptop hands over what CloudFormation made."""
        group = _group(request["Name"], request.get("Configuration") or {}, request.get("Description") or "")
        group["State"] = request.get("State") or "ENABLED"
        self._groups[request["Name"]] = group
        self._save()

    def update(self, request: Mapping[str, Any]) -> None:
        """UpdateWorkGroup: only what is named changes."""
        group = self.get(request["WorkGroup"])
        updates = dict(request.get("ConfigurationUpdates") or {})
        changed = dict(group["Configuration"])
        if results := updates.pop("ResultConfigurationUpdates", None):
            changed["ResultConfiguration"] = {k: v for k, v in results.items() if not k.startswith("Remove")}
        if updates.pop("RemoveBytesScannedCutoffPerQuery", False):
            changed.pop("BytesScannedCutoffPerQuery", None)
        new = _group(request["WorkGroup"], changed | updates, request.get("Description", group["Description"]))
        new["State"] = request.get("State", group["State"])
        self._groups[request["WorkGroup"]] = new
        self._save()

    def delete(self, name: str) -> None:
        """Removing what is not there is done already."""
        if name == PRIMARY:
            raise ApiError("InvalidRequestException", "WorkGroup primary cannot be deleted")
        self._groups.pop(name, None)
        self._save()

    def _save(self) -> None:
        if self._file is not None:
            unfinished = self._file.with_suffix(".tmp")
            unfinished.write_text(json.dumps(self._groups, indent=1), encoding="utf-8")
            unfinished.replace(self._file)


def _group(name: str, configuration: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    settled = dict(configuration)
    enforced = configuration.get("EnforceWorkGroupConfiguration", True)
    settled["EnforceWorkGroupConfiguration"] = str(enforced).lower() == "true"
    settled["EngineVersion"] = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": ENGINE}
    settled.setdefault("ResultConfiguration", {})
    if limit := configuration.get("BytesScannedCutoffPerQuery"):
        if int(limit) < MINIMUM_SCAN_LIMIT:
            message = f"BytesScannedCutoffPerQuery must be at least {MINIMUM_SCAN_LIMIT}, not {limit}"
            raise ApiError("InvalidRequestException", message)
        settled["BytesScannedCutoffPerQuery"] = int(limit)
    return {
        "Name": name,
        "State": "ENABLED",
        "Description": description,
        "CreationTime": time.time(),
        "Configuration": settled,
    }
