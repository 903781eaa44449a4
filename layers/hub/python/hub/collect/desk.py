"""One request of a source, from its proof to its answer. It is in S3 before it is answered."""

import hashlib
import hmac
import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hub import config
from hub.access.quotas import Quotas
from hub.api import Call
from hub.collect import bodies, proof
from hub.collect.recent import is_shown
from hub.collect.store import Arrivals, Claim, Secrets
from hub.config import PushDataSet, PushSource
from hub.config.names import pushed
from hub.errors import BadRequest, InvalidInput, Unauthenticated
from hub.settings import CollectSettings

REFUSED: Final = "This request does not prove that it may be sent here; check its address and its secret"
LONGEST_ID: Final = 255
LONGEST_FIELD: Final = 100  # four of them, each sign written as three, fit into an object's metadata
STEP: Final = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)|\['([^']+)'\]")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a request is answered with; a repeat is answered with the same."""

    id: str
    events: int


class Collector:
    """Takes what sources push. `now` gives nanoseconds since 1970 and is for tests."""

    def __init__(self, settings: CollectSettings, now: Callable[[], int] = time.time_ns) -> None:
        self._deployment = config.read(settings.hub_home)
        self._arrivals = Arrivals(settings.arrivals_table, settings.vault_bucket)
        self._quotas = Quotas(settings.arrivals_table)
        self._secrets, self._now, self._recent = Secrets(), now, settings.recent_function

    def proven(self, source: str, data_set: str, call: Call) -> PushSource:
        """The source; Unauthenticated, in the same words, where it or the data set is unknown or not proven."""
        manifest = self._deployment.sources.get(source)
        pushing = manifest if isinstance(manifest, PushSource) and data_set in manifest.data_sets else None
        rules = pushing.connection.authentication if pushing else proof.NOBODY
        if not (self._holds(rules, call) and pushing):
            raise Unauthenticated(REFUSED)
        return pushing

    def take(self, source: PushSource, data_set: str, call: Call) -> Taken:
        """Keep what a proven request holds."""
        proof_of = source.connection.authentication
        if proof_of.kind == "origin":
            address = _digest("address", f"{source.name} {call.source_ip}")
            self._quotas.count(f"push#{source.name}#{address}", proof_of.per_address)
        self._quotas.count(f"push#{source.name}", source.connection.limit)
        rules = source.data_sets[data_set]
        body = bodies.read(call.body, call.headers.get("content-encoding", ""))
        name = f"{self._now():019d}-{uuid.uuid4().hex[:16]}-{len(body.events)}.{body.form}"
        asked = Claim(name, len(body.events), hashlib.sha256(body.text).hexdigest()[:32], kept=False)
        if not body.events:
            return Taken(name.partition(".")[0], 0)
        key, of_request = _id_of(rules, call, body.events)
        if key is None:
            self._keep(source.name, data_set, asked, body, call, rules)
            return _taken(asked)
        full = f"{source.name}.{data_set}"
        claim = self._arrivals.claim(full, key, asked, self._now() / 1e9)
        if claim.fingerprint != asked.fingerprint and of_request:
            raise InvalidInput("This id was used for another request; take a new one")
        if not claim.kept:
            self._keep(source.name, data_set, claim, body, call, rules)
            self._arrivals.kept(full, key)
        return _taken(claim)

    def challenge(self, source: str, data_set: str, query: dict[str, list[str]]) -> str:
        """What a provider that verifies its subscription wants to read; Unauthenticated without the agreed token."""
        manifest = self._deployment.sources.get(source)
        pushing = isinstance(manifest, PushSource) and data_set in manifest.data_sets
        agreed = manifest.connection.verification if isinstance(manifest, PushSource) and pushing else None
        given = {name: query.get(f"hub.{name}", [""])[0] for name in ("mode", "verify_token", "challenge")}
        token = given["verify_token"].encode("utf-8", "replace")
        secrets = self._secrets.of(agreed.secret) if agreed else [b"\0"]
        fits = sum(hmac.compare_digest(token, each) for each in secrets) > 0
        if not (agreed and fits and given["mode"] == "subscribe" and re.fullmatch(r"[\w-]{1,200}", given["challenge"])):
            raise Unauthenticated(REFUSED)
        return given["challenge"]

    def _holds(self, rules: Any, call: Call) -> bool:
        """A secret that does not fit is read anew before the request is refused."""
        now = self._now() / 1e9
        for anew in (False, True):
            secrets = [b"\0"] if rules is proof.NOBODY else self._secrets.of(rules.secret, anew)
            if proof.holds(rules, secrets, call.headers, call.query, call.body, now):
                return True
        return False

    def _keep(
        self, source: str, data_set: str, claim: Claim, body: bodies.Body, call: Call, rules: PushDataSet
    ) -> None:
        fields = {name: call.headers.get(header.lower(), "") for name, header in rules.fetch.headers.items()}
        told = {name: value[:LONGEST_FIELD] for name, value in fields.items() if value}
        self._arrivals.keep(pushed(source, data_set) + claim.name, body.text, told)
        if is_shown(rules):
            self._arrivals.tell(self._recent, source, data_set, claim.name)


def _taken(claim: Claim) -> Taken:
    return Taken(claim.name.partition(".")[0], claim.events)


def _id_of(rules: PushDataSet, call: Call, events: list[Any]) -> tuple[str | None, bool]:
    """The key of a request's id, and whether the sender gave it to the request itself; None where it has none."""
    given = call.headers.get(rules.fetch.id_header.lower()) or call.query.get("id", [""])[0]
    if given:
        if len(given) > LONGEST_ID or not given.isprintable():
            raise BadRequest(f"The id of a request has 1 to {LONGEST_ID} printable characters; take such a one")
        return _digest("request", given), True
    if rules.fetch.event_id is None:
        return None, False
    ids = [_at(event, rules.fetch.event_id) for event in events]
    if not all(isinstance(each, str | int) and not isinstance(each, bool) for each in ids):
        return None, False
    return _digest("events", json.dumps(ids)), False


def _at(event: Any, path: str) -> Any:
    for dotted, quoted in STEP.findall(path):
        event = event.get(dotted or quoted) if isinstance(event, dict) else None
    return event


def _digest(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}\n{text}".encode("utf-8", "replace")).hexdigest()[:40]
