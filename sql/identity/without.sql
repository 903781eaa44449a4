-- The edges that are left.
select edges.l, edges.r, edges.weight
from $edges as edges
left join $gone as gone on gone.l = edges.l and gone.r = edges.r
where gone.l is null
