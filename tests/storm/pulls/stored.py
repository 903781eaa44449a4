"""What the AWS of a storm holds, read where it is kept: through clients it would take most of a run's time."""

import gzip
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from moto.core import DEFAULT_ACCOUNT_ID
from moto.glue.models import glue_backends

from hub.pulls.items import plain, read_pull
from hub.pulls.models import Pull
from tests.hub.pulls.conftest import VAULT
from tests.over_http import REGION
from tests.storm.pulls.stores import Stores

STORES = Stores()
READ = TypeDeserializer().deserialize


def clear() -> None:
    """As if the stores had just been made."""
    STORES.bucket.objects.clear()
    STORES.control.items.clear()
    glue_backends[DEFAULT_ACCOUNT_ID][REGION].databases["test_staging"].tables.clear()


def objects(folder: str) -> dict[str, str]:
    """Key -> hash of its bytes, of what lies under a folder."""
    return {key: found.etag for key, found in sorted(STORES.bucket.objects.items()) if key.startswith(folder)}


def body(key: str) -> bytes:
    return STORES.bucket.objects[key].body


def unpacked(key: str) -> bytes:
    return gzip.decompress(body(key))


def state(data_set: str) -> dict[str, Any]:
    """The state of a data set; empty for one that was never pulled."""
    return next((item for item in _items(f"data_set#{data_set}") if item["sk"] == "state"), {})


def pulls(data_set: str) -> list[Pull]:
    """Every pull of a data set, in order."""
    return [read_pull(item) for item in _items(f"data_set#{data_set}") if item["sk"] != "state"]


def batches(pull: str) -> list[dict[str, Any]]:
    """The committed batches of a pull, in order."""
    return _items(f"pull#{pull}")


def partitions(table: str) -> dict[str, str]:
    """Pull -> folder, of what is registered of a table."""
    database = glue_backends[DEFAULT_ACCOUNT_ID][REGION].databases["test_staging"]
    if table not in database.tables:
        return {}
    found = database.tables[table].get_partitions("")
    of = [(each.values[1], each.partition_input["StorageDescriptor"]["Location"]) for each in found]
    return {pull: location.removeprefix(f"s3://{VAULT}/") for pull, location in of}


def _items(pk: str) -> list[dict[str, Any]]:
    """The items of one partition of the control table, by their sort key."""
    rows = STORES.control.items.get(pk, {})
    found = [{name: READ(value) for name, value in each.items()} for each in rows.values()]
    return sorted(map(plain, found), key=lambda item: str(item["sk"]))
