"""Where data comes from and what was fetched: the API's /v1/sources and /v1/pulls."""

from functools import cache

from hub.access import Principal, audit
from hub.api import Accepted, Api, Limit, Page, decode_cursor, encode_cursor
from hub.pulls import Pull, PullRequest
from hub.pulls.desk import Asked, Chosen, DataSetChange, DataSetView, DecisionRequest, Desk, SourceView, Wanted
from hub.settings import SourcesSettings

api = Api("sources")
desk = cache(lambda: Desk(SourcesSettings.read()))


@api.get("/v1/sources", permission="sources.read")
def list_sources() -> Page[SourceView]:
    return Page(desk().sources())


@api.patch("/v1/sources/<source>/data_sets/<data_set>", permission="sources.manage")
def change_data_set(principal: Principal, source: str, data_set: str, request: DataSetChange) -> DataSetView:
    """Pause a data set or let it run again; its schedule goes on and finds it paused."""
    changed = desk().pause(source, data_set, request.paused)
    audit.record(principal, "sources.pause", f"{source}.{data_set}", paused=request.paused)
    return changed


@api.get("/v1/pulls", permission="pulls.read")
def list_pulls(
    source: Chosen = None, data_set: Chosen = None, replay_of: Chosen = None, after: Chosen = None, limit: Limit = 50
) -> Page[Pull]:
    found = desk().pulls(Wanted(source, data_set, replay_of), decode_cursor(after, 2) if after else None, limit)
    return Page(found, encode_cursor(found[-1].started_at, found[-1].pull_id) if len(found) == limit else None)


@api.get("/v1/pulls/<pull_id>", permission="pulls.read")
def show_pull(pull_id: str) -> Pull:
    return desk().pull(pull_id)


@api.post("/v1/pulls", permission="pulls.start")
def start_pull(principal: Principal, request: PullRequest) -> Accepted[Asked]:
    return Accepted(desk().start(request, asked_by=principal.id), see="/v1/pulls?source={source}&data_set={data_set}")


@api.post("/v1/pulls/<pull_id>/release", permission="pulls.decide")
def release_pull(principal: Principal, pull_id: str, request: DecisionRequest) -> Accepted[Pull]:
    released = desk().release(pull_id, request.reason, by=principal.id)
    audit.record(principal, "pulls.release", pull_id, reason=request.reason)
    return Accepted(released, see="/v1/pulls/{pull_id}")


@api.post("/v1/pulls/<pull_id>/abandon", permission="pulls.decide")
def abandon_pull(principal: Principal, pull_id: str, request: DecisionRequest) -> Pull:
    abandoned = desk().abandon(pull_id, request.reason, by=principal.id)
    audit.record(principal, "pulls.abandon", pull_id, reason=request.reason)
    return abandoned


handler = api.resolve
