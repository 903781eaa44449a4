"""Python functions that DuckDB calls where its own differ from Trino's."""

from infra.local.athena.dialect.udfs import (  # noqa: F401  (they register themselves)
    documents,
    numbers,
    patterns,
    texts,
    times,
    urls,
)
from infra.local.athena.dialect.udfs.registry import UDFS, TrinoError

__all__ = ["UDFS", "TrinoError"]
