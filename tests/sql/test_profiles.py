"""From a release to the profile table: who changed, who is gone, where a merged id leads."""

from datetime import timedelta

import pytest

from hub.customers.loading import Loader
from hub.customers.store import ProfileStore
from tests.sql.lake import entity_hub, staged


@pytest.fixture
def lake(make_lake):
    return make_lake(entity_hub({"crm": 80, "shop": 50}))


def person(key: str, source: str, name: str, email: str, number: int = 1):
    row = {"record_key": key, "source_key": key.upper(), "full_name": name, "email_standard": email}
    return staged("customer", row | {"changed_at": f"2026-01-0{number} 00:00:00"})


def load(lake) -> ProfileStore:
    """One run and all portions of its profiles."""
    run_id = lake.run()
    lake.store.take_lease(run_id, lake.now)
    profiles = ProfileStore(f"{lake.stage}-profiles", b"key")
    loader, progress = Loader(lake.store, profiles, lake.athena, lake.stage), {}
    while not progress.get("done"):
        progress = loader.load(run_id, progress)
    lake.store.free_lease(run_id)
    lake.now += timedelta(days=1)
    return profiles


def test_profiles_follow_the_release(lake):
    lake.pull("crm", "customer", [person("a", "crm", "Asha Rao", "asha@x.in"), person("r", "crm", "Ravi", "ravi@x.in")])
    lake.pull("shop", "customer", [person("b", "shop", "A. Rao", "other@x.in")])
    order = {
        "record_key": "o1",
        "customer_record_key": "b",
        "order_number": "SO-1",
        "ordered_at": "2026-01-01 10:00:00",
    }
    lake.pull("shop", "sales_order", [staged("sales_order", order | {"changed_at": "2026-01-01 10:00:00"})])
    profiles = load(lake)
    asha, shop, ravi = (profiles.find([("email", f"{name}@x.in")], 5)[0][0] for name in ("asha", "other", "ravi"))
    assert (asha["names"], asha["source_keys"], asha["sources"]) == (["Asha Rao"], ["crm:A"], 1)
    assert [each["reference"] for each in profiles.events(shop["customer_id"], 5)[0]] == ["SO-1"]
    first = asha["release_id"]

    lake.pull("shop", "customer", [person("b", "shop", "A. Rao", "asha@x.in", 2)])  # now one e-mail: one customer
    profiles = load(lake)
    merged = profiles.profile(asha["customer_id"])
    assert (merged["names"], merged["sources"]) == (["A. Rao", "Asha Rao"], 2)
    assert profiles.follow(shop["customer_id"]) == asha["customer_id"]
    assert profiles.profile(shop["customer_id"]) is None
    assert profiles.find([("email", "other@x.in")], 5)[0] == []
    assert [each["reference"] for each in profiles.events(asha["customer_id"], 5)[0]] == ["SO-1"], (
        "the time line moved along"
    )
    assert [each["customer_id"] for each in profiles.find([("order", "so-1")], 5)[0]] == [asha["customer_id"]]
    assert profiles.profile(ravi["customer_id"])["release_id"] == first, "who did not change is not written again"
