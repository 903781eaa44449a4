-- Each neighbour that is larger than me hangs on to the smallest of us.
select distinct stars.v as u, stars.m as v
from (
    select u, v, least(u, min(v) over (partition by u)) as m
    from (
        select u, v from $stars
        union all
        select v, u from $stars
    ) as both_ways
) as stars
where stars.v > stars.u and stars.v <> stars.m
