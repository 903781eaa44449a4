"""Names in the vault bucket on which rooms agree that do not know each other."""

import hashlib

PUSHED, PLANS = "landing/_pushed", "landing/_plans"  # no source's name begins with a line


def pushed(source: str, data_set: str) -> str:
    """Where what is pushed waits for its pull."""
    return f"{PUSHED}/{source}/{data_set}/"


def plans(source: str, data_set: str) -> str:
    """Where a pull writes down which of it is its own."""
    return f"{PLANS}/{source}/{data_set}/"


def drop(source: str) -> str:
    """Where files of a source without a location are dropped."""
    return f"drop/{source}/"


def mark(text: str) -> str:
    """Twelve letters that stand for a file's name or version: a cursor of names would soon be too long to keep."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
