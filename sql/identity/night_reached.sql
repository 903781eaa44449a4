-- Who has a touched key, as it was and as it is.
select keys.record, touched.rule, touched.bucket
from $keys as keys
inner join $touched as touched on touched.rule = keys.rule and touched.value = keys.value
left join $retired as retired on retired.record = keys.record
where retired.record is null
