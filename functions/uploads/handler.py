"""Uploads of files: the API's /v1/uploads. Who does not oversee pulls sees what he uploaded himself."""

from functools import cache

from hub.access import Principal, audit
from hub.api import Accepted, Api, Created, Limit, Page, decode_cursor, encode_cursor
from hub.pulls.uploads import UploadDesk, UploadId, UploadRequest, UploadTarget, UploadView
from hub.settings import UploadsSettings

api = Api("uploads")
desk = cache(lambda: UploadDesk(UploadsSettings.read()))


@api.get("/v1/uploads/targets", permission="uploads.write")
def list_upload_targets() -> Page[UploadTarget]:
    """The data sets that take uploads."""
    return Page(desk().targets())


@api.get("/v1/uploads", permission="uploads.read")
def list_uploads(principal: Principal, after: str | None = None, limit: Limit = 50) -> Page[UploadView]:
    """The newest first, each with the pull that read it."""
    found = desk().newest_first(_of(principal), decode_cursor(after)[0] if after else None, limit)
    return Page(found, encode_cursor(found[-1].upload_id) if len(found) == limit else None)


@api.get("/v1/uploads/<upload_id>", permission="uploads.read")
def show_upload(principal: Principal, upload_id: UploadId) -> UploadView:
    return desk().one(upload_id, _of(principal))


@api.post("/v1/uploads", permission="uploads.write")
def start_upload(principal: Principal, request: UploadRequest) -> Created[UploadView]:
    """Links to send a file's parts to; over 100 MB it has several."""
    made = desk().start(request, by=principal.id)
    audit.record(principal, "uploads.start", made.upload_id, f"{made.source}.{made.data_set}", size=made.size)
    return Created(made, see="/v1/uploads/{upload_id}")


@api.post("/v1/uploads/<upload_id>/parts", permission="uploads.write")
def link_upload(principal: Principal, upload_id: UploadId) -> UploadView:
    """New links to the parts that are not there yet."""
    return desk().parts(upload_id, _of(principal))


@api.post("/v1/uploads/<upload_id>/complete", permission="uploads.write")
def complete_upload(principal: Principal, upload_id: UploadId) -> Accepted[UploadView]:
    """The file is sent: it appears in its data set's folder, and the pull that reads it is asked for."""
    done = desk().complete(upload_id, _of(principal), principal.id)
    audit.record(principal, "uploads.complete", upload_id, f"{done.source}.{done.data_set}", size=done.size)
    return Accepted(done, see="/v1/uploads/{upload_id}")


def _of(principal: Principal) -> str | None:
    return None if principal.may("pulls.read") else principal.id


handler = api.resolve
