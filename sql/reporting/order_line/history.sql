-- A line's moment is its order's: reporting.sales_order_history has that.
select
    record_key,
    source,
    order_record_key,
    product_record_key,
    line_number,
    quantity,
    unit_price,
    discount,
    line_amount,
    lead_source,
    sale_source,
    collected_by,
    changed_at,
    pulled_at as known_at,
    _repeats, _as_of, _pull_seq, _batch, _row, _deleted
from conformed.order_line_history
