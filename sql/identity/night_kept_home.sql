-- Their likely pairs.
select kept.l, kept.r, kept.household
from $kept as kept
inner join $home as a on a.record = kept.l
inner join $home as b on b.record = kept.r
where kept.household >= $threshold
