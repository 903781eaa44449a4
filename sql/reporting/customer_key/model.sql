select
    records.record_key,
    matches.customer_id,
    records.source,
    records.changed_at
from vault.source_customer as records
inner join vault.customer_match as matches on matches.record_key = records.record_key
