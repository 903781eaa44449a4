from types import SimpleNamespace

import pytest

from hub.guard import projections

TABLES = {
    "reporting.customer": ["customer_id", "area", "customer_since", "reachable_email"],
    "reporting.product": ["record_key", "name", "unit_price", "weight"],
    "reporting.sales_order": ["record_key", "customer_record_key", "ordered_at", "total_amount"],
    "reporting.new": ["a"],
    "vault.customer": ["customer_id", "email"],
}
SNAPSHOTS = {
    "reporting.customer": "101",
    "reporting.product": "102",
    "reporting.sales_order": "103",
    "vault.customer": "9",
}
PRODUCT = {"record_key": "varchar", "name": "varchar", "unit_price": "decimal(18,4)"}


@pytest.fixture(scope="session")
def released():
    """Three released tables; `reporting.new` is not released yet, nor is a product's weight; `vault` is not theirs."""
    models = {name: SimpleNamespace(shown=dict.fromkeys(columns)) for name, columns in TABLES.items()}
    columns = {"reporting.product": PRODUCT}
    release = SimpleNamespace(tables=SNAPSHOTS, names={"reporting.product": "product_2"}, columns=columns)
    return projections(models, release, "test")
