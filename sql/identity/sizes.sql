-- How many keys so many records share, by rule.
select rule, records, count(*) as keys
from $buckets
group by rule, records
order by rule, records
