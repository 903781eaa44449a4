"""How good the data is, what is personal in it, and what was made of it."""

from functools import cache

from hub.access import Principal, audit
from hub.api import Api, Limit, Page, decode_cursor, encode_cursor
from hub.pulls.discovery import Finding
from hub.pulls.profiles import DataSetProfile
from hub.pulls.review import Fix, FixChange, Review
from hub.pulls.scores import Quality
from hub.pulls.targets import Standing
from hub.settings import QualitySettings

api = Api("quality")
review = cache(lambda: Review(QualitySettings.read()))


@api.get("/v1/sources/<source>/quality", permission="sources.read")
def show_quality(source: str, data_set: str | None = None) -> Page[Quality]:
    """By data set and day, the latest first, from the pulls of the last weeks."""
    return Page(review().quality(source, data_set))


@api.get("/v1/sources/<source>/profile", permission="sources.read")
def show_profile(source: str, data_set: str | None = None) -> Page[DataSetProfile]:
    """What each data set's columns look like, as far as a pull has shown it; no value of a person is in it."""
    return Page(review().profiles(source, data_set))


@api.get("/v1/quality_targets", permission="sources.read")
def show_targets() -> Page[Standing]:
    """Each target of hub.yaml with its owner, and how the data stood on the last day on which they were pulled."""
    return Page(review().targets())


@api.get("/v1/personal_data", permission="sources.read")
def find_personal_data() -> Page[Finding]:
    """Where personal data are: declared columns, and others whose values look like persons. No value is told."""
    return Page(review().personal())


@api.get("/v1/fixes", permission="fixes.read")
def list_fixes(principal: Principal, pull_id: str, after: str | None = None, limit: Limit = 50) -> Page[Fix]:
    """What a pull made of values that broke a rule, each with what the source wrote."""
    audit.record(principal, "fixes.read", pull_id)
    found = review().fixes(pull_id, decode_cursor(after, 2) if after else None, limit)
    return Page(found, encode_cursor(str(found[-1].batch), str(found[-1].number)) if len(found) == limit else None)


@api.post("/v1/fixes/undo", permission="fixes.undo")
def undo_fix(principal: Principal, request: FixChange) -> Fix:
    """Leave a value as the source wrote it, from the next pull on; or, with `undone: false`, repair it again."""
    changed = review().change(request)
    place = {"batch": request.batch, "number": request.number}
    audit.record(principal, "fixes.undo", request.pull_id, undone=request.undone, **place)
    return changed


handler = api.resolve
