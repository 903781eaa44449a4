-- Likely pairs of these records, also with others.
select kept.l, kept.r, kept.person, kept.household
from $kept as kept
left join $here as a on a.record = kept.l
left join $here as b on b.record = kept.r
where a.record is not null or b.record is not null
