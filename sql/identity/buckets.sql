-- Keys that more than one record has.
select rule, value, count(*) as records
from $keys
group by rule, value
having count(*) > 1
