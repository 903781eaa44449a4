"""How a customer came in contact first stays, whatever is said later, by whom, in which order it comes."""

from datetime import timedelta

import pytest

from hub.config.models import HubConfig
from tests.sql.lake import Lake, entity_hub, staged
from tests.sql.test_models import needed

SHOWN = ("lead_source", "lead_channel", "lead_campaign", "lead_referrer")
OWN = {"lead_channels": {"event": ["mela"]}}


def person(key: str, email: str, changed: str, **values: str):
    return staged("customer", {"record_key": key, "email_standard": email, "changed_at": changed, **values})


def lead(source: str, campaign: str | None = None, referrer: str | None = None) -> dict[str, str]:
    told = {"lead_source": source, "lead_campaign": campaign, "lead_referrer": referrer}
    return {name: value for name, value in told.items() if value}


@pytest.fixture
def lake(make_lake) -> Lake:
    given = entity_hub({"crm": 80, "shop": 50})
    rules = HubConfig.model_validate({**given.hub.model_dump(), **OWN})
    tables = needed("reporting.customer") | needed("reporting.customer_key")
    return make_lake(given.model_copy(update={"hub": rules}), tables=tables)


def touches(lake: Lake) -> dict[str, tuple]:
    """Record -> how its customer was won."""
    keys = dict(lake.rows("reporting.customer_key", ["record_key", "customer_id"]))
    rows = {row[0]: row[1:] for row in lake.rows("reporting.customer", ["customer_id", *SHOWN])}
    golden = {row[0]: row[1:] for row in lake.rows("vault.customer", ["customer_id", *SHOWN[:1], *SHOWN[2:]])}
    assert all(golden[each] == (row[0], *row[2:]) for each, row in rows.items()), "the profile says the same"
    return {key: rows[each] for key, each in keys.items()}


FAIR = ("Mela", "event", "tea days", None)
NEWS = ("newsletter", "email", None, None)
NOBODY = (None,) * 4
PAGE = "https://u:p@www.Google.co.in/search?q=asha+rao"
SEARCH = ("?", "search", None, "google.co.in")
ASHA, RAVI, MIRA = ("c1", "a@x.in"), ("c2", "b@x.in"), ("c3", "c@x.in")
# a run each: source, record, since when it is so, what it says, what that is a case of; then how each was won
STORY = [
    (
        [
            ("crm", ASHA, "2026-01-01", lead("Mela", "tea days"), "a word of hub.yaml"),
            ("crm", RAVI, "2020-01-01", {}, "nobody knows"),
            ("crm", MIRA, "2026-01-01", {}, "nobody knows"),
        ],
        {"c1": FAIR, "c2": NOBODY, "c3": NOBODY},
    ),
    (
        [
            ("crm", ASHA, "2026-01-05", lead("web", "sale"), "a later word of the record"),
            ("shop", ("s2", "b@x.in"), "2026-01-03", lead("newsletter"), "the first record that knows"),
        ],
        {"c1": FAIR, "c2": NEWS, "s2": NEWS, "c3": NOBODY},
    ),
    (
        [
            ("crm", ASHA, "2026-01-06", {}, "a word that is taken back"),
            ("crm", RAVI, "2026-01-09", lead("cold call"), "a record that is known for longer says something later"),
        ],
        {"c1": FAIR, "c2": NEWS, "s2": NEWS, "c3": NOBODY},
    ),
    (
        [
            ("crm", ASHA, "2025-06-01", lead("?", None, PAGE), "older and late: it was the first; a site and no page"),
            ("crm", MIRA, "2026-02-01", lead("pigeon"), "a way that nobody has a word for"),
        ],
        {"c1": SEARCH, "c2": NEWS, "s2": NEWS, "c3": ("pigeon", "other", None, None)},
    ),
]


def test_the_first_touch_is_never_overwritten(lake):
    for told, expected in STORY:
        for source in ("crm", "shop"):
            rows = [person(*who, f"{day} 08:00:00", **said) for of, who, day, said, _ in told if of == source]
            lake.pull(source, "customer", rows)
        lake.run()
        assert touches(lake) == expected, [why for *_, why in told]
        lake.now += timedelta(days=1)


def test_a_merge_keeps_the_earliest_and_an_unmerge_gives_each_its_own(lake):
    made = {"created_at": "2024-01-01 08:00:00"}
    lake.pull("crm", "customer", [person("c1", "a@x.in", "2026-01-01 08:00:00", **lead("tv"), **made)])
    lake.pull("shop", "customer", [person("s1", "s@x.in", "2025-01-01 08:00:00", **lead("friend", "bring one"))])
    lake.run()
    apart = {"c1": ("tv", "advertising", None, None), "s1": ("friend", "referral", "bring one", None)}
    assert touches(lake) == apart
    for email, expected, why in [
        ("a@x.in", dict.fromkeys(apart, apart["c1"]), "the older record won him, whole: no campaign of another"),
        ("s@x.in", apart, "each its own again"),
    ]:
        lake.now += timedelta(days=1)
        again = person("s1", email, f"2026-01-0{lake.now.day} 08:00:00", **lead("website"))
        lake.pull("shop", "customer", [again])
        lake.run()
        assert touches(lake) == expected, why
