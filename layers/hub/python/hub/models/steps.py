"""The commit steps of a run by name: what has been made durable when the step is reached."""

from aws_lambda_powertools import Logger

logger = Logger(child=True)

STEPS = (
    "run_leased", "run_written", "run_planned", "statement_started", "statement_noted", "statement_done", "step_done",
    "released", "release_announced", "profiles_written", "run_failed", "run_finished",
)  # fmt: skip


def reached(name: str, **ids: str) -> None:
    """Say in the log that a step is done. Tests stop the process here to prove that each can be the last."""
    logger.info("step", extra={"step": name, **ids})
