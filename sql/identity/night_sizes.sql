-- How many records had each touched key before, and how many have it now.
select
    keys.rule,
    keys.value,
    count(*) filter (where keys.record <= $top) as before,
    count(*) filter (where leaving.record is null) as after
from $keys as keys
inner join $touched as touched on touched.rule = keys.rule and touched.value = keys.value
left join $leaving as leaving on leaving.record = keys.record
group by keys.rule, keys.value
