-- Third records vote on an edge, in thousandths of a bit and at most ten bits each: for it where both ends are one person
-- with them, against it where one end is and the other is unlikely to be. What speaks against it counts three fifths (fields
-- are not independent, and copies of one record all say the same); an edge that is outvoted by its own bits and two more goes.
with

here as (
    select
        inside.l,
        inside.r,
        inside.person,
        cast(round(1000e0 * least(abs(inside.person), 10e0)) as bigint) as said,
        a.label
    from $inside as inside
    inner join $labels as a on a.record = inside.l
    inner join $labels as b on b.record = inside.r and b.label = a.label
),

both_ways as (
    select l, r, person, said from here
    union all
    select r, l, person, said from here
),

votes as (
    select
        here.l,
        here.r,
        sum(case when x.person >= $threshold and y.person >= $threshold then least(x.said, y.said) else 0 end) as pro,
        sum(case
            when x.person >= $threshold and y.person < $unlikely or x.person < $unlikely and y.person >= $threshold then least(x.said, y.said)
            else 0
        end) as con
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
where here.person >= $threshold and decisions.l is null and (votes.l is null or 3 * votes.con <= 5 * (votes.pro + here.said + 2000))

union all

select edges.l, edges.r, edges.weight
from $edges as edges
left join $inside as inside on inside.l = edges.l and inside.r = edges.r
where inside.l is null or edges.weight >= 1000e0
