select
    invoice.record_key,
    invoice.source,
    coalesce(invoice.kind, case when invoice.supplier_record_key is not null then 'purchase' else 'sale' end) as kind,
    invoice.customer_record_key,
    invoice.supplier_record_key,
    invoice.order_record_key,
    invoice.invoice_number,
    invoice.invoiced_at,
    invoice.due_on,
    invoice.status,
    coalesce(invoice.currency, run.currency) as currency,
    invoice.tax_amount,
    invoice.total_amount,
    invoice.open_amount,
    invoice.lead_source,
    invoice.sale_source,
    invoice.collected_by,
    invoice.changed_at,
    invoice._as_of, invoice._pull_seq, invoice._batch, invoice._row, invoice._deleted
from conformed.invoice as invoice
cross join control.run as run
