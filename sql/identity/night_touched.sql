-- The keys of what came and of what went.
select rule, value from $keys as keys
union
select keys.rule, keys.value
from $before as keys
inner join $leaving as leaving on leaving.record = keys.record
