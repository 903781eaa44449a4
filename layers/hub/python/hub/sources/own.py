"""Connectors of the organisation's own: a file of the deployment folder whose `connect` gives a Connector."""

import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from hub.aws import client
from hub.config import OwnDataSet, OwnSource
from hub.sources.piece import Connector, Piece, Position, SourceError
from hub.sources.tables import from_records


def load(source: OwnSource, rules: OwnDataSet, home: Path) -> Connector:
    """What `connect(source, rules)` of the file gives; SourceError where there is none."""
    module = _module(home / "connectors" / f"{source.connection.file}.py")
    connect = getattr(module, "connect", None)
    if connect is None:
        raise SourceError(f"connectors/{source.connection.file}.py has no function `connect(source, rules)`; add it")
    made: Connector = connect(source, rules)
    return made


@cache
def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"connectors.{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SourceError(f"connectors/{path.name} was not shipped; deploy the folder that holds it")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def secret(source: OwnSource) -> str:
    """The source's secret from SSM; SourceError naming the one that is not there."""
    if source.connection.authentication is None:
        raise SourceError("the manifest names no secret; add `authentication: {kind: password, secret: <name>}`")
    name, ssm = source.connection.authentication.secret, client("ssm")
    try:
        return str(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound as error:
        raise SourceError(f"the secret {name} is not set; `make secret NAME={name}`") from error


def piece(
    records: Sequence[dict[str, Any]],
    raw: bytes,
    rules: OwnDataSet,
    position: Position,
    cursor: Position,
    *,
    last: bool,
    declared: int | None = None,
) -> Piece:
    """A page of records. raw: the bytes as they came. position, cursor: what JSON can hold, see `Piece`."""
    rows, new_fields = from_records(records, rules)
    return Piece(rows, raw, "text", position, cursor, declared, new_fields=new_fields, last=last)
