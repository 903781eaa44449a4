"""Sources that send by themselves: how they prove who they are, and what of a body is a row."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from hub.access.limits import Limit
from hub.config import checking
from hub.config.base import SecretName, Span, Strict

Problem = tuple[tuple[str | int, ...], str]
Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]
EventPath = Annotated[str, StringConstraints(pattern=r"^\$(\.[A-Za-z_][A-Za-z0-9_-]*|\['[^'\]]+'\])+$")]
RecordsPath = Annotated[
    str, StringConstraints(pattern=r"^\$(\[\*\])?((\.[A-Za-z_][A-Za-z0-9_-]*|\['[^'\]]+'\])(\[\*\])?)*$")
]

RECEIVED_AT = "@received_at"
ORIGIN = r"https?://[a-z0-9.-]+(:\d{1,5})?"
BELONGS = {
    "hmac": ("secret", "header", "prefix", "encoding", "timestamp"),
    "token": ("secret", "header", "prefix"),
    "origin": ("write_key", "origins", "per_address"),
}
NEEDED = {
    "hmac": {"secret": "/hub/<source>/signing-key", "header": "X-Hub-Signature-256"},
    "token": {"secret": "/hub/<source>/token"},
    "origin": {"write_key": "a word that the pages send", "origins": "[https://shop.example]"},
}


class SignedTime(Strict):
    """A moment that is signed with the body, so that an old request cannot be sent again.

    header: where it stands, in seconds since 1970. signed: what the signature is of.
    """

    header: Header
    signed: str = "{timestamp}.{body}"
    tolerance: Span = Field(default=timedelta(minutes=5), validate_default=True)


class PushAuthentication(Strict):
    """The proof that a request is the source's. `secret` names an SSM SecureString with one secret per line.

    hmac: a signature of the body, in `header` behind `prefix`. token: the secret itself, in `header`.
    origin: for pages in a browser, which can keep no secret: a key that anybody may read, where the pages are, and the
    requests that one address may make.
    """

    kind: Literal["hmac", "token", "origin"]
    secret: SecretName | None = None
    header: Header | None = None
    prefix: str | None = None
    encoding: Literal["hex", "base64"] = "hex"
    algorithm: Literal["sha256"] = "sha256"
    timestamp: SignedTime | None = None
    write_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")] | None = None
    origins: tuple[str, ...] = ()
    per_address: Limit = Limit(per_minute=300, burst=100)


class Verification(Strict):
    """meta: the answer to `hub.challenge`, which is asked for with the token that the secret holds."""

    kind: Literal["meta"]
    secret: SecretName


class PushConnection(Strict):
    """limit: requests of the source; beyond it they are told to come again later."""

    authentication: PushAuthentication
    verification: Verification | None = None
    limit: Limit = Limit(per_minute=12_000, burst=10_000)


class PushFetch(Strict):
    """What of a body is a row, and how a repeated request is known.

    records, parent: as in REST. id_header: where the sender puts the id of a request; event_id: the path of each
    event's id, for senders without such a header. headers: fields of each row that are taken from headers.
    """

    records: RecordsPath = "$"
    parent: dict[str, str] = Field(default_factory=dict)
    id_header: Header = "Idempotency-Key"
    event_id: EventPath | None = None
    headers: dict[str, Header] = Field(default_factory=dict, max_length=4)


def connection(given: PushConnection) -> Iterator[Problem]:
    """Every problem of the proof."""
    place: tuple[str | int, ...] = ("connection", "authentication")
    proof = given.authentication
    for field, example in NEEDED[proof.kind].items():
        if not getattr(proof, field):
            yield place, f"is {proof.kind} and needs `{field}:`; write for example `{field}: {example}`"
    for field in sorted(proof.model_fields_set - {"kind", "algorithm", *BELONGS[proof.kind]}):
        kinds = " and ".join(kind for kind, fields in BELONGS.items() if field in fields)
        yield (*place, field), f"is for {kinds}, this is {proof.kind}; take it out"
    for at, origin in enumerate(proof.origins):
        if not re.fullmatch(ORIGIN, origin):
            yield (*place, "origins", at), f"{origin!r} is no origin; write for example https://shop.example, no path"
    if proof.timestamp:
        signed, tolerance = proof.timestamp.signed, proof.timestamp.tolerance
        if signed.count("{timestamp}") != 1 or signed.count("{body}") != 1:
            yield (*place, "timestamp", "signed"), "holds {timestamp} and {body} once each; write `{timestamp}.{body}`"
        if not timedelta(0) < tolerance <= timedelta(hours=1):
            yield (*place, "timestamp", "tolerance"), "is more than 0 and at most 1 hour; write for example `5 minutes`"


def fetch(data_set: Any) -> Iterator[Problem]:
    """Every problem of what is taken from a request."""
    theirs = [column.source_name or name for name, column in data_set.columns.items()]
    for field in data_set.fetch.headers:
        if field not in theirs:
            yield ("fetch", "headers", field), f"{field!r} is not a declared column; {checking.near(field, theirs)}"
    if "[*]" not in data_set.fetch.records and data_set.fetch.parent:
        yield ("fetch", "parent"), "is for `records` that lead through a list; take it out"


def secrets(given: PushConnection) -> Iterator[str]:
    """The names of the parameters that the proof and the verification are checked with."""
    if given.authentication.secret:
        yield given.authentication.secret
    if given.verification:
        yield given.verification.secret
