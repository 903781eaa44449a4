select
    product.record_key,
    product.source,
    product.name,
    product.category,
    product.unit_price,
    product.unit_cost,
    coalesce(product.currency, run.currency) as currency,
    product.active,
    product.lead_source,
    product.sale_source,
    product.collected_by,
    product.changed_at,
    product._as_of, product._pull_seq, product._batch, product._row, product._deleted
from conformed.product as product
cross join control.run as run
