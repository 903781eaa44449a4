-- Likely pairs that shared a key which has become too common.
with

members as (
    select keys.record, keys.rule, keys.value
    from $keys as keys
    inner join $sizes as buckets on buckets.rule = keys.rule and buckets.value = keys.value
    where keys.record <= $top and buckets.before <= $cap and buckets.after > $cap
)

select distinct kept.l, kept.r
from $kept as kept
inner join members as a on a.record = kept.l
inner join members as b on b.record = kept.r and b.rule = a.rule and b.value = a.value
