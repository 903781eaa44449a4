"""Secrets of a stage in SSM: the hub's own keys, made once and never shown, and those that an operator hands over."""

import json
import secrets

import boto3
from botocore.exceptions import ClientError

from hub.config import Deployment, PushSource, push
from infra.operate.stage import OperateError, Stage


def ensure_keys(stage: str) -> list[str]:
    """Make the hub's keys that are missing; returns the names of those that were made.

    token-key: 64 hex characters.
    link-keys: {"current": <id>, "keys": {<id>: 64 hex characters}}; old ids stay for ever.
    """
    key_id = secrets.token_hex(4)
    wanted = {
        f"/hub/{stage}/token-key": secrets.token_hex(32),
        f"/hub/{stage}/link-keys": json.dumps({"current": key_id, "keys": {key_id: secrets.token_hex(32)}}),
    }
    hub_key = Stage(stage).outputs["HubKey"]
    return [name for name, value in wanted.items() if _put_once(name, value, hub_key)]


def _put_once(name: str, value: str, key: str) -> bool:
    """Put a SecureString unless it is there; whether it was put."""
    try:
        boto3.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString", KeyId=key, Overwrite=False)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterAlreadyExists":
            raise
        return False
    return True


def put_secret(stage: Stage, deployment: Deployment, name: str, value: str) -> str:
    """Keep what a source's manifest asks for under `name`; OperateError if none asks for it or it is empty."""
    known = names(deployment)
    if name not in known:
        raise OperateError(f"no source asks for the secret {name!r}; known: {', '.join(known) or 'none'}")
    value = value.rstrip("\r\n")
    if not value:
        raise OperateError(
            f"standard input is empty; write the secret to it, for example: make secret NAME={name} < file"
        )
    key = stage.outputs["HubKey"]
    answer = boto3.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString", KeyId=key, Overwrite=True)
    return f"{name} is kept, version {answer['Version']}"


def names(deployment: Deployment) -> list[str]:
    """The names of all parameters that the deployment's connections ask for."""
    return sorted({*fetched_with(deployment), *pushed_with(deployment)})


def fetched_with(deployment: Deployment) -> list[str]:
    """The names of the parameters with which the hub signs in where it fetches."""
    found = set()
    for source in deployment.sources.values():
        authentication = getattr(source.connection, "authentication", None)
        if authentication is not None and not isinstance(source, PushSource):
            found.add(authentication.secret)
    return sorted(found)


def pushed_with(deployment: Deployment) -> list[str]:
    """The names of the parameters with which sources prove who they are."""
    pushing = [source for source in deployment.sources.values() if isinstance(source, PushSource)]
    return sorted({name for source in pushing for name in push.secrets(source.connection)})


def exchanged(deployment: Deployment) -> list[str]:
    """Those of them that the pull writes back: an application may answer a refresh token with the next one."""
    signs_in = (getattr(source.connection, "authentication", None) for source in deployment.sources.values())
    return sorted({each.secret for each in signs_in if each is not None and each.kind == "refresh_token"})
