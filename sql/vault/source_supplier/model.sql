select
    record_key,
    source,
    data_set,
    name,
    contact_name,
    email,
    phone,
    address,
    tax_number,
    city,
    region,
    country,
    created_at,
    changed_at,
    _as_of, _pull_seq, _batch, _row, _deleted
from conformed.supplier
