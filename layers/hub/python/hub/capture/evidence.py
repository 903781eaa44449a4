"""Evidence in the vault bucket: links for one object of one size and type, for a short time."""

import secrets
from typing import Final

from botocore.exceptions import ClientError

from hub import aws
from hub.access import Principal, audit
from hub.campaigns.items import Item, now_text
from hub.capture.models import EvidenceRequest, Link
from hub.capture.store import VerificationStore
from hub.errors import Conflict, NotFound
from hub.settings import EvidenceSettings

TRIES: Final = 4
MOST: Final = 20
SEND_SECONDS: Final = 900
SEE_SECONDS: Final = 60


class EvidenceRoom:
    def __init__(self, vault_bucket: str) -> None:
        self._bucket = vault_bucket

    def to_send(self, verification_id: str, kind: str, size: int) -> Link:
        evidence_id = secrets.token_hex(8)
        given = {"Bucket": self._bucket, "Key": _key(verification_id, evidence_id)}
        url = aws.client("s3").generate_presigned_url(
            "put_object", Params={**given, "ContentType": kind, "ContentLength": size}, ExpiresIn=SEND_SECONDS
        )
        return Link(evidence_id=evidence_id, url=url, headers={"content-type": kind})

    def to_see(self, verification_id: str, evidence_id: str) -> Link:
        given = {"Bucket": self._bucket, "Key": _key(verification_id, evidence_id)}
        # It is saved, not shown: what somebody sent does not run as a page of the bucket.
        given["ResponseContentDisposition"] = "attachment"
        url = aws.client("s3").generate_presigned_url("get_object", Params=given, ExpiresIn=SEE_SECONDS)
        return Link(evidence_id=evidence_id, url=url)

    def has(self, verification_id: str, evidence_id: str) -> bool:
        try:
            aws.client("s3").head_object(Bucket=self._bucket, Key=_key(verification_id, evidence_id))
        except ClientError as error:
            # Of an object that is not there S3 says 403 to whoever may list one folder only.
            if error.response["Error"]["Code"] in ("403", "404", "NoSuchKey", "NotFound", "Forbidden"):
                return False
            raise
        return True


class EvidenceDesk:
    def __init__(self, settings: EvidenceSettings) -> None:
        self._store, self._room = VerificationStore(settings.consent_table), EvidenceRoom(settings.vault_bucket)

    def send(self, principal: Principal, verification_id: str, request: EvidenceRequest) -> Link:
        """Where a photograph or a paper is sent to; only its name is kept with the task."""
        for _ in range(TRIES):
            item = open_task(self._store, verification_id)
            if len(item.get("evidence", [])) >= MOST:
                raise Conflict(f"A task has at most {MOST} pieces of evidence")
            link = self._room.to_send(verification_id, request.type, request.size)
            entry = {"evidence_id": link.evidence_id, **request.model_dump(), "by": principal.id, "at": now_text()}
            audit.record(principal, "verifications.evidence", verification_id, evidence=link.evidence_id)
            if self._store.change(item, {"evidence": [*item.get("evidence", []), entry]}):
                return link
        raise Conflict("This task was changed meanwhile; look again")

    def see(self, principal: Principal, verification_id: str, evidence_id: str) -> Link:
        if not self._room.has(verification_id, evidence_id):
            raise NotFound("There is no such evidence, or it is not kept any more")
        audit.record(principal, "verifications.evidence_read", verification_id, evidence=evidence_id)
        return self._room.to_see(verification_id, evidence_id)


def open_task(store: VerificationStore, verification_id: str) -> Item:
    """A task of persons that is not decided; Conflict for any other."""
    item = store.get(verification_id)
    if item["method"] != "person":
        raise Conflict("This is verified by a message, not by persons")
    if item["state"] != "pending":
        raise Conflict(f"This was decided: {item['state']}")
    return item


def _key(verification_id: str, evidence_id: str) -> str:
    return f"evidence/{verification_id}/{evidence_id}"
