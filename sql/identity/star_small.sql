-- Each neighbour that is smaller than me, and I, hang on to the smallest of us.
select distinct stars.u, stars.v
from (
    select case when v = m then u else v end as u, m as v
    from (
        select u, v, min(v) over (partition by u) as m
        from $large
    ) as smallest
) as stars
where stars.u <> stars.v
