"""Where one laptop's hub lives: its ports, its folders, its deployment. Nothing is read from the environment."""

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
REGION = "eu-west-1"
ACCOUNT = "123456789012"
STAGE = "local"
PORTS = ("CONSOLE", "EMULATOR", "ATHENA", "CRM")


class LaptopError(Exception):
    """The laptop cannot start or go on; the message says what to do."""


def say(started: float, text: str) -> None:
    """A line of progress, with the seconds since `started` (of time.monotonic)."""
    print(f"{time.monotonic() - started:6.1f} s  {text}", flush=True)


@dataclass(frozen=True)
class Laptop:
    """One `make run`. Ports are on 127.0.0.1; `home` holds everything that `make clean` forgets.

    empty: nothing is pulled at the first start, as the hub waits for the export of another one.
    """

    hub: Path = ROOT / "deployments/demo"
    home: Path = ROOT / ".local"
    engine: str = "duckdb"
    console_port: int = 8080
    emulator_port: int = 4566
    athena_port: int = 4567
    crm_port: int = 4570
    empty: bool = False
    state: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", self.home / "state")

    @property
    def console(self) -> str:
        return f"http://127.0.0.1:{self.console_port}/"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def athena_health(self) -> str:
        return f"http://127.0.0.1:{self.athena_port}/health"

    @property
    def credentials(self) -> Path:
        return self.home / "credentials.json"

    @property
    def shop(self) -> Path:
        return self.home / "demo/shop.sqlite"

    @property
    def ports(self) -> dict[str, int]:
        """Port by name."""
        return {name: getattr(self, f"{name.lower()}_port") for name in PORTS}

    @property
    def aws(self) -> dict[str, str]:
        """What an AWS client needs to reach this laptop's AWS, as environment variables."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCOUNT,  # MiniStack takes the account from here
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def read(arguments: list[str]) -> tuple[Laptop, str]:
    """The laptop that the command line describes, and what to do there: run, clean or mailbox."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="The whole hub on this machine.")
    parser.add_argument("--hub", default="deployments/demo", help="deployment folder")
    parser.add_argument("--engine", choices=["duckdb", "trino"], default="duckdb", help="what runs Athena's SQL")
    parser.add_argument("--home", default=".local", help="folder for all state")
    parser.add_argument("--port", action="append", default=[], metavar="NAME=NUMBER", help=f"NAME: {', '.join(PORTS)}")
    parser.add_argument("--empty", action="store_true", help="pull nothing at the first start: an export is coming")
    todo = parser.add_mutually_exclusive_group()
    todo.add_argument("--clean", action="store_const", const="clean", dest="todo", help="forget all state")
    todo.add_argument(
        "--mailbox",
        action="store_const",
        const="mailbox",
        dest="todo",
        help="show the mail and texts that were sent",
    )
    given = parser.parse_args(arguments)
    ports = {}
    for text in given.port:
        name, _, number = text.partition("=")
        if name not in PORTS or not (number.isdecimal() and len(number) < 6 and 0 < int(number) < 65536):
            raise LaptopError(f"{name}_PORT={number}: write a number from 1 to 65535; ports are {', '.join(PORTS)}")
        ports[f"{name.lower()}_port"] = int(number)
    laptop = Laptop(
        hub=(ROOT / given.hub).resolve(),
        home=(ROOT / given.home).resolve(),
        engine=given.engine,
        empty=given.empty,
        **ports,
    )
    taken: dict[int, str] = {}
    for name, port in laptop.ports.items():
        if taken.setdefault(port, name) != name:
            raise LaptopError(f"{name}_PORT={port}: is {taken[port]}_PORT too; give each its own")
    if not (laptop.hub / "hub.yaml").is_file():
        raise LaptopError(f"HUB={given.hub}: has no hub.yaml; a deployment folder needs one")
    return laptop, given.todo or "run"
