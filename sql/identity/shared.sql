-- Keys that say something: two records share them, and not too many.
select keys.record, keys.rule, keys.value
from $keys as keys
inner join $buckets as buckets on buckets.rule = keys.rule and buckets.value = keys.value
where buckets.records <= $cap
