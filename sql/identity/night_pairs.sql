-- The pairs of changed records, and all of keys that are under their cap again.
with

open_keys as (
    select buckets.bucket, case when buckets.before > $cap then 1 else 0 end as again
    from $sizes as buckets
    where buckets.after > 1 and buckets.after <= $cap
),

shared as (
    select reached.record, reached.rule, reached.bucket, open_keys.again
    from $reached as reached
    inner join open_keys on open_keys.bucket = reached.bucket
    left join $leaving as leaving on leaving.record = reached.record
    where leaving.record is null
)

select a.record as l, b.record as r, cast(sum(a.rule) as bigint) as rules
from shared as a
inner join shared as b on b.bucket = a.bucket and a.record < b.record
where b.record > $top or a.again = 1
group by a.record, b.record
