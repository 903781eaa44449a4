-- Likely pairs that shared a key which has become too common.
with

members as (
    select reached.record, reached.rule, reached.value
    from $reached as reached
    inner join $sizes as buckets on buckets.rule = reached.rule and buckets.value = reached.value
    left join $leaving as leaving on leaving.record = reached.record
    where
        leaving.record is null
        and reached.record <= $top
        and buckets.before <= $cap
        and buckets.after > $cap
)

select distinct kept.l, kept.r
from $kept as kept
inner join members as a on a.record = kept.l
inner join members as b on b.record = kept.r and b.rule = a.rule and b.value = a.value
