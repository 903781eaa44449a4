select
    payment.record_key,
    payment.source,
    coalesce(payment.direction, case when payment.supplier_record_key is not null then 'out' else 'in' end) as direction,
    payment.customer_record_key,
    payment.supplier_record_key,
    payment.invoice_record_key,
    payment.order_record_key,
    payment.payment_number,
    payment.paid_at,
    payment.method,
    payment.status,
    coalesce(payment.currency, run.currency) as currency,
    payment.amount,
    payment.lead_source,
    payment.sale_source,
    payment.collected_by,
    payment.changed_at,
    payment._as_of, payment._pull_seq, payment._batch, payment._row, payment._deleted
from conformed.payment as payment
cross join control.run as run
