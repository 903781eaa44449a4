"""The keys of a hub that moves: without the old hub's own, tokens of records and addresses would all be others."""

import json
import re

import boto3

from infra.operate.moving import state
from infra.operate.moving.stores import Stores
from infra.operate.stage import OperateError, Stage

FORMS = {
    "token-key": "64 hexadecimal characters",
    "link-keys": '{"current": <id>, "keys": {<id>: 64 hexadecimal characters}}',
}


def take_over(stage: Stage, stores: Stores, name: str, value: str) -> str:
    """Put a key of another hub in the place of an empty hub's own; OperateError where the hub is not empty."""
    value = value.strip()
    if not _is_key(name, value):
        raise OperateError(f"{name} is {FORMS[name]}; take it from the hub that is exported")
    if reasons := state.full(stores):
        raise OperateError(f"stage {stage.name} is not empty: {'; '.join(reasons)}. Its {name} stays what it is")
    boto3.client("ssm").put_parameter(
        Name=stores.parameters[name], Value=value, Type="SecureString", KeyId=stage.outputs["HubKey"], Overwrite=True
    )
    return f"{name} of stage {stage.name} is the one that was given; import before anything is pulled"


def _is_key(name: str, value: str) -> bool:
    if name == "token-key":
        return re.fullmatch("[0-9a-f]{64}", value) is not None
    try:
        told = json.loads(value)
        return told["current"] in told["keys"] and all(
            re.fullmatch("[0-9a-f]{64}", key) for key in told["keys"].values()
        )
    except (ValueError, KeyError, TypeError):
        return False
