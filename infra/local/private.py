"""Passwords, and files that only their owner reads."""

import os
import secrets
import string
from pathlib import Path

SYMBOLS = "-_.!"


def new_password() -> str:
    """24 characters that meet the user pool's rules."""
    kinds = [string.ascii_lowercase, string.ascii_uppercase, string.digits, SYMBOLS]
    letters = [secrets.choice(kind) for kind in kinds] + [secrets.choice("".join(kinds)) for _ in range(20)]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    unfinished = file.with_suffix(".tmp")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
    unfinished.replace(file)
