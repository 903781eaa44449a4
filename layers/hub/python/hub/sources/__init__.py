"""Connectors: how rows come out of an organisation's applications."""

from pathlib import Path
from typing import Any

from hub.config import FilesSource, OwnSource, PushSource, RestSource, SqlSource
from hub.sources.piece import Connector, Piece, Position, SourceError, Unreadable

SHIPPED = Path("/opt/hub")  # where a function finds the deployment

__all__ = ["Connector", "Piece", "Position", "SourceError", "Unreadable", "connector"]


def connector(source: Any, data_set: str, vault_bucket: str, home: Path = SHIPPED) -> Connector:
    """The connector of one data set; each is imported only where it is used. home: of the deployment's own ones."""
    rules = source.data_sets[data_set]
    if isinstance(source, RestSource):
        from hub.sources.rest import Rest

        return Rest(source, rules)
    if isinstance(source, SqlSource):
        from hub.sources.sql import Sql

        return Sql(source, rules)
    if isinstance(source, OwnSource):
        from hub.sources.own import load

        return load(source, rules, home)
    if isinstance(source, PushSource):
        from hub.sources.push import Push

        return Push(source.name, data_set, source.data_sets[data_set], vault_bucket)
    assert isinstance(source, FilesSource)
    from hub.sources.files import Files

    return Files(source, rules, vault_bucket)
