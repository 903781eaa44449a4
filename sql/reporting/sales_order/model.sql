select
    sales_order.record_key,
    sales_order.source,
    sales_order.customer_record_key,
    sales_order.employee_record_key,
    sales_order.order_number,
    sales_order.ordered_at,
    sales_order.status,
    sales_order.channel,
    coalesce(sales_order.currency, run.currency) as currency,
    sales_order.total_amount,
    sales_order.lead_source,
    sales_order.sale_source,
    sales_order.collected_by,
    sales_order.changed_at,
    sales_order._as_of, sales_order._pull_seq, sales_order._batch, sales_order._row, sales_order._deleted
from conformed.sales_order as sales_order
cross join control.run as run
