"""The allow-list of functions: a signature with Trino's types, and the DuckDB text that answers as Trino does."""

from infra.local.athena.dialect.functions import (  # noqa: F401  (each module adds its table to the registry)
    aggregates,
    binary,
    collections,
    dates,
    documents,
    numbers,
    strings,
    windows,
)
