-- The pairs of changed records, and all of keys that are under their cap again.
with

open_keys as (
    select buckets.rule, buckets.value, case when buckets.before > $cap then 1 else 0 end as again
    from $sizes as buckets
    where buckets.after > 1 and buckets.after <= $cap
),

shared as (
    select keys.record, keys.rule, keys.value, open_keys.again
    from $keys as keys
    inner join open_keys on open_keys.rule = keys.rule and open_keys.value = keys.value
)

select a.record as l, b.record as r, cast(sum(a.rule) as bigint) as rules
from shared as a
inner join shared as b on b.rule = a.rule and b.value = a.value and a.record < b.record
where b.record > $top or a.again = 1
group by a.record, b.record
