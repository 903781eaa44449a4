"""A data set of a database, and what comes of it."""

from hub.config import SqlSource
from hub.sources import connector


def source(url, fetch, columns=None, keys=("id",), ignore=(), **connection):
    declared = {name: {"type": kind} for name, kind in (columns or {"id": "bigint"}).items()}
    return SqlSource.model_validate(
        {
            "name": "erp",
            "description": "ERP",
            "owner": "o",
            "trust": 1,
            "connector": "sql",
            "connection": {"url": url, **connection},
            "data_sets": {
                "things": {
                    "description": "Things",
                    "fetch": fetch,
                    "frequency": {"class": "on-demand"},
                    "keys": {"business": list(keys)},
                    "ignore": list(ignore),
                    "columns": declared,
                }
            },
        }
    )


def pieces(made, cursor=None, position=None):
    return connector(made, "things", "").pieces(cursor, position)


def rows(found):
    """The declared values of all pieces."""
    return [tuple(row.values())[:-1] for piece in found for row in piece.rows.to_pylist()]
