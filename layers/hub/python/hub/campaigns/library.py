"""Saved segments and templates, in the library table. They are never changed: a campaign means what it meant."""

from typing import Final, TypeVar

from hub import aws
from hub.api import Page, decode_cursor, encode_cursor
from hub.campaigns import segments, texts
from hub.campaigns.content import Content, problems
from hub.campaigns.items import Item, new_id, now_text, some
from hub.campaigns.models import Template, TemplateRequest
from hub.campaigns.segments import Segment, SegmentRequest
from hub.errors import InvalidInput, NotFound
from hub.models import loader
from hub.settings import SegmentsSettings

Kept = TypeVar("Kept", Segment, Template)
PREFIXES: Final = {"segment": "g", "template": "t"}
"""Of ids, by kind."""


class Library:
    def __init__(self, settings: SegmentsSettings) -> None:
        self._settings = settings
        self._table = settings.library_table

    def add_segment(self, request: SegmentRequest, author: str) -> Segment:
        """InvalidInput, with line and column, for a query that cannot be a segment."""
        segments.check(request, loader.read(self._settings.hub_home), self._settings.stage)
        segment = Segment(**request.model_dump(), segment_id=_id("segment"), created_by=author, created_at=now_text())
        self._put("segment", segment.segment_id, segment)
        return segment

    def add_template(self, request: TemplateRequest, author: str) -> Template:
        """InvalidInput naming each field that cannot be sent."""
        judge = problems if request.channel == "email" else texts.problems
        if wrong := judge(Content(request.subject, request.text, request.html)):
            raise InvalidInput(f"{wrong[0]['field']}: {wrong[0]['problem']}", wrong)
        template = Template(
            **request.model_dump(), template_id=_id("template"), created_by=author, created_at=now_text()
        )
        self._put("template", template.template_id, template)
        return template

    def segment(self, segment_id: str) -> Segment:
        return self._get("segment", segment_id, Segment)

    def template(self, template_id: str) -> Template:
        return self._get("template", template_id, Template)

    def segments(self, after: str | None, limit: int) -> Page[Segment]:
        """Newest first."""
        return self._list("segment", Segment, after, limit)

    def templates(self, after: str | None, limit: int) -> Page[Template]:
        """Newest first."""
        return self._list("template", Template, after, limit)

    def _put(self, kind: str, key: str, thing: Segment | Template) -> None:
        """As JSON text: a library item is read as a whole or not at all."""
        item: Item = {"pk": kind, "sk": key, "json": aws.fitting(thing.model_dump_json())}
        aws.table(self._table).put_item(Item=item, ConditionExpression="attribute_not_exists(pk)")

    def _get(self, kind: str, key: str, model: type[Kept]) -> Kept:
        item = aws.table(self._table).get_item(Key={"pk": kind, "sk": key}, ConsistentRead=True).get("Item")
        if item is None:
            raise NotFound(f"There is no such {kind}")
        return model.model_validate_json(item["json"])

    def _list(self, kind: str, model: type[Kept], after: str | None, limit: int) -> Page[Kept]:
        start = decode_cursor(after, prefix=PREFIXES[kind])[0] if after else None
        items, more = some(self._table, kind, start, limit)
        found = [model.model_validate_json(item["json"]) for item in items]
        return Page(found, encode_cursor(more) if more else None)


def _id(kind: str) -> str:
    return new_id(PREFIXES[kind])
