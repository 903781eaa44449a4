"""Which page is next. A place is what the ledger keeps, so that any worker goes on behind the last committed page."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, unquote_plus, urljoin, urlsplit

import pyarrow as pa

from hub.config.connections import Paging
from hub.sources import json_text, moments, seen
from hub.sources.links import next_of
from hub.sources.piece import SourceError
from hub.sources.records import at, steps

Place = dict[str, Any]
LONGEST_MARK = 8000  # characters of a cursor or link; the ledger keeps one per batch
NO_MORE = (None, "", 0, "0", "false", "False")


@dataclass(frozen=True, slots=True)
class Page:
    """What an answer told. outer: records that the paging counts; rows: records that came out of them.

    table: the rows as columns. latest: the last change among them. print: by what it is known again.
    """

    value: Any
    headers: Mapping[str, str]
    outer: list[Any]
    rows: int
    declared: int | None
    target: str
    table: pa.Table
    latest: str | None
    print: seen.Print


class Pages:
    """The paging of one data set. hidden: the parameter of an API key, which no place and no link keeps.

    keys: the columns that say which record a row is.
    """

    def __init__(
        self, paging: Paging, base_url: str, told: str, hidden: str | None = None, keys: Sequence[str] = ()
    ) -> None:
        self._windows = paging if paging.kind == "window" else None
        self._paging = (paging.inside or Paging(kind="none")) if self._windows else paging
        self._base, self._told, self._hidden, self._keys = base_url, told, hidden, keys
        self._next = steps(self._paging.next) if self._paging.next else None
        self._more = steps(self._paging.more) if self._paging.more else None

    @property
    def asked(self) -> list[tuple[Any, ...]]:
        """The paths of what an answer has to tell."""
        return [path for path in (self._next, self._more) if path]

    def told(self, place: Place) -> str:
        """What messages call a page."""
        window = f" from {place['from']}" if self._windows and "from" in place else ""
        page = f", page {place['asked'] + 1}" if self._paging.kind != "none" else ""
        return f"{self._told}{window}{page}"

    def begin(self, since: datetime | None, now: datetime) -> Place:
        """Where a pull begins; windows reach from `since` to now."""
        place: Place = {"received": 0, "declared": 0, "high": None, "ended": False, **self._fresh()}
        if (windows := self._windows) and windows.start:
            start = since or datetime.combine(windows.start, datetime.min.time(), UTC)
            place["until"] = moments.iso(now)
            place |= self._window(min(start, now), now)
        return place

    def resumed(self, position: Mapping[str, Any]) -> Place:
        """A place as the ledger kept it, also by a version that kept less."""
        before = position.get("seen", position.get("received", 0))
        return {**self._fresh(), "declared": 0, "seen": before, **position}

    def parameters(self, place: Place) -> dict[str, Any]:
        """What is asked for, beside what is asked for always."""
        paging = self._paging
        asked: dict[str, Any] = {}
        if windows := self._windows:
            for name, end in ((windows.from_parameter, "from"), (windows.to_parameter, "to")):
                asked[str(name)] = moments.told(datetime.fromisoformat(place[end]), windows.format)
        if paging.kind != "none" and paging.size_parameter:
            asked[paging.size_parameter] = paging.size
        if paging.kind in ("page", "offset"):
            asked[str(paging.parameter)] = place["page" if paging.kind == "page" else "seen"]
        if paging.kind == "cursor" and place["next"] is not None:
            asked[str(paging.parameter)] = place["next"]
        return asked

    def target(self, place: Place) -> str | None:
        """The link to follow; None where the next page is asked for by parameters."""
        return place["next"] if self._paging.kind in ("link", "next_url") else None

    def after(self, place: Place, page: Page) -> Place:
        """The place behind a page; SourceError where the source leads in a circle or away."""
        if self.repeats(place, page):
            end = " (if that is how the application ends, tell it by `total`, or `paging.more`)" if self._counts else ""
            told = f"repeats a page after {place['received']} rows, however often it is asked{end}"
            raise self._stuck(place, told)
        count = place["seen"] + len(page.outer)
        following, ended = self._following(place, page, count)
        mark = "" if ended else seen.by_contents(page.outer)[0] if following is None else _text(following)
        after = {
            **place,
            **self._marked(place, mark),
            "page": place["page"] + 1,
            "next": following,
            "seen": count,
            "received": place["received"] + page.rows,
            "prints": seen.remembered(place["prints"], page.print) if page.outer else place["prints"],
            "ended": ended,
        }
        return self._next_window(after, page) if ended and self._windows else after

    def repeats(self, place: Place, page: Page) -> bool:
        """Whether the source gives a page that it gave before, where another one belongs.

        Two windows may well be alike: by records on the border between them, or by records that change all the time.
        """
        if not page.outer:
            return False
        before = place["prints"] if self._by_keys else place["prints"][-1:]
        if any(seen.same(page.print, each) for each in before):
            return True
        early = bool(page.latest and "from" in place and page.latest < place["from"])
        return early and any(seen.same(page.print, each) for each in place.get("before", ()))

    def is_over(self, place: Place, page: Page) -> bool:
        """Whether a source that told how many there are has given all, and gives a page again instead of none."""
        total = page.declared
        return total is not None and place["seen"] >= total and self._counts and self.repeats(place, page)

    @property
    def _counts(self) -> bool:
        return self._paging.kind in ("page", "offset") and self._more is None

    @property
    def _by_keys(self) -> bool:
        return self._windows is not None or self._paging.kind in ("page", "offset")

    def print(self, records: Sequence[Any], rows: pa.Table) -> seen.Print:
        """By what a page is known again. A cursor or a link leads back to what was left out; counting does not."""
        return seen.by_keys(records, rows, self._keys) if self._by_keys else seen.by_contents(records)

    def anew(self, place: Place, high: str | None) -> Place:
        """The place behind a page, from which the source is asked anew where it would page no further."""
        most = self._paging.most
        if most is None or place["ended"] or place["seen"] + self._paging.size <= most:
            return place
        if high is None or high == place.get("since"):
            raise self._stuck(place, f"pages through {most} records at most, and more than that changed at one moment")
        declared = None if place["declared"] is None else place["declared"] + place["seen"]
        return {**place, **self._fresh(), "declared": declared, "since": high}

    def declared(self, place: Place, page: Page) -> int | None:
        """Rows that the source tells in all, as known on a page."""
        before = place["declared"]
        return None if before is None or page.declared is None else before + page.declared

    def _fresh(self) -> Place:
        """Where pages begin, of a pull or of a window."""
        return {"page": self._paging.first, "next": None, "seen": 0, "prints": [], "mark": None, "asked": 0}

    def _following(self, place: Place, page: Page, count: int) -> tuple[Any, bool]:
        """What leads to the next page (None where counting does), and whether there is none."""
        kind = self._paging.kind
        if kind in ("page", "offset"):
            return None, self._counted(page, count)
        if kind == "none":
            return None, True
        following = next_of(page.headers) if kind == "link" else at(page.value, self._next or ())
        more = self._more is None or at(page.value, self._more) not in NO_MORE
        nothing = following is None or following is False or following == ""  # 0 may be a place
        if nothing or not more:
            if self._more and more:
                raise SourceError(f"{self.told(place)}: says that there is more, but not where; correct `paging.next`")
            return None, True
        if kind == "cursor" and (isinstance(following, bool) or not isinstance(following, str | int | float)):
            raise SourceError(
                f"{self.told(place)}: the next cursor at {self._paging.next} is no text or number; correct it"
            )
        if kind != "cursor":
            following = self._followed(following, page.target, self.told(place))
        if len(_text(following)) > LONGEST_MARK:
            raise SourceError(
                f"{self.told(place)}: names its next page by more than {LONGEST_MARK} characters; ask for less"
            )
        if _text(following) == _text(place["next"]):
            raise self._stuck(place, "names a page as the page after itself")
        return following, False

    def _counted(self, page: Page, count: int) -> bool:
        """Whether counted pages are at their end.

        A source may give fewer rows per page than asked; where it tells a total, that decides. A full page may have
        one behind it, whatever the total says.
        """
        if self._more:
            return at(page.value, self._more) in NO_MORE
        enough = page.declared is None or count >= page.declared
        return not page.outer or (enough and len(page.outer) < self._paging.size)

    def _followed(self, link: Any, target: str, told: str) -> str:
        """The path and query of a link, where it stays with base_url; else SourceError, for the secret goes with it."""
        if not isinstance(link, str):
            raise SourceError(f"{told}: its link to the next page is no text; correct `paging.next`")
        base = urlsplit(self._base)
        try:
            to = urlsplit(urljoin(urljoin(self._base, target), link.strip()))
            stays = _origin(to) == _origin(base) and to.username is None
        except ValueError:
            raise SourceError(
                f"{told}: its link to the next page is no address; tell the application's operator"
            ) from None
        if not stays:
            raise SourceError(
                f"{told}: its link to the next page leads away from {base.scheme}://{base.netloc}, to "
                f"{to.scheme}://{to.hostname}; the hub does not follow. If that is right, make it base_url"
            )
        kept = [part for part in to.query.split("&") if part and not self._is_hidden(part)]
        return (to.path or "/") + (f"?{'&'.join(kept)}" if kept else "")

    def _is_hidden(self, part: str) -> bool:
        return self._hidden is not None and unquote_plus(part.partition("=")[0]) == self._hidden

    def _marked(self, place: Place, mark: str) -> Place:
        """Refuse pages that go round in a circle: each is compared with one that is moved on ever more seldom."""
        mark, asked = mark and hashlib.sha256(mark.encode()).hexdigest(), place["asked"] + 1
        if mark and mark == place["mark"]:
            raise self._stuck(place, f"goes round in a circle after {place['received']} rows")
        return {"mark": mark if asked & (asked - 1) == 0 else place["mark"], "asked": asked}

    def _stuck(self, place: Place, what: str) -> SourceError:
        return SourceError(f"{self.told(place)}: {what}; its paging is stuck, check `paging` in the manifest")

    def _window(self, begin: datetime, until: datetime) -> Place:
        span = (self._windows.span if self._windows else None) or timedelta(days=1)
        return {"from": moments.iso(begin), "to": moments.iso(min(moments.more(begin, span), until))}

    def _next_window(self, after: Place, page: Page) -> Place:
        """The first page of the window that begins where this one ends; the border is in both, so no row falls out."""
        if after["to"] >= after["until"]:
            return after
        begin, until = datetime.fromisoformat(after["to"]), datetime.fromisoformat(after["until"])
        fresh = {**self._fresh(), **self._window(begin, until), "before": after["prints"]}
        return {**after, **fresh, "declared": self.declared(after, page), "ended": False}


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _text(following: Any) -> str:
    return following if isinstance(following, str) else json_text.dumps(following)
