"""One statement on Trino: rows as Python values, the bytes read, cancelling, and errors as Athena tells them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from trino.dbapi import Cursor, connect
from trino.exceptions import Error as TrinoError
from trino.exceptions import HttpError, TrinoConnectionError, TrinoDataError, TrinoQueryError

from infra.local.athena.engine import Cancelled, Column, Context, QueryFailed
from infra.local.trino.rewrite import Request
from infra.local.trino.server import CATALOG

SYSTEM_ERRORS = frozenset({"INTERNAL_ERROR", "INSUFFICIENT_RESOURCES"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What Trino gave back. `query_id` is Trino's own: the files that the statement wrote have it in their names."""

    query_id: str
    columns: list[Column]
    rows: list[list[object]]
    update_count: int | None


class TrinoClient:
    """Runs statements at one address; each call has its own connection, so threads may share the client."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname, parts.port

    def run(self, request: Request, context: Context) -> Answer:
        """Run to the end. Raises QueryFailed or Cancelled; adds the bytes read to the context."""
        session = dict(request.session)
        if context.scan_limit is not None:
            session["query_max_scan_physical_bytes"] = f"{max(context.scan_limit - context.scanned, 1)}B"
        connection = connect(  # type: ignore[no-untyped-call]  # the driver has no types
            host=self._host,
            port=self._port,
            user="hub",
            source="athena",
            catalog=CATALOG,
            schema=context.database,
            session_properties=session,
        )
        cursor = connection.cursor()
        with _as_athena(context, cursor):
            context.check()
            cursor.execute(request.text)
            rows = cursor.fetchall()
            context.check()
        context.scan(cursor.stats.get("physicalInputBytes", 0))  # Trino looks at its own limit once a second
        columns = [Column(column.name, type_name(column.type_code)) for column in cursor.description or ()]
        return Answer(cursor.query_id, columns, rows, cursor.rowcount if cursor.rowcount >= 0 else None)


def type_name(text: str) -> str:
    """A type as typeof() prints it: the protocol puts a space into decimal(18, 2) and writes intervals in capitals."""
    return re.sub(r"decimal\((\d+), (\d+)\)", r"decimal(\1,\2)", text.lower() if text.startswith("INTERVAL") else text)


@contextmanager
def _as_athena(context: Context, cursor: Cursor) -> Iterator[None]:
    """Let the context stop the cursor, and turn Trino's errors into the engine's."""
    context.on_stop = lambda: _cancel(cursor)
    try:
        yield
    except TrinoQueryError as error:
        if error.error_name == "USER_CANCELED" or context.stopped.is_set():
            raise Cancelled from error
        category = QueryFailed.SYSTEM if error.error_type in SYSTEM_ERRORS else QueryFailed.USER
        raise QueryFailed(error.error_name or "GENERIC_INTERNAL_ERROR", error.message, category) from error
    except TrinoDataError as error:
        raise QueryFailed("NOT_SUPPORTED", f"the result holds a value beyond Python's range: {error}") from error
    except TrinoConnectionError as error:
        raise QueryFailed("GENERIC_INTERNAL_ERROR", f"Trino does not answer: {error}", QueryFailed.SYSTEM) from error
    finally:
        context.on_stop = _nothing


def _cancel(cursor: Cursor) -> None:
    """Cancel what runs; a query that is over already is cancelled enough."""
    with suppress(TrinoError, HttpError):
        cursor.cancel()  # type: ignore[no-untyped-call]  # the driver has no types


def _nothing() -> None:
    pass
