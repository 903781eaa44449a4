-- Which customer a record belongs to: what the matching says, under an id that outlives merges, splits and its founding
-- record. Of the ids of a person the oldest stays. Of a person that falls apart the part with the founding record keeps the
-- id, or, where that record is gone, the larger part. A founding record that goes and comes back has the age of its id.
with

grouped as (
    select
        records.record_key,
        coalesce(founding.founded_at, records.first_seen_at) as first_seen_at,
        coalesce(clusters.held, false) as held,
        earlier.customer_id as previous_customer_id,
        case
            when clusters.held then coalesce(concat('held ', earlier.founding_record_key), records.record_key)
            else coalesce(clusters.cluster_key, records.record_key)
        end as label
    from vault.source_customer as records
    left join identity.cluster as clusters on clusters.record_key = records.record_key
    left join vault.customer_match as earlier on earlier.record_key = records.record_key
    left join (
        select founding_record_key, min(founded_at) as founded_at
        from vault.customer_match
        group by founding_record_key
    ) as founding on founding.founding_record_key = records.record_key
),

-- Ids whose founding record is gone or hidden now, with the persons that their records are of.
left_behind as (
    select
        earlier.founding_record_key,
        grouped.label,
        min(earlier.founded_at) as founded_at,
        count(*) as records,
        min(grouped.first_seen_at) as first_seen_at,
        min(grouped.record_key) as record_key
    from vault.customer_match as earlier
    inner join grouped on grouped.record_key = earlier.record_key
    left join grouped as alive on alive.record_key = earlier.founding_record_key
    where alive.record_key is null
    group by earlier.founding_record_key, grouped.label
),

inherited as (
    select
        label,
        founding_record_key,
        founded_at,
        row_number() over (partition by founding_record_key order by records desc, first_seen_at, record_key) as place
    from left_behind
),

candidates as (
    select label, record_key as founding_record_key, first_seen_at as founded_at
    from grouped

    union all

    select label, founding_record_key, founded_at
    from inherited
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
    founders.founded_at,
    grouped.held,
    grouped.previous_customer_id
from grouped
inner join founders on founders.label = grouped.label and founders.place = 1
