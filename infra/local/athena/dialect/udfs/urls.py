"""The parts of URLs, and their encoding, as Java's URI and URLDecoder see them."""

from __future__ import annotations

import re
from urllib.parse import quote_plus, unquote_to_bytes, urlsplit

from infra.local.athena.dialect.udfs.registry import invalid, udf

_URL = re.compile(r"^[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~\u0080-\U0010ffff-]*$")

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
                   r"|(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?"
                   r"|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]")  # fmt: skip


@udf("trino_url_part", "VARCHAR, VARCHAR -> VARCHAR")
def url_part(value: str, part: str) -> str | None:
    """A part of a URL as java.net.URI sees it; NULL for text that is no URI."""
    if not _URL.match(value) or re.search(r"%(?![0-9A-Fa-f]{2})", value) or value.endswith("://"):
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    authority = parts.netloc.rsplit("@", 1)[-1]
    host = re.sub(r":\d*$", "", authority)
    found = {
        "protocol": parts.scheme and value[: len(parts.scheme)], "host": host,
        "path": unquote_to_bytes(parts.path).decode("utf-8", "replace"),
        "query": unquote_to_bytes(parts.query).decode("utf-8", "replace"),
        "fragment": unquote_to_bytes(parts.fragment).decode("utf-8", "replace"),
    }  # fmt: skip
    server = _HOST.fullmatch(host) is not None
    if part == "port":
        digits = authority.removeprefix(host).removeprefix(":")
        return digits if server and digits else None
    if part == "host":
        return host if server else ""
    return found[part]


@udf("trino_url_parameter", "VARCHAR, VARCHAR -> VARCHAR")
def url_parameter(value: str, name: str) -> str | None:
    if not _URL.match(value):
        return None
    for pair in urlsplit(value).query.split("&"):
        key, separator, rest = pair.partition("=")
        if unquote_to_bytes(key.replace("+", " ")).decode("utf-8", "replace") == name:
            return unquote_to_bytes(rest.replace("+", " ")).decode("utf-8", "replace") if separator else ""
    return None


@udf("trino_url_decode", "VARCHAR -> VARCHAR")
def url_decode(value: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", value):
        raise invalid("URLDecoder: Illegal hex characters in escape (%) pattern")
    return unquote_to_bytes(value.replace("+", " ")).decode("utf-8", "replace")


@udf("trino_url_encode", "VARCHAR -> VARCHAR")
def url_encode(value: str) -> str:
    return quote_plus(value, safe="*").replace("~", "%7E")
