"""The sizing advisor is its model, its idle price is the templates', and a hub stays where hub.yaml keeps it."""

import hashlib
import io
import json
import random
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from aws_cdk import App

from hub.config import Deployment
from infra.constructs.hub import Hub, HubStack
from infra.operate import size
from infra.operate.prices import REGIONS
from infra.operate.stage import OperateError
from tests.infra.deployed import Cloud
from tests.infra.test_price import idle_price

MB10 = 10 * 1024**2 / 1024**4 * 5
CASES = [
    # customers, users, region -> profile, and some of the bill worked out by hand
    (1_000, 5, "eu-west-1", "small", {"runs": 24 * 30 * 40 * MB10, "reports": 5 * 4 * 22 * MB10}),
    (100_000, 5, "eu-west-1", "small", {"storage": 100_000 * 40_000 / 1e9 * 0.023}),
    (100_001, 5, "eu-west-1", "medium", {"runs": 12 * 30 * 40 * 100_001 * 600 / 1024**4 * 5 / 4}),
    (2_000_000, 50, "ap-south-1", "medium", {"reports": 50 * 4 * 22 * 2e6 * 600 / 1024**4 * 5 * 1.02}),
    (20_000_000, 200, "sa-east-1", "large", {"pulls": 20e6 * 20 * 12e-6 * 2 * 0.0000133334 * 1.45}),
    (1_000, 5, "eu-west-1", "small", {"who is who": (24 * 30 + 2) * 80 * MB10}),
    (30_000_000, 5, "eu-west-1", "large", {"who is who": (4 * 30 + 2 * 2) * 30e6 * 1.5 * 1_000 / 1024**4 * 5}),
]


@pytest.mark.parametrize(("profiles", "users", "region", "name", "expected"), CASES)
def test_advice_is_the_model(profiles, users, region, name, expected):
    advice = size.advise(profiles, users, region)
    assert advice.profile.name == name
    assert {what: advice.bill[what] for what in expected} == {
        what: pytest.approx(price, abs=0.01) for what, price in expected.items()
    }
    assert advice.total < advice.budget <= advice.total * 1.33 + 10
    told = "\n".join(advice.lines())
    assert f"budget_usd: {advice.budget}" in told and f"residency: [{region}]" in told


def test_30_million_with_1400_attributes_each():
    """What they take is what such a table takes in the files that Athena reads, for the vault and for reporting."""
    wide = size.advise(30_000_000, 20, "eu-west-1", 1_400)
    slim = size.advise(30_000_000, 20, "eu-west-1")
    stored = 2 * 30e6 * 1_400 * bytes_of_a_value() / 1e9
    assert (wide.bill["storage"] - slim.bill["storage"]) / 0.023 == pytest.approx(stored, rel=0.4)
    assert wide.bill["attributes"] == pytest.approx(4 * 30 * 30e6 * 1_400 * 10 / 1024**4 * 5, rel=0.01)
    assert wide.total - slim.total == pytest.approx(
        wide.bill["attributes"] + wide.bill["storage"] - slim.bill["storage"], abs=0.1
    )


def bytes_of_a_value() -> float:
    """Of 1,400 attributes of 100 customers, by thirds numbers, words and days, as in reporting.customer_attribute."""
    lot = random.Random(7)
    rows = []
    for customer in range(100):
        name = hashlib.sha256(str(customer).encode()).hexdigest()[:26]
        for at in range(1_400):
            day = date(2020, 1, 1) + timedelta(days=lot.randrange(2_000))
            value = (str(lot.randrange(100_000) / 100), lot.choice(("yes", "no", "north", "unknown")), str(day))[at % 3]
            rows.append(
                (name, f"attribute_{at}", value, float(value) if at % 3 == 0 else None, day if at % 3 == 2 else None)
            )
    names = ("customer_id", "attribute", "value", "number", "day")
    table = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    into = io.BytesIO()
    pq.write_table(table, into, compression="snappy")
    return len(into.getvalue()) / len(rows)


def test_more_customers_and_users_never_cost_less_of_a_kind():
    small, large = (size.advise(profiles, users, "eu-west-1").bill for profiles, users in ((5_000, 5), (90_000, 50)))
    assert all(large[what] >= price for what, price in small.items())


def test_a_region_costs_what_the_table_says():
    here, there = (size.advise(500_000, 20, region).total for region in ("eu-west-1", "sa-east-1"))
    assert there / here == pytest.approx(REGIONS["sa-east-1"], rel=0.01)


def test_being_there_costs_what_the_templates_say(cloud):
    assert sum(idle_price(cloud).values()) == pytest.approx(size.IDLE, abs=0.5)


@pytest.mark.parametrize(
    ("profiles", "users", "region", "what"),
    [
        (0, 5, "eu-west-1", "PROFILES is 1 to"),
        (30_000_001, 5, "eu-west-1", "measure with your own data"),
        (10, 0, "eu-west-1", "USERS 1 to"),
        (10, 5, "mars-1", "no prices are known"),
    ],
)
def test_beyond_what_is_known_nothing_is_guessed(profiles, users, region, what):
    with pytest.raises(OperateError, match=what):
        size.advise(profiles, users, region)


def test_more_attributes_than_a_record_may_have_are_refused():
    with pytest.raises(OperateError, match="ATTRIBUTES 0 to 2,000"):
        size.advise(10, 5, "eu-west-1", 2_001)


@pytest.mark.parametrize(
    ("residency", "region", "allowed", "why"),
    [
        ((), "us-east-1", True, "no lock"),
        (("eu-west-1", "eu-central-1"), "eu-central-1", True, "one of them"),
        (("eu-west-1",), "us-east-1", False, "another one"),
        (("eu-west-1",), None, False, "nobody knows where"),
    ],
)
def test_residency(residency, region, allowed, why):
    assert (size.misplaced(residency, region) is None) is allowed, why


def test_the_templates_themselves_refuse_another_region(tmp_path):
    """Also where somebody deploys them by hand: every stack is made by this one class."""
    hub = {"name": "test", "currency": "INR", "country": "IN", "residency": ["ap-south-1", "ap-south-2"]}
    deployment = Deployment.model_validate({"name": "test", "hub": hub, "sources": {}})
    app = App(outdir=str(tmp_path))
    HubStack(app, "Part", Hub("test", deployment, tmp_path, bundle=False))
    app.synth()
    (rule,) = json.loads((tmp_path / "Part.template.json").read_text())["Rules"]["Residency"]["Assertions"]
    assert rule["Assert"] == {"Fn::Contains": [["ap-south-1", "ap-south-2"], {"Ref": "AWS::Region"}]}


def test_without_a_lock_the_templates_have_no_rule(cloud: Cloud):
    assert all("Residency" not in template.get("Rules", {}) for template in cloud.templates.values())
