-- Third records vote on an edge: for it where both ends are one person with them, against it where one end is and the
-- other is surely not. An edge that is outvoted goes.
with

here as (
    select inside.l, inside.r, inside.person, a.label
    from $inside as inside
    inner join $labels as a on a.record = inside.l
    inner join $labels as b on b.record = inside.r and b.label = a.label
),

both_ways as (
    select l, r, person from here
    union all
    select r, l, person from here
),

votes as (
    select
        here.l,
        here.r,
        sum(case when x.person >= $threshold and y.person >= $threshold then 1 else 0 end) as pro,
        sum(case when x.person >= $threshold and y.person < $unlikely or x.person < $unlikely and y.person >= $threshold then 1 else 0 end) as con
    from here
    inner join both_ways as x on x.l = here.l
    inner join both_ways as y on y.l = here.r and y.r = x.r
    where here.person >= $threshold
    group by here.l, here.r
)

select here.l, here.r, here.person as weight
from here
left join votes on votes.l = here.l and votes.r = here.r
left join $decisions as decisions on decisions.l = here.l and decisions.r = here.r
where here.person >= $threshold and decisions.l is null and (votes.l is null or votes.con <= votes.pro + 1)

union all

select edges.l, edges.r, edges.weight
from $edges as edges
left join $inside as inside on inside.l = edges.l and inside.r = edges.r
where inside.l is null or edges.weight >= 1000e0
