-- A line takes its time from its order, whichever of the two comes first.
with

new_lines as (
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
        _as_of, _pull_seq, _batch, _row, _deleted
    from conformed.order_line
),

changed_orders as (
    select distinct record_key
    from conformed.sales_order
),

lines_of_changed_orders as (
    select
        lines.record_key,
        lines.source,
        lines.order_record_key,
        lines.product_record_key,
        lines.line_number,
        lines.quantity,
        lines.unit_price,
        lines.discount,
        lines.line_amount,
        lines.lead_source,
        lines.sale_source,
        lines.collected_by,
        lines.changed_at,
        lines._as_of, lines._pull_seq, lines._batch, lines._row,
        false as _deleted
    from reporting.order_line as lines
    inner join changed_orders on changed_orders.record_key = lines.order_record_key
    left join new_lines
        on new_lines.record_key = lines.record_key
        and new_lines._pull_seq = lines._pull_seq
        and new_lines._batch = lines._batch
        and new_lines._row = lines._row
    where new_lines.record_key is null
),

lines as (
    select
        record_key, source, order_record_key, product_record_key, line_number, quantity, unit_price, discount,
        line_amount, lead_source, sale_source, collected_by, changed_at, _as_of, _pull_seq, _batch, _row, _deleted
    from new_lines

    union all

    select
        record_key, source, order_record_key, product_record_key, line_number, quantity, unit_price, discount,
        line_amount, lead_source, sale_source, collected_by, changed_at, _as_of, _pull_seq, _batch, _row, _deleted
    from lines_of_changed_orders
)

select
    lines.record_key,
    lines.source,
    lines.order_record_key,
    lines.product_record_key,
    lines.line_number,
    lines.quantity,
    lines.unit_price,
    lines.discount,
    lines.line_amount,
    orders.ordered_at,
    lines.lead_source,
    lines.sale_source,
    lines.collected_by,
    lines.changed_at,
    lines._as_of, lines._pull_seq, lines._batch, lines._row, lines._deleted
from lines
left join reporting.sales_order as orders on orders.record_key = lines.order_record_key
