"""What a person does with a data set that has gone wrong, on the real pages of a real laptop.

Used on the demo organisation, and on the public data sets in the long tier.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.test_console import snap

COUNTS = ("received", "staged", "duplicate", "quarantined", "filtered")


@dataclass
class Trouble:
    """A data set, and how to break it. drop(broken): puts its file where it is read, with so many rows broken.

    rule: as the page names it. field, good: what is corrected, and to what. rows: of the file.
    """

    source: str
    data_set: str
    drop: Callable[[int], None]
    rows: int
    broken: int
    rule: str
    field: str
    good: str

    @property
    def name(self) -> str:
        return f"{self.source} {self.data_set}"


def row_of(page, trouble):
    table = page.get_by_role("table", name=f"Data sets of {trouble.source}", exact=True)
    return table.get_by_role("row").filter(has=page.get_by_role("link", name=trouble.data_set, exact=True))


def press(page, name):
    """By the keyboard."""
    page.get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")


def pause_and_resume(seen, trouble):
    page = seen.page
    seen.go("overview")
    press(page, f"Pause {trouble.name}")
    row = row_of(page, trouble)
    row.locator(".badge", has_text="Paused").first.wait_for()
    snap(seen, f"{trouble.source}-paused")
    page.reload()
    page.get_by_role("button", name=f"Resume {trouble.name}", exact=True).wait_for()
    press(page, f"Resume {trouble.name}")
    page.get_by_role("button", name=f"Pause {trouble.name}", exact=True).wait_for()
    assert row.locator(".badge", has_text="Paused").count() == 0


def pull_until(seen, trouble, state):
    """Ask for a pull on the overview and follow it to its page."""
    page = seen.page
    seen.go("overview")
    before = row_of(page, trouble).locator("a[href*='/pulls/']").get_attribute("href")
    press(page, f"Pull {trouble.name} now")
    page.get_by_text(f"A pull of {trouble.name} was asked for").wait_for()
    later = row_of(page, trouble).locator(f"a[href*='/pulls/']:not([href='{before}'])")
    later.wait_for()
    row_of(page, trouble).locator(".badge", has_text=state).first.wait_for()
    snap(seen, f"{trouble.source}-overview-{state}")
    later.focus()
    page.keyboard.press("Enter")
    page.locator("h1", has_text=trouble.name).wait_for()


def decide(seen, name, reason):
    page = seen.page
    press(page, f"{name} …")
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("dialog").get_by_role("button", name=name, exact=True).press("Enter")
    page.get_by_text(reason).wait_for()


def figures(page):
    """The ledger as the page shows it, by its words in small letters."""
    each = page.locator("dl.facts > div")
    return {
        each.nth(at).locator("dt").inner_text().lower(): each.nth(at).locator("dd").inner_text()
        for at in range(each.count())
    }


def balances(page):
    shown = figures(page)
    counts = {name: int(shown[name].replace(",", "")) for name in COUNTS}
    assert counts["received"] == sum(counts[name] for name in COUNTS[1:]), counts
    return counts


def at_the_gate(seen, trouble):
    """Held, looked at, downloaded, released; a row corrected, and tried again."""
    page = seen.page
    trouble.drop(trouble.broken)
    pull_until(seen, trouble, "Held")
    page.get_by_role("heading", name="Held: too many rows were refused").wait_for()
    counts = balances(page)
    assert (counts["received"], counts["quarantined"]) == (trouble.rows, trouble.broken)
    rules = page.get_by_role("table", name="Refused rows by rule").locator("tbody tr")
    rules.first.wait_for()
    told = [*trouble.rule.split(), str(trouble.broken), str(trouble.broken)]
    assert [each.split() for each in rules.all_inner_texts()] == [told]
    with page.expect_download() as got:
        press(page, "Download all rows")
    lines = [json.loads(line) for line in got.value.path().read_text(encoding="utf-8").splitlines()]
    assert len(lines) == trouble.broken
    snap(seen, f"{trouble.source}-held")
    assert page.get_by_role("button", name=re.compile("Correct")).count() == 0, "not before it is decided"
    decide(seen, "Release", "The partner knows and sends them again")
    page.locator(".badge", has_text="Complete").first.wait_for()
    first = lines[0]
    press(page, f"Correct row {first['row']} of batch {first['batch']}")
    page.get_by_label(trouble.field, exact=True).fill(trouble.good)
    page.keyboard.press("Enter")
    tried = page.get_by_role("table", name="Tried again")
    tried.locator(".badge", has_text="Complete").wait_for()
    heading = f"{trouble.broken} rows in quarantine, {trouble.broken - 1} open"
    page.get_by_role("heading", name=heading).wait_for()
    snap(seen, f"{trouble.source}-tried")
    tried.get_by_role("link").first.click()
    page.get_by_text("another try of refused rows of").wait_for()
    assert balances(page) == dict.fromkeys(COUNTS, 0) | {"received": 1, "staged": 1}


def abandoned_and_pulled_again(seen, trouble):
    """The other way out, on a telephone: thrown away, and fetched again once the source is mended."""
    page = seen.page
    trouble.drop(trouble.broken + 1)
    pull_until(seen, trouble, "Held")
    seen.go("overview")
    press(page, f"Pull {trouble.name} now")
    page.get_by_text("is held; release or abandon it first").wait_for()
    row_of(page, trouble).locator("a[href*='/pulls/']").click()
    page.get_by_role("button", name="Abandon …").wait_for()
    snap(seen, f"{trouble.source}-phone-held")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    decide(seen, "Abandon", "A wrong export; the right one is on its way")
    page.locator(".badge", has_text="Abandoned").wait_for()
    trouble.drop(0)
    pull_until(seen, trouble, "Complete")
    counts = balances(page)
    assert (counts["received"], counts["quarantined"]) == (trouble.rows, 0)
    page.locator("p.path").get_by_role("link", name="Pulls").click()
    page.get_by_role("figure").filter(has_text="Rows by day").wait_for()
    snap(seen, f"{trouble.source}-phone-pulls")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
