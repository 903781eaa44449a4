-- The edges of the components that must be parted.
select edges.l, edges.r, max(edges.weight) as weight
from $edges as edges
inner join $labels as labels on labels.record = edges.l
where labels.label in (
    select a.label
    from $decisions as decisions
    inner join $labels as a on a.record = decisions.l
    inner join $labels as b on b.record = decisions.r and b.label = a.label
    where decisions.together = 0
)
group by edges.l, edges.r
