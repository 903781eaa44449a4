"""Query executions: their states, their result files, and a journal that outlives the process."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.athena import results
from infra.local.athena.catalogue import Catalogue
from infra.local.athena.engine import Column, Context, QueryFailed, Result
from infra.local.athena.statements import Statement
from infra.local.athena.workgroups import ENGINE

KEPT = 2000  # executions that the journal keeps over a restart
FINISHED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
WRITES = frozenset({"CREATE_TABLE_AS_SELECT", "INSERT", "UNLOAD", "MERGE", "UPDATE", "DELETE"})


@dataclass
class Execution:
    """One execution as the API tells it. `public` is GetQueryExecution's answer."""

    public: dict[str, Any]
    statement: Statement | None  # None: restored from the journal
    context: Context | None
    token: str | None = None
    columns: list[Column] = field(default_factory=list)
    update_count: int | None = None
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def id(self) -> str:
        return str(self.public["QueryExecutionId"])

    @property
    def state(self) -> str:
        return str(self.public["Status"]["State"])

    @property
    def has_header(self) -> bool:
        """Result pages of queries begin with the column names."""
        return self.public["StatementType"] == "DML" and bool(self.columns)

    def record(self) -> str:
        columns = [[column.name, column.type] for column in self.columns]
        kept = {"public": self.public, "token": self.token, "columns": columns, "updated": self.update_count}
        return json.dumps(kept)


def new_public(identifier: str, request: dict[str, Any], workgroup: str, output: str, database: str) -> dict[str, Any]:
    """GetQueryExecution's answer for an execution that was just accepted."""
    parameters = {"ExecutionParameters": request["ExecutionParameters"]} if request.get("ExecutionParameters") else {}
    return {
        "QueryExecutionId": identifier,
        "Query": request["QueryString"],
        "StatementType": "DML",
        "ResultConfiguration": {**(request.get("ResultConfiguration") or {}), "OutputLocation": output},
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": {"Database": database, "Catalog": "awsdatacatalog"},
        "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
        "Statistics": {},
        "WorkGroup": workgroup,
        "EngineVersion": {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": ENGINE},
        **parameters,
    }


def succeed(execution: Execution, result: Result, catalogue: Catalogue) -> list[results.Printed]:
    """Write the result files and settle what the API tells of them; the rows of a query, its header first."""
    context, public = execution.context, execution.public
    assert context is not None
    execution.columns, execution.update_count = result.columns, result.update_count
    public["StatementType"], public["SubstatementType"] = result.kind, result.substatement
    place = context.output + context.query_id
    rows = list(results.printed(result.columns, result.rows))
    if result.substatement in WRITES:
        output = {"CREATE_TABLE_AS_SELECT": f"{context.output}tables/{context.query_id}"}.get(
            result.substatement, place
        )
        if result.files is not None:
            manifest = f"{place}-manifest.csv"
            catalogue.write(manifest, "\n".join(result.files).encode())
            public["Statistics"]["DataManifestLocation"] = manifest
    elif result.kind == "DML":
        output = place + ".csv"
        catalogue.write(output, results.to_csv(result.columns, rows))
        catalogue.write(output + ".metadata", b"\x08\x02")
    else:
        output = place + ".txt"
        catalogue.write(output, results.to_text(rows))
        catalogue.write(output + ".metadata", b"\x08\x02")
    public["ResultConfiguration"]["OutputLocation"] = output
    return [[column.name for column in result.columns], *rows] if execution.has_header else []


def finish(execution: Execution, state: str, error: QueryFailed | None = None, reason: str | None = None) -> None:
    """Set the last state and the statistics."""
    public, now = execution.public, time.time()
    status = public["Status"]
    milliseconds = int((now - status["SubmissionDateTime"]) * 1000)
    public["Statistics"] |= {
        "DataScannedInBytes": execution.context.scanned if execution.context else 0,
        "EngineExecutionTimeInMillis": milliseconds,
        "TotalExecutionTimeInMillis": milliseconds,
        "QueryQueueTimeInMillis": 0,
        "QueryPlanningTimeInMillis": 0,
        "ServiceProcessingTimeInMillis": 0,
    }
    text = reason or (str(error) if error else None)
    if text:
        status["StateChangeReason"] = text
    if error:
        status["AthenaError"] = {
            "ErrorCategory": error.category,
            "ErrorType": error.error_type,
            "Retryable": False,
            "ErrorMessage": str(error),
        }
    status["CompletionDateTime"] = now
    status["State"] = state
    execution.done.set()


class Journal:
    """Executions on disk, one line each time one is accepted or ends; without a file it forgets."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = threading.Lock()

    def restore(self) -> dict[str, Execution]:
        """The newest executions; those that the process left unfinished have failed."""
        if self._file is None or not self._file.exists():
            return {}
        found: dict[str, Execution] = {}
        for line in self._file.read_text(encoding="utf-8").splitlines():
            try:
                kept = json.loads(line)
            except ValueError:  # the line that a killed process was writing
                continue
            columns = [Column(name, kind) for name, kind in kept["columns"]]
            execution = Execution(kept["public"], None, None, kept["token"], columns, kept["updated"])
            found.pop(execution.id, None)
            found[execution.id] = execution
        newest = dict(list(found.items())[-KEPT:])
        for execution in newest.values():
            if execution.state not in FINISHED:
                finish(execution, "FAILED", QueryFailed("GENERIC_INTERNAL_ERROR", "the engine was stopped", 1))
            execution.done.set()
        lines = [execution.record() + "\n" for execution in newest.values()]
        self._file.write_text("".join(lines), encoding="utf-8")
        return newest

    def write(self, execution: Execution) -> None:
        if self._file is not None:
            with self._lock, self._file.open("a", encoding="utf-8") as output:
                output.write(execution.record() + "\n")
