"""Each minute: find work that nobody carries on. One failing sweep does not keep the others from theirs."""

import time
from collections.abc import Callable

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from hub import campaigns, config, metrics, pulls
from hub.models import runs
from hub.settings import SweepSettings

logger = Logger()


def watch(settings: SweepSettings) -> dict[str, list[str]]:
    """Tell what somebody should look at; the alarms ring while it stays so."""
    seen = pulls.watch(config.read(settings.hub_home), settings.control_table, time.time())
    stale = {"StaleHigh": len(seen.stale["high"]), "StaleNormal": len(seen.stale["normal"])}
    metrics.count(settings.stage, {"PullsHeld": len(seen.held), "TargetsMissed": len(seen.missed), **stale})
    return {
        "held": seen.held,
        "missed": seen.missed,
        **{f"stale_{importance}": names for importance, names in seen.stale.items()},
    }


def handler(event: dict, context: LambdaContext) -> dict:
    settings, restarted = SweepSettings.read(), event.get("reason") == "restart"
    sweeps: dict[str, Callable[[], object]] = {
        "pulls": lambda: pulls.sweep(
            config.read(settings.hub_home),
            settings.control_table,
            settings.pull_queue_url,
            time.time(),
            restarted,
            settings.vault_bucket,
        ),
        "watched": lambda: watch(settings),
        "stuck_runs": lambda: runs.resume_stuck(settings, restarted=restarted),
        "due_run": lambda: runs.start_if_due(settings),
        "triggers": lambda: campaigns.begin_due(settings.campaigns_table, settings.freeze_function),
        "campaigns": lambda: campaigns.sweep(settings.campaigns_table, settings.send_queue_url),
    }
    done, failed = {}, []
    for name, sweep in sweeps.items():
        try:
            done[name] = sweep()
        except Exception as error:  # raised below, once the others had their turn
            logger.exception("a sweep failed", extra={"sweep": name})
            failed.append(error)
    logger.info("swept", extra={"done": done})
    if failed:
        raise ExceptionGroup("sweeps failed", failed)
    return done
