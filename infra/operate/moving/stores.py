"""Where a hub keeps what: its stage, its buckets, its tables in DynamoDB, its keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.models.names import physical
from infra.operate.stage import OperateError, Stage

TABLES = ("control", "access", "arrivals", "library", "campaigns", "profiles", "consent")
BUCKETS = ("vault", "reporting", "audit")
ZONES = {"vault": "vault", "reporting": "reporting"}  # of Iceberg's tables, and the bucket of each
KEYS = ("token-key", "link-keys")


@dataclass(frozen=True)
class Stores:
    """buckets, tables: physical names by the hub's own. parameters: SSM's names of the hub's keys."""

    stage: str
    workgroup: str
    buckets: Mapping[str, str]
    tables: Mapping[str, str]
    parameters: Mapping[str, str] = field(default_factory=dict)
    user_pool: str = ""

    def database(self, zone: str) -> str:
        return physical(zone, self.stage)

    def uri(self, bucket: str, key: str = "") -> str:
        return f"s3://{self.buckets[bucket]}/{key}"


def of_stage(stage: Stage) -> Stores:
    """Where a deployed stage keeps it, as its functions are told."""
    said = stage.settings
    if not said:
        raise OperateError(f"stage {stage.name!r} is not deployed here: no function knows of it")
    return Stores(
        stage=stage.name,
        workgroup=said["TRANSFORM_WORKGROUP"],
        buckets={name: said[f"{name.upper()}_BUCKET"] for name in BUCKETS},
        tables={name: said[f"{name.upper()}_TABLE"] for name in TABLES},
        parameters={name: f"/hub/{stage.name}/{name}" for name in KEYS},
        user_pool=said["USER_POOL_ID"],
    )
