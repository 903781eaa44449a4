-- Records that stayed under a key that has become too common.
select reached.record, reached.rule, reached.bucket
from $reached as reached
inner join $sizes as buckets on buckets.bucket = reached.bucket
left join $leaving as leaving on leaving.record = reached.record
where
    leaving.record is null
    and reached.record <= $top
    and buckets.before <= $cap
    and buckets.after > $cap
