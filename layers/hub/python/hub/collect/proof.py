"""Whether a request is the source's: signatures, tokens and origins, each compared in constant time."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from hub.config.push import PushAuthentication

NOBODY = PushAuthentication(kind="token", secret="/nobody", header="authorization")


def holds(
    proof: PushAuthentication,
    secrets: Sequence[bytes],
    headers: Mapping[str, str],
    query: Mapping[str, list[str]],
    body: bytes,
    now: float,
) -> bool:
    """Whether the request proves that it is the source's. secrets: any of them will do, while one is changed."""
    if proof.kind == "hmac":
        return _signed(proof, secrets, headers, body, now)
    if proof.kind == "token":
        return _token(proof, secrets, headers)
    given = (query.get("key") or [""])[0].encode("utf-8", "replace")
    return hmac.compare_digest(given, (proof.write_key or "").encode()) and headers.get("origin", "") in proof.origins


def _signed(
    proof: PushAuthentication, secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes, now: float
) -> bool:
    given, signed = headers.get((proof.header or "").lower(), ""), body
    if proof.timestamp:
        moment = headers.get(proof.timestamp.header.lower(), "")
        if not (moment.isascii() and moment.isdigit() and len(moment) < 16):
            return False
        before, _, after = proof.timestamp.signed.replace("{timestamp}", moment).partition("{body}")
        signed = before.encode() + body + after.encode()
        if abs(now - int(moment)) > proof.timestamp.tolerance.total_seconds():
            return False
    prefix = proof.prefix or ""
    if not given.startswith(prefix):
        return False
    signature = _decoded(given.removeprefix(prefix), proof.encoding)
    return sum(hmac.compare_digest(signature, hmac.digest(secret, signed, hashlib.sha256)) for secret in secrets) > 0


def _token(proof: PushAuthentication, secrets: Sequence[bytes], headers: Mapping[str, str]) -> bool:
    header = (proof.header or "Authorization").lower()
    prefix = ("Bearer " if header == "authorization" else "") if proof.prefix is None else proof.prefix
    given = headers.get(header, "")
    if not given.startswith(prefix):
        return False
    token = given.removeprefix(prefix).encode("utf-8", "replace")
    return sum(hmac.compare_digest(token, secret) for secret in secrets) > 0


def _decoded(text: str, encoding: str) -> bytes:
    """The signature's bytes; none where the text is no such thing."""
    try:
        return bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""
