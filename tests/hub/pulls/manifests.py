"""Manifests for tests of the pulls."""

CRM = """
name: crm
description: A CRM.
owner: tests@example.org
trust: 80
connector: rest
connection:
  base_url: %s
  authentication: {kind: bearer, secret: /hub/crm/token}
data_sets:
  contacts:
    description: People.
    fetch:
      path: /contacts
      records: $.items
      paging: {kind: %s, size: 10}
      changed_since: {parameter: updated_since, column: updated_at, overlap: 1 hour}
      total: $.total
    frequency: {class: on-demand}
    keys: {business: [contact_id], change: updated_at}
    on_drift: %s
    filters:
      - {rule: tests, where: {stage: {one_of: [test]}}}
    columns:
      contact_id: {type: varchar, required: true}
      full_name:  {type: varchar, required: true, personal: name}
      email:      {type: varchar, personal: email, check: email, on_failure: warn}
      age:        {type: integer, check: {between: [0, 130]}}
      stage:      {type: varchar, check: {one_of: [lead, customer, test]}}
      updated_at: {type: timestamp, required: true}
    entity:
      customer: {source_key: contact_id, full_name: full_name, email: email, changed_at: updated_at}
"""
CURSOR = "cursor, parameter: cursor, next: $.next_cursor"
PAGE = "page, parameter: page"


def crm(url: str, paging: str = CURSOR, on_drift: str = "keep") -> str:
    return CRM % (url, paging, on_drift)


def contact(number: int, **changes: object) -> dict[str, object]:
    return {
        "contact_id": f"C{number:04d}",
        "full_name": f"Name {number}",
        "email": f"n{number}@example.com",
        "age": 20 + number % 50,
        "stage": "lead",
        "updated_at": f"2024-05-01T00:{number // 60 % 60:02d}:{number % 60:02d}Z",
        **changes,
    }


SQL_SHOP = """
name: shop
description: A shop.
owner: tests@example.org
trust: 70
connector: sql
connection: {url: "%s"}
data_sets:
"""

SHOP = (
    SQL_SHOP
    + """\
  orders:
    description: Orders.
    fetch: {table: orders, rows: 4%s}
    frequency: {class: on-demand}
    keys: {business: [order_id]}
    columns:
      order_id:    {type: bigint, required: true}
      customer_id: {type: bigint, required: true}
      total:       {type: "decimal(18,4)", check: {between: [0, null]}}
      updated_at:  {type: timestamp, required: true}
    entity:
      sales_order: {source_key: order_id, customer_source_key: customer_id, total_amount: total}
"""
)


def shop(url: str, more: str = "") -> str:
    return SHOP % (url, more)


CALLS = """
name: calls
description: Calls.
owner: tests@example.org
trust: 30
connector: files
data_sets:
  calls:
    description: Calls.
    fetch: {pattern: "*.csv", format: csv}
    frequency: {class: on-demand}
    %s
    columns:
      call_id: {type: varchar, required: true}
      minutes: {type: integer}
"""


def calls(keyed: bool = True) -> str:
    return CALLS % ("keys: {business: [call_id]}" if keyed else "keys: {}")
