"""The demo organisation's applications as processes of the laptop."""

import json
import secrets
from pathlib import Path

from infra.local.demo.generate import generate, write_shop
from infra.local.laptop import Laptop
from infra.local.private import write_private
from infra.local.processes import Process

SECRETS = ["/hub/crm/token"]  # named in deployments/demo/sources/crm.yaml


def token_file(laptop: Laptop) -> Path:
    """Holds the bearer token that the CRM asks for."""
    return laptop.shop.parent / "crm.token"


def prepare(laptop: Laptop) -> None:
    """The applications' files, made once."""
    if not laptop.shop.exists():
        demo = generate()
        write_shop(laptop.shop, demo.shop)
        (laptop.shop.parent / "truth.json").write_text(json.dumps(demo.truth))
    if not token_file(laptop).exists():
        write_private(token_file(laptop), secrets.token_urlsafe(32))


def of(laptop: Laptop) -> list[Process]:
    """The CRM; the web shop is a database file and the call centre drops files, so they need no process."""
    data = laptop.shop.parent
    return [
        Process(
            name="CRM",
            module="infra.local.demo.crm",
            arguments=["--port", str(laptop.crm_port), "--data", str(data), "--token", str(token_file(laptop))],
            environment={},
            log=laptop.home / "logs/crm.log",
            healthy=f"http://127.0.0.1:{laptop.crm_port}/health",
        )
    ]
