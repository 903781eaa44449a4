-- How many records had each touched key before, and how many have it now.
select
    reached.rule,
    reached.bucket,
    count(*) filter (where reached.record <= $top) as before,
    count(*) filter (where leaving.record is null) as after
from $reached as reached
left join $leaving as leaving on leaving.record = reached.record
group by reached.rule, reached.bucket
