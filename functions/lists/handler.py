"""Lists of people, and merging them: the API's /v1/lists and /v1/merge_purges."""

from functools import cache

from hub.access import Principal
from hub.api import Accepted, Api, Limit, Page, decode_cursor, encode_cursor
from hub.lists.desk import Lists
from hub.lists.models import Link, MergePurge, MergeRequest, Name, Part, Upload, UploadedList
from hub.settings import ListsSettings

api = Api("lists")
lists = cache(lambda: Lists(ListsSettings.read()))
SEE = "/v1/merge_purges/{merge_id}"


@api.get("/v1/lists", permission="lists.read")
def list_lists(after: str | None = None, limit: Limit = 50) -> Page[UploadedList]:
    found, more = lists().lists(decode_cursor(after, 1)[0] if after else None, limit)
    return Page(found, encode_cursor(more) if more else None)


@api.put("/v1/lists/<name>", permission="lists.write")
def upload_list(principal: Principal, name: Name, request: Upload) -> UploadedList:
    """Keep a CSV of up to 1 MB under a name; larger lists come as a data set."""
    return lists().upload(principal, name, request)


@api.get("/v1/merge_purges", permission="lists.read")
def list_merges(after: str | None = None, limit: Limit = 50) -> Page[MergePurge]:
    found, more = lists().jobs(decode_cursor(after, 1)[0] if after else None, limit)
    return Page(found, encode_cursor(more) if more else None)


@api.post("/v1/merge_purges", permission="lists.write")
def start_merge(principal: Principal, request: MergeRequest) -> Accepted[MergePurge]:
    """Put lists together: who stays, who is merged into whom, who is purged and why, exact to the row."""
    return Accepted(lists().ask(principal, request), see=SEE)


@api.get("/v1/merge_purges/<merge_id>", permission="lists.read")
def show_merge(merge_id: str) -> MergePurge:
    return lists().job(merge_id)


@api.get("/v1/merge_purges/<merge_id>/download", permission="lists.write")
def download_merge(principal: Principal, merge_id: str, part: Part = "kept") -> Link:
    """Who was kept, or with `part=fates` what became of every row, as CSV."""
    return lists().download(principal, merge_id, part)


handler = api.resolve
