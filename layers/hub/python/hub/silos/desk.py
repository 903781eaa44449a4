"""The silo map: which source gives which data sets, what tables they become, who uses these, and what is left over."""

from collections.abc import Callable, Iterator
from typing import Any, Literal

from pydantic import BaseModel

from hub.access import Principal
from hub.campaigns.library import Library
from hub.campaigns.store import CampaignStore
from hub.lineage.badges import Badges
from hub.lineage.graph import Lineage
from hub.lineage.models import Level
from hub.reports.library import shipped
from hub.reports.store import LibraryStore
from hub.settings import SilosSettings

AT_ONCE = 200


class DataSetNode(BaseModel):
    """entities: what its rows are mapped to; none where it comes in and goes nowhere."""

    name: str
    entities: list[str]
    tables: list[str]
    quality: Level


class SourceNode(BaseModel):
    name: str
    connector: str
    owner: str
    data_sets: list[DataSetNode]


class TableNode(BaseModel):
    name: str
    description: str
    reads: list[str]
    data_sets: list[str]


class Use(BaseModel):
    kind: Literal["report", "segment", "campaign"]
    id: str
    name: str
    tables: list[str]


class Coverage(BaseModel):
    """unmapped: data sets that become no table. unused: reporting tables that no shown use reads."""

    sources: int
    data_sets: int
    mapped: int
    unmapped: list[str]
    tables: int
    used: int
    unused: list[str]


class SiloMap(BaseModel):
    sources: list[SourceNode]
    tables: list[TableNode]
    uses: list[Use]
    coverage: Coverage


class Silos:
    def __init__(self, settings: SilosSettings) -> None:
        self._settings = settings
        self._badges = Badges(settings.hub_home, settings.control_table)
        self._lineage: Lineage = self._badges.lineage

    def show(self, principal: Principal) -> SiloMap:
        """The map with the uses that the principal may see."""
        uses = [use for kind, found in self._uses().items() if principal.may(f"{kind}s.read") for use in found()]
        sources, tables = self._sources(), self._tables()
        return SiloMap(sources=sources, tables=tables, uses=uses, coverage=_coverage(sources, tables, uses))

    def _sources(self) -> list[SourceNode]:
        becomes: dict[str, list[str]] = {}
        for table in self._lineage.tables:
            for name in self._lineage.feeds(table):
                becomes.setdefault(name, []).append(table)
        return [
            SourceNode(
                name=source.name,
                connector=source.connector,
                owner=source.owner,
                data_sets=[
                    DataSetNode(
                        name=name,
                        entities=list(rules.entity),
                        tables=sorted(becomes.get(f"{source.name}.{name}", ())),
                        quality=self._badges.of_data_set(f"{source.name}.{name}").level,
                    )
                    for name, rules in source.data_sets.items()
                ],
            )
            for source in self._lineage.deployment.sources.values()
        ]

    def _tables(self) -> list[TableNode]:
        return [
            TableNode(
                name=name,
                description=table.description,
                reads=self._lineage.reads(name),
                data_sets=sorted(self._lineage.feeds(name)),
            )
            for name, table in sorted(self._lineage.tables.items())
        ]

    def _uses(self) -> dict[str, Callable[[], Iterator[Use]]]:
        return {"report": self._reports, "segment": self._segments, "campaign": self._campaigns}

    def _reports(self) -> Iterator[Use]:
        saved = LibraryStore(self._settings.library_table)
        pages = _pages(lambda after: saved.reports(after, AT_ONCE))
        for report in (*shipped(self._settings.hub_home).values(), *pages):
            yield self._use("report", report.report_id, report.title, report.sql)

    def _segments(self) -> Iterator[Use]:
        for segment in self._all_segments():
            yield self._use("segment", segment.segment_id, segment.name, segment.sql)

    def _campaigns(self) -> Iterator[Use]:
        known = {segment.segment_id: segment.sql for segment in self._all_segments()}
        store = CampaignStore(self._settings.campaigns_table)
        for item in _pages(lambda after: store.campaigns(after, AT_ONCE)):
            yield self._use("campaign", item["campaign_id"], item["name"], known.get(item["segment_id"], ""))

    def _all_segments(self) -> Iterator[Any]:
        library, after = Library(self._settings), None
        while True:
            page = library.segments(after, AT_ONCE)
            yield from page.items
            if (after := page.next) is None:
                return

    def _use(self, kind: Any, key: str, name: str, sql: str) -> Use:
        return Use(kind=kind, id=key, name=name, tables=self._lineage.named(sql))


def _pages(read: Callable[[str | None], tuple[list[Any], str | None]]) -> Iterator[Any]:
    after = None
    while True:
        found, after = read(after)
        yield from found
        if after is None:
            return


def _coverage(sources: list[SourceNode], tables: list[TableNode], uses: list[Use]) -> Coverage:
    names = {f"{source.name}.{each.name}": bool(each.tables) for source in sources for each in source.data_sets}
    reporting = {table.name for table in tables if table.name.startswith("reporting.")}
    reads = {table.name: table.reads for table in tables}
    used = {name for use in uses for name in use.tables} & reporting
    used |= {each for name in used for each in reads[name]} & reporting
    return Coverage(
        sources=len(sources),
        data_sets=len(names),
        mapped=sum(names.values()),
        unmapped=sorted(name for name, mapped in names.items() if not mapped),
        tables=len(reporting),
        used=len(used),
        unused=sorted(reporting - used),
    )
