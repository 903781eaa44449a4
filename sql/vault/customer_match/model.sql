-- Two records are the same customer when they share an e-mail, a name and birth date, or a name and telephone number.
-- Each round carries the smallest record key of a group one shared value further; a chain of shared values longer than
-- the rounds stays in parts. The id of a customer outlives its founding record: see `left_behind`.
with

records as (
    select record_key, email_standard, phone_standard, name_standard, birth_date, first_seen_at
    from vault.source_customer
),

shared as (
    select record_key, record_key as label, concat('record ', record_key) as shared_value
    from records

    union all

    select record_key, record_key as label, concat('email ', email_standard) as shared_value
    from records
    where email_standard is not null

    union all

    select record_key, record_key as label, concat('born ', date_format(cast(birth_date as timestamp), '%Y-%m-%d'), ' ', name_standard) as shared_value
    from records
    where birth_date is not null and name_standard is not null

    union all

    select record_key, record_key as label, concat('phone ', phone_standard, ' ', name_standard) as shared_value
    from records
    where phone_standard is not null and name_standard is not null
),

by_value_1 as (
    select record_key, shared_value, min(label) over (partition by shared_value) as label
    from shared
),

by_record_1 as (
    select record_key, shared_value, min(label) over (partition by record_key) as label
    from by_value_1
),

by_value_2 as (
    select record_key, shared_value, min(label) over (partition by shared_value) as label
    from by_record_1
),

by_record_2 as (
    select record_key, shared_value, min(label) over (partition by record_key) as label
    from by_value_2
),

by_value_3 as (
    select record_key, shared_value, min(label) over (partition by shared_value) as label
    from by_record_2
),

by_record_3 as (
    select record_key, shared_value, min(label) over (partition by record_key) as label
    from by_value_3
),

by_value_4 as (
    select record_key, shared_value, min(label) over (partition by shared_value) as label
    from by_record_3
),

by_record_4 as (
    select record_key, shared_value, min(label) over (partition by record_key) as label
    from by_value_4
),

by_value_5 as (
    select record_key, shared_value, min(label) over (partition by shared_value) as label
    from by_record_4
),

by_record_5 as (
    select record_key, shared_value, min(label) over (partition by record_key) as label
    from by_value_5
),

by_value_6 as (
    select record_key, shared_value, min(label) over (partition by shared_value) as label
    from by_record_5
),

by_record_6 as (
    select record_key, shared_value, min(label) over (partition by record_key) as label
    from by_value_6
),

grouped as (
    select records.record_key, records.first_seen_at, labels.label
    from records
    inner join (select record_key, min(label) as label from by_record_6 group by record_key) as labels
        on labels.record_key = records.record_key
),

-- Founding records that are gone or hidden now: their id goes to the oldest record that had it.
left_behind as (
    select
        earlier.founding_record_key,
        earlier.founded_at,
        grouped.label,
        row_number() over (
            partition by earlier.founding_record_key
            order by grouped.first_seen_at, grouped.record_key
        ) as place
    from vault.customer_match as earlier
    inner join grouped on grouped.record_key = earlier.record_key
    left join grouped as alive on alive.record_key = earlier.founding_record_key
    where alive.record_key is null
),

candidates as (
    select label, record_key as founding_record_key, first_seen_at as founded_at
    from grouped

    union all

    select label, founding_record_key, founded_at
    from left_behind
    where place = 1
),

founders as (
    select
        label,
        founding_record_key,
        founded_at,
        row_number() over (partition by label order by founded_at, founding_record_key) as place
    from candidates
)

select
    grouped.record_key,
    concat('c', translate(lower(substr(to_hex(sha256(to_utf8(founders.founding_record_key))), 1, 20)), '0189', 'ghij')) as customer_id,
    founders.founding_record_key,
    founders.founded_at
from grouped
inner join founders on founders.label = grouped.label and founders.place = 1
