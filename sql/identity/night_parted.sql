-- Those that share none that is under its cap.
with

buckets as (
    select keys.rule, keys.value, count(*) as records
    from $keys as keys
    inner join (select distinct rule, value from $common) as common on common.rule = keys.rule and common.value = keys.value
    group by keys.rule, keys.value
)

select suspects.l, suspects.r
from $suspects as suspects
left join (
    select distinct common.l, common.r
    from $common as common
    inner join buckets on buckets.rule = common.rule and buckets.value = common.value
    where buckets.records <= $cap
) as still on still.l = suspects.l and still.r = suspects.r
where still.l is null
