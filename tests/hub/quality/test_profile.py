"""A source's profile against what is known: the true keys of three real databases, and statistics of made-up rows."""

import sqlite3

import pyarrow as pa
import pytest

from hub.quality import profile
from hub.sources.tables import column_of

SAKILA = {"film_actor": ("actor_id", "film_id"), "film_category": ("film_id", "category_id")}


def tables_of(path):
    """Each table that has rows, with its declared key."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    listed = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
    for (name,) in connection.execute(listed).fetchall():
        cursor = connection.execute(f'select * from "{name}" limit 20000')
        rows = cursor.fetchall()
        declared = connection.execute(f'pragma table_info("{name}")').fetchall()
        key = tuple(each[1] for each in sorted(declared, key=lambda each: each[5]) if each[5])
        if rows:
            columns = [column_of(values) for values in zip(*rows, strict=True)]
            yield name, pa.table(columns, names=[each[0] for each in cursor.description]), key
    connection.close()


@pytest.mark.parametrize(("database", "count"), [("northwind", 11), ("chinook", 11), ("sakila", 15)])
def test_the_proposed_keys_of_real_databases_are_the_true_ones(hub_data, database, count):
    tried, tables, profiles = 0, {}, {}
    for name, rows, declared in tables_of(hub_data / database / f"{database}.sqlite"):
        key = declared or SAKILA.get(name, (f"{name}_id",))  # sakila's file declares none; its schema does
        found = profile.columns(rows)
        assert profile.keys(rows, found, name).business == key, name
        tables[name], profiles[name] = rows, found
        tried += 1
    assert tried == count
    pointing = {(each.data_set, each.column, each.of) for each in profile.overlaps(tables, profiles)}
    assert KNOWN[database] <= pointing


KNOWN = {
    "northwind": {
        ("Orders", "CustomerID", "Customers"), ("Orders", "EmployeeID", "Employees"),
        ("Order Details", "OrderID", "Orders"), ("Order Details", "ProductID", "Products"),
        ("Products", "SupplierID", "Suppliers"), ("Products", "CategoryID", "Categories"),
    },
    "chinook": {("Invoice", "CustomerId", "Customer"), ("InvoiceLine", "TrackId", "Track"),
                ("Album", "ArtistId", "Artist")},
    "sakila": {
        ("rental", "customer_id", "customer"), ("payment", "rental_id", "rental"), ("inventory", "film_id", "film"),
        ("customer", "address_id", "address"), ("city", "country_id", "country"),
    },
}  # fmt: skip

PERSONAL = [
    ("northwind", "Customers", {"ContactName": "name", "Address": "address", "Phone": "phone", "Fax": "phone"}),
    ("northwind", "Employees", {"FirstName": "name", "LastName": "name", "BirthDate": "birth_date"}),
    ("chinook", "Customer", {"FirstName": "name", "Email": "email", "Phone": "phone", "Address": "address"}),
    ("sakila", "staff", {"first_name": "name", "email": "email", "username": "name", "password": "id"}),
]


@pytest.mark.parametrize(("database", "table", "classes"), PERSONAL, ids=[f"{row[0]}.{row[1]}" for row in PERSONAL])
def test_what_is_personal_is_known(hub_data, database, table, classes):
    rows = next(rows for name, rows, _ in tables_of(hub_data / database / f"{database}.sqlite") if name == table)
    found = {each.name: each for each in profile.columns(rows)}
    assert {name: found[name].personal for name in classes} == classes
    for name in classes:
        assert (found[name].shapes, found[name].least, found[name].most) == ((), None, None), "nothing of it is told"


CASES = [
    # values, type, format, why
    (["1", "2", None], "bigint", None, "numbers as text"),
    (["007", "012"], "varchar", None, "a number would lose its zeros"),
    (["+4912", "+4913"], "varchar", None, "and its plus"),
    (["1.50", "2"], "decimal(18,4)", None, "money"),
    (["1e-9", "2"], "double", None, "what no decimal of four places holds"),
    ([0, 1, 1], "bigint", None, "0 and 1 may be counts"),
    (["yes", "no"], "boolean", None, "words of truth"),
    (["2024-02-29"], "date", None, "a day"),
    (["2024-02-29T10:00:00Z"], "timestamp", None, "a moment"),
    (["25/12/2024", "01/02/2024"], "date", "%d/%m/%Y", "the day comes first in one of them"),
    (["12/25/2024", "01/02/2024"], "date", "%m/%d/%Y", "the month does"),
    (["/Date(1714550400000)/"], "timestamp", "odata", "OData of version 2"),
    (['{"a": 1}'], "json", None, "an object"),
    (["a", "2"], "varchar", None, "a text among numbers"),
    ([None, ""], "varchar", None, "nothing at all"),
]


@pytest.mark.parametrize(("values", "kind", "form", "why"), CASES, ids=[row[3] for row in CASES])
def test_types(values, kind, form, why):
    (found,) = profile.columns(pa.table({"x": column_of(values)}))
    assert (found.type, found.format) == (kind, form), why


def test_the_statistics_are_those_of_the_rows():
    rows = pa.table(
        {
            "code": ["AB-1", "CD-22", "EF-3", None],
            "amount": [1, 2, 2, 9],
            "card": [4111111111111111, 4111111111111112, None, None],
            "updated_at": ["2024-01-31T10:00:00Z", "2024-03-01T10:00:00Z", None, None],
            "note": ["Asha called", "Ravi called", "", None],
        }
    )
    code, amount, card, updated, note = found = profile.columns(rows)
    assert (code.rows, code.filled, code.distinct, code.shapes) == (4, 3, 3, (("AA-9", 2), ("AA-99", 1)))
    assert (amount.least, amount.most, amount.unique) == ("1", "9", False)
    assert (card.least, card.personal) == (None, "phone"), "a long number may be somebody's"
    assert (updated.least, updated.most) == ("2024-01", "2024-03"), "a month, not a moment"
    assert (note.filled, note.shapes[0]) == (2, ("Aaaa aaa~", 2)), "no word of it"
    assert profile.keys(rows, found, "notes").change == "updated_at"
    assert profile.newest(rows, found, "updated_at").isoformat() == "2024-03-01T10:00:00"


def test_a_declared_class_wins_over_a_harmless_look():
    (found,) = profile.columns(pa.table({"x": ["a", "b"]}), {"x": "name"})
    assert (found.personal, found.shapes) == ("name", ())
