select
    record_key,
    source,
    data_set,
    source_key,
    coalesce(full_name, nullif(regexp_replace(concat(coalesce(given_name, ''), ' ', coalesce(family_name, '')), '^ | \z', ''), '')) as full_name,
    given_name,
    family_name,
    email,
    phone,
    changed_at,
    _as_of, _pull_seq, _batch, _row, _deleted
from conformed.employee
