"""The entities that every source is mapped to: the hub's own words for what organisations hold."""

from collections.abc import Mapping
from types import MappingProxyType

Columns = Mapping[str, str]

# How a record came to be, for every entity: what first brought the customer or lead, what closed the sale, and which
# desk, shop, campaign or code collected it. Reporting holds them, so none of them is a person's name or address.
SOURCING: Columns = {"lead_source": "varchar", "sale_source": "varchar", "collected_by": "varchar"}

# Of a customer beside it: the campaign and the page that brought him.
LEAD: Columns = {"lead_campaign": "varchar", "lead_referrer": "varchar"}

CUSTOMER: Columns = {
    "source_key": "varchar",
    "title": "varchar",
    "full_name": "varchar",
    "given_name": "varchar",
    "family_name": "varchar",
    "email": "varchar",
    "email_standard": "varchar",
    "phone": "varchar",
    "phone_standard": "varchar",
    "phone_kind": "varchar",
    "whatsapp": "varchar",
    "fax": "varchar",
    "website": "varchar",
    "social": "varchar",
    "birth_date": "date",
    "gender": "varchar",
    "address": "varchar",
    "city": "varchar",
    "region": "varchar",
    "postcode": "varchar",
    "country": "varchar",
    "company": "varchar",
    "job_title": "varchar",
    "department": "varchar",
    "language": "varchar",
    "marital_status": "varchar",
    "family_size": "integer",
    "income_band": "varchar",
    "preferred_channel": "varchar",
    "special_needs": "varchar",
    "stage": "varchar",
    "billing_cycle": "varchar",
    "marketing_consent": "boolean",
    "attributes": "varchar",
    "created_at": "timestamp",
    "changed_at": "timestamp",
}

PRODUCT: Columns = {
    "source_key": "varchar",
    "name": "varchar",
    "category": "varchar",
    "unit_price": "decimal(18,4)",
    "unit_cost": "decimal(18,4)",
    "currency": "varchar",
    "active": "boolean",
    "changed_at": "timestamp",
}

SALES_ORDER: Columns = {
    "source_key": "varchar",
    "customer_source_key": "varchar",
    "employee_source_key": "varchar",
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
    "topic": "varchar",
    "polarity": "varchar",
    "amount": "decimal(18,4)",
    "changed_at": "timestamp",
}

SUPPLIER: Columns = {
    "source_key": "varchar",
    "name": "varchar",
    "category": "varchar",
    "contact_name": "varchar",
    "email": "varchar",
    "phone": "varchar",
    "address": "varchar",
    "tax_number": "varchar",
    "city": "varchar",
    "region": "varchar",
    "country": "varchar",
    "currency": "varchar",
    "active": "boolean",
    "created_at": "timestamp",
    "changed_at": "timestamp",
}

EMPLOYEE: Columns = {
    "source_key": "varchar",
    "full_name": "varchar",
    "given_name": "varchar",
    "family_name": "varchar",
    "email": "varchar",
    "phone": "varchar",
    "manager_source_key": "varchar",
    "department": "varchar",
    "job_title": "varchar",
    "region": "varchar",
    "country": "varchar",
    "hired_on": "date",
    "left_on": "date",
    "active": "boolean",
    "changed_at": "timestamp",
}

INVOICE: Columns = {
    "source_key": "varchar",
    "kind": "varchar",
    "customer_source_key": "varchar",
    "supplier_source_key": "varchar",
    "order_source_key": "varchar",
    "invoice_number": "varchar",
    "invoiced_at": "timestamp",
    "due_on": "date",
    "status": "varchar",
    "currency": "varchar",
    "tax_amount": "decimal(18,4)",
    "total_amount": "decimal(18,4)",
    "open_amount": "decimal(18,4)",
    "changed_at": "timestamp",
}

PAYMENT: Columns = {
    "source_key": "varchar",
    "direction": "varchar",
    "customer_source_key": "varchar",
    "supplier_source_key": "varchar",
    "invoice_source_key": "varchar",
    "order_source_key": "varchar",
    "payment_number": "varchar",
    "paid_at": "timestamp",
    "method": "varchar",
    "status": "varchar",
    "currency": "varchar",
    "amount": "decimal(18,4)",
    "changed_at": "timestamp",
}

TICKET: Columns = {
    "source_key": "varchar",
    "customer_source_key": "varchar",
    "employee_source_key": "varchar",
    "order_source_key": "varchar",
    "ticket_number": "varchar",
    "kind": "varchar",
    "subject": "varchar",
    "channel": "varchar",
    "priority": "varchar",
    "status": "varchar",
    "opened_at": "timestamp",
    "due_at": "timestamp",
    "solved_at": "timestamp",
    "changed_at": "timestamp",
}

ENTITIES: Mapping[str, Columns] = MappingProxyType(
    {
        name: {**columns, **SOURCING}
        for name, columns in {
            "customer": {**CUSTOMER, **LEAD},
            "product": PRODUCT,
            "sales_order": SALES_ORDER,
            "order_line": ORDER_LINE,
            "interaction": INTERACTION,
            "supplier": SUPPLIER,
            "employee": EMPLOYEE,
            "invoice": INVOICE,
            "payment": PAYMENT,
            "ticket": TICKET,
        }.items()
    }
)

# Columns that the vault alone holds. All else of an entity is in reporting, where no person is: a column that the
# manifest calls personal is not mapped there.
VAULT_ONLY: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "customer": frozenset(CUSTOMER),
        "supplier": frozenset({"contact_name", "email", "phone", "address", "tax_number"}),
        "employee": frozenset({"full_name", "given_name", "family_name", "email", "phone"}),
        "interaction": frozenset({"subject"}),
        "ticket": frozenset({"subject"}),
    }
)

# Which entity a reference points to: `order_source_key` of a line names a sales_order of the same source.
REFERENCES: Mapping[str, str] = MappingProxyType(
    {
        "customer_source_key": "customer",
        "order_source_key": "sales_order",
        "product_source_key": "product",
        "supplier_source_key": "supplier",
        "employee_source_key": "employee",
        "manager_source_key": "employee",
        "invoice_source_key": "invoice",
    }
)

# Entities of which a data set may keep every version. An interaction is an event: its moment is its history.
HISTORIC = frozenset(ENTITIES) - {"interaction"}

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
