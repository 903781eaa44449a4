select
    supplier.record_key,
    supplier.source,
    supplier.name,
    supplier.category,
    supplier.region,
    coalesce(supplier.country, run.country) as country,
    coalesce(supplier.currency, run.currency) as currency,
    supplier.active,
    supplier.email is not null as reachable_email,
    supplier.phone is not null as reachable_phone,
    supplier.lead_source,
    supplier.sale_source,
    supplier.collected_by,
    supplier.changed_at,
    supplier._as_of, supplier._pull_seq, supplier._batch, supplier._row, supplier._deleted
from conformed.supplier as supplier
cross join control.run as run
