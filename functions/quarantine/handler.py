"""Rows that were refused: the API's /v1/quarantine."""

from functools import cache

from hub.access import Principal, audit
from hub.api import Accepted, Api, Limit, Page, Reply, decode_cursor, encode_cursor
from hub.pulls.quarantine import Quarantined
from hub.pulls.quarantine_desk import QuarantineDesk, ReplayAsked, ReplayRequest, State, Summary
from hub.settings import QuarantineSettings

api = Api("quarantine")
desk = cache(lambda: QuarantineDesk(QuarantineSettings.read()))


@api.get("/v1/quarantine", permission="quarantine.read")
def list_quarantine(
    principal: Principal,
    pull_id: str,
    rule: str | None = None,
    state: State | None = None,
    after: str | None = None,
    limit: Limit = 50,
) -> Page[Quarantined]:
    """The rows of a pull that were refused, each with the rules that it breaks. rule: as in `age: between`."""
    audit.record(principal, "quarantine.read", pull_id)
    found = desk().lines(pull_id, decode_cursor(after, 2) if after else None, limit, rule, state)
    return Page(found, encode_cursor(str(found[-1].batch), str(found[-1].row)) if len(found) == limit else None)


@api.get("/v1/quarantine/<pull_id>", permission="quarantine.read")
def show_quarantine(pull_id: str) -> Summary:
    """How many rows break which rule, and how many of them are open."""
    return desk().summary(pull_id)


@api.get("/v1/quarantine/<pull_id>/download", permission="quarantine.read")
def download_quarantine(principal: Principal, pull_id: str, after: str | None = None) -> Reply:
    """JSON lines, up to 4 MB of them; where there are more, the header `x-next` says what to give as `after`."""
    audit.record(principal, "quarantine.download", pull_id)
    text, place = desk().download(pull_id, decode_cursor(after, 2) if after else None)
    headers = {"content-disposition": f'attachment; filename="{pull_id}.jsonl"'}
    if place:
        headers["x-next"] = encode_cursor(*map(str, place))
    return Reply(200, text, "application/x-ndjson", headers)


@api.post("/v1/quarantine/<pull_id>/replay", permission="quarantine.replay")
def replay_quarantine(principal: Principal, pull_id: str, request: ReplayRequest) -> Accepted[ReplayAsked]:
    """Try refused rows again, corrected or with the manifest as it is now, in a pull of their own."""
    asked = desk().replay(pull_id, request, asked_by=principal.id)
    audit.record(principal, "quarantine.replay", pull_id, lines=asked.lines, corrected=request.corrections is not None)
    return Accepted(asked, see="/v1/pulls?source={source}&data_set={data_set}")


handler = api.resolve
