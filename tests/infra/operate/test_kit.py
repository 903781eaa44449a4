"""The connector kit: manifests that are sound as written, sources that are told of without a person's value."""

import shutil
import sqlite3

import boto3
import pytest
import yaml
from moto import mock_aws

from hub import aws, config
from hub.errors import ConfigError
from infra.operate import drafts, kit
from infra.operate.stage import OperateError
from tests.conftest import ROOT
from tests.hub.pulls import manifests
from tests.hub.sources import double

HUB = "name: test\ncurrency: INR\ncountry: IN\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sources").mkdir()
    (tmp_path / "hub.yaml").write_text(HUB)
    return tmp_path


@pytest.fixture
def said():
    return []


@pytest.mark.parametrize("kind", drafts.KINDS)
def test_a_new_manifest_is_sound_as_it_is_written(folder, said, kind):
    kit.new_source(str(folder), "app", kind, said.append)
    kit.check_source(str(folder), "app", said.append)
    assert "app.customers: sound; 4 columns, known by customer_id, mapped to customer" in said
    assert "  three drafted rows pass" in said
    assert "  email: a row that breaks email is kept and counted" in said
    with pytest.raises(OperateError, match="is there already; take another NAME"):
        kit.new_source(str(folder), "app", kind, said.append)


@pytest.mark.parametrize(
    ("name", "kind", "told"), [("My App", "rest", "is no name"), ("app", "soap", "one of rest, sql")]
)
def test_what_cannot_be_made_is_said(folder, said, name, kind, told):
    with pytest.raises(OperateError, match=told):
        kit.new_source(str(folder), name, kind, said.append)


def test_a_manifest_that_is_not_sound_is_refused_by_line(folder, said):
    kit.new_source(str(folder), "app", "files", said.append)
    path = folder / "sources/app.yaml"
    path.write_text(path.read_text().replace("full_name: full_name", "full_name: trim(full_name)"))
    with pytest.raises(ConfigError, match=r"sources/app\.yaml:.*full_name.*trim is not portable"):
        kit.check_source(str(folder), "app", said.append)


def test_ready_manifests_pass_their_own_checks(said, monkeypatch):
    folder = str(ROOT / "deployments/catalogue")
    loaded = config.load(folder)
    monkeypatch.setattr("infra.operate.kit.config.load", lambda hub: loaded)  # the kit reads the folder each time
    for name in loaded.sources:
        kit.check_source(folder, name, said.append)
    assert len([line for line in said if "three drafted rows pass" in line]) == len(
        [data_set for source in loaded.sources.values() for data_set in source.data_sets]
    )


def test_a_real_database_is_told_of_and_drafted(folder, said, hub_data):
    """Northwind: declared data sets are compared, the other tables are drafted, and the drafts are sound."""
    shutil.copy(ROOT / "deployments/datasets/sources/northwind.yaml", folder / "sources")
    (folder / "hub.yaml").write_text(f"{HUB}variables: {{HUB_DATA: {hub_data}}}\n")
    kit.try_source(str(folder), "northwind", 100, lambda: "", said.append)
    text = "\n".join(said)
    assert "northwind.customers: 93 rows read, 0 could not be taken apart" in said
    assert "order_lines.OrderID seems to point to orders.OrderID: 100% of its values" in said
    assert "Employees: no data set reads it; drafted from 9 rows:" in said
    assert "CustomerDemographics: no data set reads it; it is empty" in said
    persons = personal_values(hub_data / "northwind/northwind.sqlite")
    assert len(persons) > 400
    assert [value for value in persons if value in text] == [], "no value of a person is told"
    drafted = "".join(line for line in said if line.startswith("  ") and "fetch: {table:" in line)
    head = (ROOT / "deployments/datasets/sources/northwind.yaml").read_text().partition("data_sets:")[0]
    (folder / "sources/northwind.yaml").write_text(f"{head}data_sets:\n{drafted}")
    sound = config.load(folder).sources["northwind"].data_sets
    assert sound["employee_territories"].keys.business == ("employee_id", "territory_id")
    assert sound["employees"].columns["birth_date"].personal == "birth_date"


def personal_values(path):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    wanted = {
        "Customers": "CustomerID, ContactName, Address, Phone, Fax",
        "Employees": "LastName, FirstName, BirthDate, Address, HomePhone",
        "Suppliers": "ContactName, Address, Phone",
    }
    rows = [row for table, names in wanted.items() for row in connection.execute(f"select {names} from {table}")]
    connection.close()
    return {value for row in rows for value in row if isinstance(value, str) and len(value) > 5}


def test_an_api_is_read_and_nothing_is_written(folder, said, monkeypatch):
    """There is no bucket and no table: whoever wrote would fail."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    rows = [
        {**manifests.contact(number), "shoe_size": 40 + number % 5, "mobile": "+919876543210"} for number in range(60)
    ]
    rows[3]["stage"] = "none of them"
    aws.reset()
    with mock_aws(), double.serving(double.Api(rows)) as api:
        boto3.client("ssm").put_parameter(Name="/hub/crm/token", Value="crm-token", Type="SecureString")
        text = yaml.safe_load(manifests.crm(api.url))
        del text["data_sets"]["contacts"]["columns"]["email"]["personal"]
        (folder / "sources/crm.yaml").write_text(yaml.safe_dump(text))
        kit.try_source(str(folder), "crm", 25, lambda: "", said.append)
    aws.reset()
    assert len(api.asked) == 3, "no more pages than are needed"
    assert "crm.contacts: 25 rows read, 0 could not be taken apart" in said
    assert "  not declared, drafted: shoe_size: {type: bigint}" in said
    assert "  not declared, drafted: mobile: {type: varchar, personal: phone, check: phone, on_failure: warn}" in said
    assert "  email: looks personal; add `personal: email`" in said
    assert "  1 of 25 rows would be refused by stage: one_of" in said
    assert "  the newest row is of 2024-05-01" in said
    assert not [line for line in said if "@example.com" in line or "Name 1" in line or "98765" in line]


def test_what_cannot_be_read_is_said_and_the_rest_goes_on(folder, said, tmp_path):
    connection = sqlite3.connect(tmp_path / "shop.sqlite")
    connection.executescript("create table orders (order_id integer, total text); insert into orders values (1, '5.0')")
    connection.close()
    (folder / "sources/shop.yaml").write_text(manifests.shop(f"sqlite:///{tmp_path}/shop.sqlite").replace(
        "fetch: {table: orders", "fetch: {table: gone"
    ))  # fmt: skip
    kit.try_source(str(folder), "shop", 10, lambda: "", said.append)
    assert said[0].startswith("shop.orders: cannot be read: the database has no such table")
    assert "orders: no data set reads it; drafted from 1 rows:" in said


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("OrderID", "order_id"), ("$.properties.firstName", "first_name"), ("E-mail", "e_mail"), ("2nd", "c_2nd")],
)
def test_names_of_drafted_columns(theirs, ours):
    assert drafts.column_name(theirs) == ours


def test_the_skeleton_of_an_own_connector_is_one(folder, said, monkeypatch):
    kit.new_source(str(folder), "app", "own", said.append)
    monkeypatch.setattr("hub.sources.own.secret", lambda source: "user:key")
    kit.try_source(str(folder), "app", 10, lambda: "", said.append)
    assert "app.customers: 0 rows read, 0 could not be taken apart" in said
