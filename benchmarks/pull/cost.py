"""What a million rows cost on AWS, from the requests that were really made and the GB-seconds of the worker.

Prices of eu-west-1 in USD without the free tier, 2026-11-22, to be compared with the account's own; Lambda on arm64.
"""

from collections.abc import Mapping

from infra.functions.pulls import PULLS

GB_SECOND = 0.0000133334
LAMBDA_REQUEST = 0.20e-6
S3 = {"PUT": 5.0e-6, "LIST": 5.0e-6, "POST": 5.0e-6, "GET": 0.40e-6, "HEAD": 0.40e-6, "DELETE": 0.0}
DYNAMODB = {"write": 0.705e-6, "read": 0.141e-6}  # units of a KB, of 4 KB
EVENT = 1.0e-6
ONE_CPU = 1769  # MB at which a function has one whole virtual CPU
SECONDS = PULLS["pull"].timeout


def per_million(rows: int, cpu: float, requests: Mapping[str, float]) -> dict[str, float]:
    """US cents by what they are paid for.

    The worker is billed for its CPU time at its share of a CPU. What it waits for a source comes on top: a minute is
    0.16 cents.
    """
    memory = PULLS["pull"].memory
    seconds = max(cpu, cpu * ONE_CPU / memory)
    paid = {
        "Lambda": seconds * memory / 1024 * GB_SECOND + LAMBDA_REQUEST * (1 + seconds // SECONDS),
        "S3": sum(count * S3[name.split()[1]] for name, count in requests.items() if name.startswith("s3 ")),
        "DynamoDB": sum(requests.get(f"dynamodb {kind}", 0) * price for kind, price in DYNAMODB.items()),
        "others": requests.get("events PutEvents", 0) * EVENT,
    }
    return {name: dollars * 100 * 1e6 / rows for name, dollars in paid.items()}
