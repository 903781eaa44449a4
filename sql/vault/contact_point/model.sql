with

addresses as (
    select
        record_key,
        'email' as channel,
        email_standard as address,
        coalesce(email, email_standard) as address_as_given,
        changed_at,
        _as_of, _pull_seq, _batch, _row
    from conformed.customer
    where email_standard is not null and not _deleted

    union all

    select
        record_key,
        'phone' as channel,
        phone_standard as address,
        coalesce(phone, phone_standard) as address_as_given,
        changed_at,
        _as_of, _pull_seq, _batch, _row
    from conformed.customer
    where phone_standard is not null and not _deleted
)

select
    record_key,
    channel,
    address,
    address_as_given,
    changed_at,
    _as_of, _pull_seq, _batch, _row
from addresses
