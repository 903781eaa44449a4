"""The two processes that are this laptop's AWS: the emulator, and the Athena API behind it."""

from pathlib import Path

from infra.functions import ALLOCATOR
from infra.local.laptop import ACCOUNT, REGION, Laptop, LaptopError
from infra.local.processes import Process

UNCLEAN = "the last run was not stopped in order"


def hold_file(laptop: Laptop) -> Path:
    """While it exists, no queue and no schedule wakes a function; it says UNCLEAN if ledgers must be settled."""
    return laptop.state / "hold-queues"


def emulator(laptop: Laptop) -> Process:
    """MiniStack, bound to loopback, its state under the laptop's folder."""
    python = laptop.home / "emulator/bin/python"
    if not python.exists():
        raise LaptopError(f"{python} is missing; `make run` installs it from infra/local/emulator.lock")
    scratch = laptop.home / "tmp/emulator"
    scratch.mkdir(parents=True, exist_ok=True)
    return Process(
        name="emulator",
        module="infra.local.launcher",
        arguments=[str(laptop.console_port), str(laptop.athena_port), str(hold_file(laptop))],
        environment=laptop.aws
        | {
            "GATEWAY_PORT": str(laptop.emulator_port),
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "LOG_LEVEL": "WARNING",
            "STATE_DIR": str(laptop.state / "aws"),
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(laptop.state / "s3"),
            "TMPDIR": str(scratch),
        },
        log=laptop.home / "logs/emulator.log",
        healthy=f"{laptop.endpoint}/_ministack/health",
        python=str(python),
    )


def athena(laptop: Laptop) -> Process:
    """The Athena API on the chosen engine; it reads Glue and S3 from the emulator."""
    state = laptop.state / "athena"
    state.mkdir(parents=True, exist_ok=True)
    return Process(
        name="Athena",
        module="infra.local.athena",
        arguments=["--port", str(laptop.athena_port), "--engine", laptop.engine, "--state", str(state)],
        environment=laptop.aws | ALLOCATOR | {"MALLOC_ARENA_MAX": "2"},
        log=laptop.home / "logs/athena.log",
        healthy=laptop.athena_health,
    )
