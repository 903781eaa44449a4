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
    nullif(regexp_replace(lower(topic), '^[ \t\n\r]+|[ \t\n\r]+\z', ''), '') as topic,
    case
        when polarity is null then null
        when lower(polarity) in ('likes', 'like', 'liked', 'love', 'loves', 'positive', 'pro', 'agree', 'agrees', 'yes', 'true', '1', '+1', '+')
            then 'likes'
        when lower(polarity) in ('dislikes', 'dislike', 'disliked', 'hate', 'hates', 'negative', 'against', 'disagree', 'disagrees', 'no', 'false', '-1', '-')
            then 'dislikes'
        else 'neutral'
    end as polarity,
    lead_source,
    sale_source,
    collected_by,
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
    cast(null as varchar) as topic,
    cast(null as varchar) as polarity,
    lead_source,
    sale_source,
    collected_by,
    changed_at,
    _as_of, _pull_seq, _batch, _row, _deleted
from conformed.sales_order

union all

select
    record_key,
    source,
    customer_record_key,
    'ticket' as kind,
    opened_at as happened_at,
    channel,
    'in' as direction,
    status as outcome,
    cast(null as decimal(18,4)) as amount,
    ticket_number as reference,
    cast(null as varchar) as topic,
    cast(null as varchar) as polarity,
    lead_source,
    sale_source,
    collected_by,
    changed_at,
    _as_of, _pull_seq, _batch, _row, _deleted
from conformed.ticket

union all

select
    record_key,
    source,
    customer_record_key,
    'payment' as kind,
    paid_at as happened_at,
    method as channel,
    coalesce(direction, case when supplier_record_key is not null then 'out' else 'in' end) as direction,
    status as outcome,
    amount,
    payment_number as reference,
    cast(null as varchar) as topic,
    cast(null as varchar) as polarity,
    lead_source,
    sale_source,
    collected_by,
    changed_at,
    _as_of, _pull_seq, _batch, _row, _deleted
from conformed.payment
