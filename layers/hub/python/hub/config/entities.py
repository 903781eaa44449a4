"""The entities that every source is mapped to: the hub's own words for what organisations hold."""

from collections.abc import Mapping
from types import MappingProxyType

Columns = Mapping[str, str]

CUSTOMER: Columns = {
    "source_key": "varchar",
    "full_name": "varchar",
    "given_name": "varchar",
    "family_name": "varchar",
    "email": "varchar",
    "email_standard": "varchar",
    "phone": "varchar",
    "phone_standard": "varchar",
    "birth_date": "date",
    "gender": "varchar",
    "address": "varchar",
    "city": "varchar",
    "region": "varchar",
    "postcode": "varchar",
    "country": "varchar",
    "company": "varchar",
    "language": "varchar",
    "lead_source": "varchar",
    "marketing_consent": "boolean",
    "created_at": "timestamp",
    "changed_at": "timestamp",
}

PRODUCT: Columns = {
    "source_key": "varchar",
    "name": "varchar",
    "category": "varchar",
    "unit_price": "decimal(18,4)",
    "currency": "varchar",
    "active": "boolean",
    "changed_at": "timestamp",
}

SALES_ORDER: Columns = {
    "source_key": "varchar",
    "customer_source_key": "varchar",
    "order_number": "varchar",
    "ordered_at": "timestamp",
    "status": "varchar",
    "channel": "varchar",
    "currency": "varchar",
    "total_amount": "decimal(18,4)",
    "changed_at": "timestamp",
}

ORDER_LINE: Columns = {
    "source_key": "varchar",
    "order_source_key": "varchar",
    "product_source_key": "varchar",
    "line_number": "integer",
    "quantity": "decimal(18,4)",
    "unit_price": "decimal(18,4)",
    "discount": "decimal(18,4)",
    "line_amount": "decimal(18,4)",
    "changed_at": "timestamp",
}

INTERACTION: Columns = {
    "source_key": "varchar",
    "customer_source_key": "varchar",
    "kind": "varchar",
    "happened_at": "timestamp",
    "channel": "varchar",
    "direction": "varchar",
    "subject": "varchar",
    "outcome": "varchar",
    "amount": "decimal(18,4)",
    "changed_at": "timestamp",
}

ENTITIES: Mapping[str, Columns] = MappingProxyType(
    {
        "customer": CUSTOMER,
        "product": PRODUCT,
        "sales_order": SALES_ORDER,
        "order_line": ORDER_LINE,
        "interaction": INTERACTION,
    }
)

# Which entity a reference points to: `order_source_key` of a line names a sales_order of the same source.
REFERENCES: Mapping[str, str] = MappingProxyType(
    {
        "customer_source_key": "customer",
        "order_source_key": "sales_order",
        "product_source_key": "product",
    }
)

# What every conformed row carries besides its entity's columns.
ROW_COLUMNS: Columns = {
    "source": "varchar",
    "data_set": "varchar",
    "record_key": "varchar",
    "trust": "integer",
    "_as_of": "timestamp",
    "_pull_seq": "bigint",
    "_batch": "integer",
    "_row": "integer",
    "_deleted": "boolean",
}


def reference_column(column: str) -> str:
    """The staging column of a mapped reference's token: `customer_source_key` -> `_ref_customer_source_key`."""
    return f"_ref_{column}"


def conformed_reference(column: str) -> str:
    """What a reference is called in conformed: `customer_source_key` -> `customer_record_key`."""
    return column.removesuffix("_source_key") + "_record_key"
