"""The mail and the texts that the hub sent on this laptop: the emulator keeps them instead of delivering them."""

import json
import urllib.request
from typing import Any

from infra.local.laptop import Laptop, LaptopError


def messages(laptop: Laptop) -> list[dict[str, Any]]:
    """Every mail, oldest first, as the emulator keeps it."""
    return [mail for account in _kept(laptop, "ses/messages")["messages"].values() for mail in account]


def texts(laptop: Laptop) -> list[dict[str, Any]]:
    """Every text, by number, of each the oldest first."""
    found = _kept(laptop, "sns/sms-messages")["sms_messages"].values()
    return [text for listed in found for text in listed]


def _kept(laptop: Laptop, what: str) -> Any:
    try:
        with urllib.request.urlopen(f"{laptop.endpoint}/_ministack/{what}", timeout=10) as reply:
            return json.load(reply)
    except OSError as error:
        raise LaptopError(f"nothing answers at {laptop.endpoint}; start it with `make run`") from error


def show(laptop: Laptop) -> None:
    found = [*messages(laptop), *texts(laptop)]
    for message in found:
        print(json.dumps(message, indent=2, ensure_ascii=False))
    print(f"{len(found)} messages")
