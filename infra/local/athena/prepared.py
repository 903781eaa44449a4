"""Prepared statements by work group and name."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infra.local.athena.api_errors import ApiError, invalid
from infra.local.athena.errors import QueryFailed

Request = Mapping[str, Any]


class Prepared:
    """Kept in a file when one is given. Names compare in lower case."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._texts: dict[str, dict[str, str]] = {}
        if file is not None and file.exists():
            self._texts = json.loads(file.read_text(encoding="utf-8"))
        self.operations: dict[str, Callable[[Request], dict[str, Any] | None]] = {
            "CreatePreparedStatement": self._create,
            "UpdatePreparedStatement": self._put,
            "GetPreparedStatement": self._get,
            "BatchGetPreparedStatement": self._batch_get,
            "DeletePreparedStatement": self._delete,
            "ListPreparedStatements": self._list,
        }

    def put(self, group: str, name: str, text: str) -> None:
        self._texts.setdefault(group, {})[name.lower()] = text
        self._save()

    def text(self, group: str, name: str) -> str:
        """Raises QueryFailed for an unknown name."""
        try:
            return self._texts[group][name.lower()]
        except KeyError:
            raise QueryFailed("NOT_FOUND", f"Prepared statement not found: {name}") from None

    def remove(self, group: str, name: str) -> None:
        self._texts.get(group, {}).pop(name.lower(), None)
        self._save()

    def _create(self, request: Request) -> None:
        if request["StatementName"].lower() in self._texts.get(request["WorkGroup"], {}):
            raise invalid(f"Prepared statement {request['StatementName']} already exists")
        self._put(request)

    def _delete(self, request: Request) -> None:
        self._get(request)
        self.remove(request["WorkGroup"], request["StatementName"])

    def _batch_get(self, request: Request) -> dict[str, Any]:
        found: list[Any] = []
        missing = []
        for name in request["PreparedStatementNames"]:
            try:
                found.append(self._get({**request, "StatementName": name})["PreparedStatement"])
            except ApiError as error:
                missing.append({"StatementName": name, "ErrorCode": error.code, "ErrorMessage": error.message})
        return {"PreparedStatements": found, "UnprocessedPreparedStatementNames": missing}

    def _put(self, request: Request) -> None:
        self.put(request["WorkGroup"], request["StatementName"], request["QueryStatement"])

    def _get(self, request: Request) -> dict[str, Any]:
        name = request["StatementName"]
        try:
            text = self.text(request["WorkGroup"], name)
        except QueryFailed:
            raise ApiError("ResourceNotFoundException", f"PreparedStatement {name} was not found") from None
        found = {"StatementName": name, "QueryStatement": text, "WorkGroupName": request["WorkGroup"]}
        return {"PreparedStatement": {**found, "LastModifiedTime": time.time()}}

    def _list(self, request: Request) -> dict[str, Any]:
        names = sorted(self._texts.get(request["WorkGroup"], {}))
        return {"PreparedStatements": [{"StatementName": name, "LastModifiedTime": time.time()} for name in names]}

    def _save(self) -> None:
        if self._file is not None:
            unfinished = self._file.with_suffix(".tmp")
            unfinished.write_text(json.dumps(self._texts, indent=1), encoding="utf-8")
            unfinished.replace(self._file)
