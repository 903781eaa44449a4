"""The mail that the hub sent on this laptop: the emulator keeps it instead of delivering it."""

import json
import urllib.request
from typing import Any

from infra.local.laptop import Laptop, LaptopError


def messages(laptop: Laptop) -> list[dict[str, Any]]:
    """Every message, oldest first, as the emulator keeps it."""
    try:
        with urllib.request.urlopen(f"{laptop.endpoint}/_ministack/ses/messages", timeout=10) as reply:
            return [message for account in json.load(reply)["messages"].values() for message in account]
    except OSError as error:
        raise LaptopError(f"nothing answers at {laptop.endpoint}; start it with `make run`") from error


def show(laptop: Laptop) -> None:
    found = messages(laptop)
    for message in found:
        print(json.dumps(message, indent=2, ensure_ascii=False))
    print(f"{len(found)} messages")
