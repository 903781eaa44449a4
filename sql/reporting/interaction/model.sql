select
    record_key,
    source,
    customer_record_key,
    coalesce(kind, 'other') as kind,
    happened_at,
    channel,
    direction,
    outcome,
    amount,
    cast(null as varchar) as reference,
    changed_at,
    _as_of, _pull_seq, _batch, _row, _deleted
from conformed.interaction

union all

select
    record_key,
    source,
    customer_record_key,
    'order' as kind,
    ordered_at as happened_at,
    channel,
    'in' as direction,
    status as outcome,
    total_amount as amount,
    order_number as reference,
    changed_at,
    _as_of, _pull_seq, _batch, _row, _deleted
from conformed.sales_order
