"""The secrets of sources, in SSM; one that an application exchanges with each use is written back at once."""

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from hub.aws import client
from hub.settings import SecretSettings
from hub.sources.piece import SourceError

logger = Logger(child=True)

_unwritten: dict[str, tuple[str, str]] = {}  # parameter -> what it held, what it should hold


def read(name: str) -> str:
    """A secret's value; SourceError naming the secret that is not there."""
    ssm = client("ssm")
    try:
        value = str(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound as error:
        raise SourceError(f"the secret {name} is not set; `make secret NAME={name}`") from error
    before, after = _unwritten.get(name, (None, value))
    if value != before:  # somebody has put in another one since
        _unwritten.pop(name, None)
        return value
    keep(name, value, after)
    return after


def keep(name: str, before: str, after: str) -> None:
    """Write a secret back. What cannot be written now is used by this worker, and tried again with its next read."""
    _unwritten[name] = (before, after)
    key = SecretSettings.read().hub_key_id
    try:
        client("ssm").put_parameter(Name=name, Value=after, Type="SecureString", KeyId=key, Overwrite=True)
    except (BotoCoreError, ClientError) as error:
        logger.error("a changed secret could not be kept", extra={"secret": name, "error": type(error).__name__})
        return
    del _unwritten[name]
