-- The edges, and in oversized components only the surer ones.
select edges.l, edges.r, edges.weight
from $edges as edges
inner join $labels as labels on labels.record = edges.l
left join $oversized as oversized on oversized.label = labels.label
where oversized.label is null or edges.weight >= $surer
