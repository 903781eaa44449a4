"""The hub's keys that sending needs, read once per process from SSM SecureStrings."""

from functools import cache

from hub import aws
from hub.campaigns.links import LinkKeys


@cache
def token_key(parameter: str) -> bytes:
    return _read(parameter).encode()


@cache
def link_keys(parameter: str) -> LinkKeys:
    return LinkKeys(_read(parameter))


def _read(parameter: str) -> str:
    value: str = aws.client("ssm").get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
    return value
