"""The commit steps of a pull by name: what has been made durable when the step is reached."""

from aws_lambda_powertools import Logger

logger = Logger(child=True)

STEPS = (
    "leased",
    "begun",
    "landed",
    "staged",
    "quarantined",
    "keyed",
    "committed",
    "settled",
    "compared",
    "indexed",
    "registered",
    "completed",
    "announced",
)


def reached(name: str) -> None:
    """Say in the log that a step is done. Tests stop the process here to prove that each can be the last."""
    logger.info("step", extra={"step": name})
