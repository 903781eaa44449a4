"""The emulator's services saved so that they fit together, wherever a kill strikes.

MiniStack saves one after the other. A release in DynamoDB names snapshots that Glue's tables must know: saved as they
come, a release could be kept and its snapshots be lost.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

POINTING = ("dynamodb",)  # what names things of the others; the others name nothing of it

logger = logging.getLogger("laptop")


def save_together(services: Mapping[str, Callable[[], Any]], save_all: Callable[[dict[str, Any]], None]) -> None:
    """Take what points at others first and write it last: what it names is then always there.

    services: name -> what gives a copy of its state. A service that gives none keeps what was saved before, and so
    does then what points at it.
    """
    taken, whole = {}, True
    for name in sorted(services, key=lambda name: name not in POINTING):
        try:
            taken[name] = services[name]()
        except Exception as error:  # noqa: BLE001 - whatever a service raises amid a change, the next save is near
            whole = False
            logger.warning("the state of %s is not saved this time: %s", name, error)
    kept = [name for name in taken if whole or name not in POINTING]
    save_all({name: partial(_given, taken[name]) for name in reversed(kept)})


def _given(state: Any) -> Any:
    return state
