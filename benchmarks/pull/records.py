"""The records that every peer pulls: orders of 250 bytes, from a fixed seed, as pages, CSV and JSON lines."""

import csv
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = 1000
FIELDS = (
    "id", "order_no", "customer_id", "sku", "quantity", "unit_price", "currency", "discount", "status", "channel",
    "ordered_at", "updated_at",
)  # fmt: skip


def records(count: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Orders as an application would write them in JSON."""
    chance = random.Random(seed)
    for number in range(count):
        month, day, hour, minute = (
            chance.randint(1, 12),
            chance.randint(1, 28),
            chance.randint(0, 23),
            chance.randint(0, 59),
        )
        yield {
            "id": number,
            "order_no": f"SO-{number:08d}",
            "customer_id": chance.randrange(200_000),
            "sku": f"SKU-{chance.randrange(5_000):05d}",
            "quantity": chance.randint(1, 19),
            "unit_price": chance.randrange(100, 99_900) / 100,
            "currency": chance.choice(("INR", "USD", "EUR")),
            "discount": chance.randrange(0, 300) / 1000,
            "status": chance.choice(("open", "paid", "shipped", "closed")),
            "channel": chance.choice(("web", "shop", "phone")),
            "ordered_at": f"2025-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:00Z",
            "updated_at": f"2026-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{number % 60:02d}Z",
        }


def pages(count: int) -> Iterator[bytes]:
    """Bodies of an API: `{"total": …, "items": […]}`."""
    gathered: list[dict[str, Any]] = []
    for record in records(count):
        gathered.append(record)
        if len(gathered) == PAGE:
            yield _body(count, gathered)
            gathered = []
    if gathered:
        yield _body(count, gathered)


def _body(total: int, items: list[dict[str, Any]]) -> bytes:
    return json.dumps({"total": total, "items": items}, separators=(",", ":")).encode()


def write_csv(count: int, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(records(count))


def write_jsonl(count: int, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record, separators=(",", ":")) + "\n" for record in records(count))
