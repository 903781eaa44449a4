"""The named steps of freezing and sending at which something is committed; each is logged when it is done."""

from typing import Final

from aws_lambda_powertools import Logger

logger = Logger(service="campaigns")
STEPS: Final = (
    "frozen", "queued", "claimed", "checked", "intended", "called", "settled", "finished",
)  # fmt: skip


def step(name: str, run_id: str, chunk: int | None = None) -> None:
    """Log that the step is done. Ids and numbers only."""
    logger.info(name, extra={"step": name, "run_id": run_id, "chunk": chunk})
