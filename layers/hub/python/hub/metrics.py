"""What the hub does for the business, as numbers that the dashboard shows: a line of the log that CloudWatch counts."""

import json
import sys
import time
from collections.abc import Mapping
from typing import Final, Literal

Metric = Literal["RowsStaged", "PullsHeld", "StaleHigh", "StaleNormal", "TargetsMissed", "Releases", "MessagesSent"]
NAMESPACE: Final = "Hub"
DIMENSION: Final = "Stage"


def count(stage: str, numbers: Mapping[Metric, int]) -> None:
    """Add to the stage's metrics, in CloudWatch's embedded format. What is done twice may be counted twice."""
    named = [{"Name": name, "Unit": "Count"} for name in numbers]
    told = {"Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": named}
    format_of_it = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [told]}
    sys.stdout.write(json.dumps({"_aws": format_of_it, DIMENSION: stage} | dict(numbers)) + "\n")
