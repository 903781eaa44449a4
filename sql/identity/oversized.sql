-- Components too large to look at all their pairs.
select label, count(*) as records
from $labels
group by label
having count(*) > $most
