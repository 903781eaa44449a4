"""What one would write by hand: httpx, a pydantic model per record, Parquet by pyarrow. Arguments: port, folder."""

import sys
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, Field


class Order(BaseModel):
    id: int
    order_no: Annotated[str, Field(pattern=r"^SO-[0-9]{8}$")]
    customer_id: int
    sku: Annotated[str, Field(min_length=1, max_length=20)]
    quantity: Annotated[int, Field(ge=1, le=10_000)]
    unit_price: Annotated[Decimal, Field(ge=0, le=1_000_000)]
    currency: Literal["INR", "USD", "EUR"]
    discount: Annotated[float, Field(ge=0, le=1)]
    status: Literal["open", "paid", "shipped", "closed"]
    channel: Literal["web", "shop", "phone"]
    ordered_at: datetime
    updated_at: datetime


def main(port: str, folder: str) -> None:
    number, seen = 1, set()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        while items := client.get("/orders", params={"page": number}).json()["items"]:
            rows = [Order.model_validate(item) for item in items]
            fresh = [row.model_dump() for row in rows if row.id not in seen]
            seen.update(row.id for row in rows)
            pq.write_table(pa.Table.from_pylist(fresh), f"{folder}/{number}.parquet")
            number += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
