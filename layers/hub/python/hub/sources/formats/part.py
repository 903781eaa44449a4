"""What every format gives: some rows of a file, and where to go on behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from hub.sources.declared import Rows
from hub.sources.piece import Unreadable

Place = Mapping[str, Any]
SHOWN = 4_000  # characters that are kept of a line that cannot be read


@dataclass(frozen=True, slots=True)
class Part:
    """rows: columns under the source's names, or records of any fields. place: of what comes behind them, for JSON.

    raw: the bytes that were read for it.
    """

    rows: pa.Table | list[dict[str, Any]] | Rows
    place: Place
    raw: bytes = b""
    unreadable: tuple[Unreadable, ...] = field(default=())


def unreadable(line: int, text: str, reason: str) -> Unreadable:
    return Unreadable(text[:SHOWN], f"line {line}: {reason}")
