"""The Athena API: what each operation does, over one engine and one catalogue."""

from __future__ import annotations

import sys
import threading
import traceback
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from infra.local.athena import executions, results
from infra.local.athena.api_errors import ApiError, invalid
from infra.local.athena.catalogue import Catalogue
from infra.local.athena.engine import BadStatement, Cancelled, Context, Engine, QueryFailed, Result
from infra.local.athena.executions import Execution, Journal
from infra.local.athena.metadata import Metadata
from infra.local.athena.prepared import Prepared
from infra.local.athena.statements import Statement, bind, bound, parse
from infra.local.athena.workgroups import WorkGroups

LONGEST_QUERY = 262_144  # bytes
PAGE = 1000
READ_AGAIN = 8  # results that are kept as rows for the next page
AT_ONCE = 8
INTERRUPT_AGAIN = 0.2  # seconds
LONGEST_PAUSE = 0.5

Request = Mapping[str, Any]
Answer = dict[str, Any]


class Service:
    """Answers `call(operation, request)` as AWS does; raises ApiError."""

    def __init__(self, engine: Engine, catalogue: Catalogue, state: Path | None = None) -> None:
        self._engine, self._catalogue = engine, catalogue
        self._groups = WorkGroups(state / "workgroups.json" if state else None)
        self._prepared = Prepared(state / "prepared.json" if state else None)
        self._journal = Journal(state / "executions.jsonl" if state else None)
        self._executions = self._journal.restore()
        self._tokens = {found.token: found.id for found in self._executions.values() if found.token}
        self._pages: OrderedDict[str, list[results.Printed]] = OrderedDict()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="athena")
        self._operations: dict[str, Callable[[Request], Answer | None]] = {
            "StartQueryExecution": self._start,
            "GetQueryExecution": lambda request: {"QueryExecution": self._execution(request).public},
            "BatchGetQueryExecution": self._batch_get,
            "ListQueryExecutions": self._list,
            "StopQueryExecution": self._stop,
            "GetQueryResults": self._results,
            "GetQueryRuntimeStatistics": self._statistics,
            "CreateWorkGroup": lambda request: self._groups.create(request),
            "PutWorkGroup": lambda request: self._groups.put(request),
            "UpdateWorkGroup": lambda request: self._groups.update(request),
            "DeleteWorkGroup": lambda request: self._groups.delete(request["WorkGroup"]),
            "GetWorkGroup": lambda request: {"WorkGroup": self._groups.get(request["WorkGroup"])},
            "ListWorkGroups": lambda request: {"WorkGroups": [_summary(group) for group in self._groups.all()]},
            **self._prepared.operations,
            **Metadata(catalogue).operations,
        }

    def call(self, operation: str, request: Request) -> Answer:
        run = self._operations.get(operation)
        if run is None:
            raise invalid(f"the laptop's Athena does not have the operation {operation}")
        try:
            return run(request) or {}
        except KeyError as error:
            raise invalid(f"{operation} needs {error.args[0]}") from error

    def wait(self, identifier: str, seconds: float) -> bool:
        """Wait for the end of an execution; whether it came in time."""
        return self._executions[identifier].done.wait(seconds)

    def pause(self, seconds: float) -> None:
        """Instead of sleeping: until the newest execution that is at work ends, or a while has passed."""
        newest = (found for found in reversed(list(self._executions.values())) if not found.done.is_set())
        if (found := next(newest, None)) is not None:
            found.done.wait(max(seconds, LONGEST_PAUSE))

    def close(self) -> None:
        """Stop what is running and wait for it."""
        for execution in list(self._executions.values()):
            if not execution.done.is_set():
                self._cancel(execution)
        self._pool.shutdown()
        self._engine.close()

    # --- starting

    def _start(self, request: Request) -> Answer:
        token, text = request.get("ClientRequestToken"), request["QueryString"]
        with self._lock:
            if token and (known := self._tokens.get(token)):
                public = self._executions[known].public
                if (public["Query"], public.get("ExecutionParameters", [])) != (
                    text,
                    request.get("ExecutionParameters") or [],
                ):
                    raise invalid("Idempotent parameters do not match")
                return {"QueryExecutionId": known}
            execution = self._accept(request)
            self._executions[execution.id] = execution
            if token:
                self._tokens[token] = execution.id
        self._journal.write(execution)
        self._pool.submit(self._run, execution, request.get("ExecutionParameters"))
        return {"QueryExecutionId": execution.id}

    def _accept(self, request: Request) -> Execution:
        name = request.get("WorkGroup") or "primary"
        group = self._groups.get(name)
        if group["State"] != "ENABLED":
            raise invalid(f"WorkGroup {name} is disabled.")
        configuration, text = group["Configuration"], request["QueryString"]
        if len(text.encode()) > LONGEST_QUERY:
            raise invalid(f"The query string is longer than {LONGEST_QUERY} bytes")
        output = _output_location(configuration, request)
        try:
            statement = parse(text)
            self._engine.check(statement)
        except BadStatement as error:
            raise invalid(str(error), "MALFORMED_QUERY") from error
        except RecursionError as error:
            raise invalid("The statement is nested too deeply", "MALFORMED_QUERY") from error
        if statement.kind == "ctas" and configuration["EnforceWorkGroupConfiguration"]:
            _refuse_external_location(statement)
        database = ((request.get("QueryExecutionContext") or {}).get("Database") or "default").lower()
        identifier = str(uuid.uuid4())
        limit = configuration.get("BytesScannedCutoffPerQuery")
        context = Context(identifier, database, output, name, limit)
        public = executions.new_public(identifier, dict(request), name, f"{output}{identifier}.csv", database)
        return Execution(public, statement, context, request.get("ClientRequestToken"))

    # --- running

    def _run(self, execution: Execution, parameters: list[str] | None) -> None:
        """On a thread of the pool: run, write results, settle the state."""
        assert execution.statement is not None and execution.context is not None
        try:
            execution.context.check()
            execution.public["Status"]["State"] = "RUNNING"
            rows = executions.succeed(execution, self._result(execution, parameters), self._catalogue)
            if 0 < len(rows) <= PAGE:  # most are asked for at once
                self._keep(execution, rows)
            executions.finish(execution, "SUCCEEDED")
        except Cancelled:
            executions.finish(execution, "CANCELLED", reason="Query cancelled by user")
        except QueryFailed as error:
            if error.name == "EXCEEDED_SCAN_LIMIT":
                executions.finish(execution, "CANCELLED", reason="Bytes scanned limit was exceeded")
            else:
                executions.finish(execution, "FAILED", error)
        except BadStatement as error:
            executions.finish(execution, "FAILED", QueryFailed("SYNTAX_ERROR", str(error)))
        except RecursionError:
            executions.finish(execution, "FAILED", QueryFailed("STACK_OVERFLOW", "the statement is nested too deeply"))
        except Exception as error:  # noqa: BLE001  a fault of ours ends this query, not the server
            traceback.print_exc(file=sys.stderr)
            fault = QueryFailed("GENERIC_INTERNAL_ERROR", f"{type(error).__name__}: {error}", QueryFailed.SYSTEM)
            executions.finish(execution, "FAILED", fault)
        self._journal.write(execution)

    def _result(self, execution: Execution, parameters: list[str] | None) -> Result:
        statement, context = execution.statement, execution.context
        assert statement is not None and context is not None
        group, name = context.workgroup, statement.table[1]
        if statement.kind == "prepare":
            self._prepared.put(group, name, statement.query)
            return Result("DDL", "PREPARE")
        if statement.kind == "deallocate":
            self._prepared.remove(group, name)
            return Result("DDL", "DEALLOCATE_PREPARE")
        if statement.kind == "execute":
            text = bind(self._prepared.text(group, name), statement.arguments or parameters or ())
            statement = parse(text)
        else:
            statement = bound(statement, parameters)
        return self._engine.run(statement, context)

    def _stop(self, request: Request) -> None:
        execution = self._execution(request)
        if not execution.done.is_set():
            self._cancel(execution)

    def _cancel(self, execution: Execution) -> None:
        if execution.context is not None:
            execution.context.stopped.set()
            threading.Thread(target=_interrupt, args=(execution,), daemon=True).start()

    # --- reading

    def _execution(self, request: Request) -> Execution:
        found = self._executions.get(request["QueryExecutionId"])
        if found is None:
            raise invalid(f"QueryExecution {request['QueryExecutionId']} was not found")
        return found

    def _batch_get(self, request: Request) -> Answer:
        found = [self._executions[i].public for i in request["QueryExecutionIds"] if i in self._executions]
        missing = [
            {"QueryExecutionId": i, "ErrorCode": "INVALID_INPUT", "ErrorMessage": "was not found"}
            for i in request["QueryExecutionIds"]
            if i not in self._executions
        ]
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def _list(self, request: Request) -> Answer:
        group = request.get("WorkGroup") or "primary"
        newest = [i for i, found in reversed(self._executions.items()) if found.public["WorkGroup"] == group]
        return _page("QueryExecutionIds", newest, request, 50)

    def _results(self, request: Request) -> Answer:
        execution = self._execution(request)
        if execution.state != "SUCCEEDED":
            if execution.state in executions.FINISHED:
                raise invalid(f"Query did not finish successfully. Final query state: {execution.state}")
            raise invalid(f"Query has not yet finished. Current state: {execution.state}")
        page = _page("Rows", self._rows(execution), request, PAGE)
        rows = [{"Data": [{} if text is None else {"VarCharValue": text} for text in row]} for row in page["Rows"]]
        information = [results.header(column) for column in execution.columns]
        answer: Answer = {"ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": information}}}
        if execution.update_count is not None:
            answer["UpdateCount"] = execution.update_count
        if "NextToken" in page:
            answer["NextToken"] = page["NextToken"]
        return answer

    def _rows(self, execution: Execution) -> list[results.Printed]:
        """The rows of the result, read from its file where they are not kept, and kept for the pages that follow."""
        if not execution.columns:
            return []
        with self._lock:
            if execution.id in self._pages:
                self._pages.move_to_end(execution.id)
                return self._pages[execution.id]
        output = execution.public["ResultConfiguration"]["OutputLocation"]
        try:
            body = self._catalogue.read(output)
        except self._catalogue.s3.exceptions.NoSuchKey as error:
            raise invalid(f"Could not find results in {output}") from error
        if execution.has_header:
            rows = results.from_csv(body)
        else:
            rows = [list(line.split("\t")) for line in body.decode().split("\n")] if body else []
        self._keep(execution, rows)
        return rows

    def _keep(self, execution: Execution, rows: list[results.Printed]) -> None:
        with self._lock:
            self._pages[execution.id] = rows
            while len(self._pages) > READ_AGAIN:
                self._pages.popitem(last=False)

    def _statistics(self, request: Request) -> Answer:
        return {"QueryRuntimeStatistics": {"Timeline": self._execution(request).public["Statistics"]}}


def _interrupt(execution: Execution) -> None:
    """Interrupt until it has ended: an engine forgets an interrupt that comes just before a statement begins."""
    assert execution.context is not None
    while not execution.done.is_set():
        execution.context.on_stop()
        execution.done.wait(INTERRUPT_AGAIN)


def _summary(group: Mapping[str, Any]) -> Answer:
    version = group["Configuration"]["EngineVersion"]
    return {key: group[key] for key in ("Name", "State", "Description", "CreationTime")} | {"EngineVersion": version}


def _page(name: str, items: list[Any], request: Request, size: int) -> Answer:
    """One page of a list; the token is where the next begins."""
    try:
        start = int(request.get("NextToken") or 0)
    except ValueError:
        raise invalid("NextToken is not one of ours") from None
    if start < 0:
        raise invalid("NextToken is not one of ours")
    if (request.get("MaxResults") or 0) > max(size, 50):
        raise invalid(f"MaxResults is more than maximum allowed length {size}")
    size = min(request.get("MaxResults") or size, size)
    more = {"NextToken": str(start + size)} if start + size < len(items) else {}
    return {name: items[start : start + size], **more}


def _output_location(configuration: Mapping[str, Any], request: Request) -> str:
    """Where results go: the work group's place when it is enforced or nothing else was said."""
    asked = (request.get("ResultConfiguration") or {}).get("OutputLocation")
    own = configuration["ResultConfiguration"].get("OutputLocation")
    output = own if own and (configuration["EnforceWorkGroupConfiguration"] or not asked) else asked
    if not output:
        message = "No output location provided. An output location is required either through the Workgroup result "
        raise invalid(message + "configuration setting or as an API input.")
    return str(output).rstrip("/") + "/"


def _refuse_external_location(statement: Statement) -> None:
    if "external_location" in statement.properties:
        raise ApiError(
            "InvalidRequestException",
            "The Create Table As Select query failed because it was submitted with an 'external_location' property to "
            "an Athena Workgroup that enforces a centralized output location for all queries. Please remove the "
            "'external_location' property and resubmit the query.",
        )
