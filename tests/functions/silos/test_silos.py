"""The map through the API, on the shipped demo: it is what the registry and the models say."""

import json

import boto3
import pytest

from hub import config
from hub.models import graph, histories, loader
from tests.sql.lake import ROOT, home_of

DEMO = ROOT / "deployments/demo"


@pytest.fixture
def hub(on_moto, gateway, new_table, tmp_path):
    home_of(tmp_path, [ROOT / "sql"])
    deployment = config.load(DEMO)
    (tmp_path / "deployment.json").write_text(deployment.model_dump_json())
    (tmp_path / "reports").mkdir()
    sales = {"title": "Sales", "sql": "select count(*) as n from reporting.sales_order"}
    (tmp_path / "reports/sales.json").write_text(json.dumps(sales))
    on_moto.setenv("HUB_HOME", str(tmp_path))
    for name in ("control", "library", "campaigns"):
        on_moto.setenv(f"{name.upper()}_TABLE", name)
        new_table(name)
    config.read.cache_clear()
    loader.read.cache_clear()
    yield gateway("silos"), deployment
    config.read.cache_clear()
    loader.read.cache_clear()


def segment(key, sql):
    told = {"segment_id": key, "name": key, "sql": sql, "parameters": [], "created_by": "u", "created_at": "2026"}
    item = {"pk": "segment", "sk": key, "json": json.dumps(told)}
    boto3.resource("dynamodb").Table("library").put_item(Item=item)


def test_the_map_is_the_registry(hub):
    api, deployment = hub
    found = api("GET", "/v1/map", role="viewer").body
    assert {source["name"]: [each["name"] for each in source["data_sets"]] for source in found["sources"]} == {
        source.name: list(source.data_sets) for source in deployment.sources.values()
    }
    entities = {
        (source["name"], each["name"]): each["entities"] for source in found["sources"] for each in source["data_sets"]
    }
    assert entities["crm", "contacts"] == list(deployment.sources["crm"].data_sets["contacts"].entity)
    assert {table["name"] for table in found["tables"]} == set(
        graph.asked(histories.with_twins(loader.load(ROOT / "sql")), deployment)
    )
    tables = {table["name"]: table for table in found["tables"]}
    customers = {
        f"{source.name}.{name}"
        for source in deployment.sources.values()
        for name, rules in source.data_sets.items()
        if "customer" in rules.entity
    }
    assert len(customers) > 1, "several applications know people"
    assert set(tables["vault.source_customer"]["data_sets"]) == customers
    assert customers <= set(tables["reporting.customer"]["data_sets"]), "over all tables between"
    for source in found["sources"]:
        for each in source["data_sets"]:
            for table in each["tables"]:
                assert f"{source['name']}.{each['name']}" in tables[table]["data_sets"], "both ways the same"
    coverage = found["coverage"]
    assert (coverage["sources"], coverage["data_sets"]) == (len(deployment.sources), len(entities))
    assert coverage["mapped"] + len(coverage["unmapped"]) == coverage["data_sets"]


def test_uses_are_those_that_one_may_see(hub):
    api, _ = hub
    segment("g1", "select customer_id from reporting.customer")
    told = {"pk": "campaign", "sk": "m1", "campaign_id": "m1", "name": "Spring", "segment_id": "g1"}
    boto3.resource("dynamodb").Table("campaigns").put_item(Item=told)

    def uses(role):
        found = api("GET", "/v1/map", role=role).body
        return {(use["kind"], use["id"]): use["tables"] for use in found["uses"]}, found["coverage"]

    everything, coverage = uses("admin")
    assert everything == {
        ("report", "sales"): ["reporting.sales_order"],
        ("segment", "g1"): ["reporting.customer"],
        ("campaign", "m1"): ["reporting.customer"],
    }
    assert {"reporting.customer", "reporting.sales_order"} & set(coverage["unused"]) == set()
    assert "reporting.product" in coverage["unused"]
    assert coverage["used"] + len(coverage["unused"]) == coverage["tables"]
    assert set(uses("viewer")[0]) == {("report", "sales")}
    assert uses("operator")[0] == {}
    assert api("GET", "/v1/map", role="marketer").status == 403
