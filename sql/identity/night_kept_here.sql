-- Their likely pairs.
select kept.l, kept.r, kept.person, kept.household
from $kept as kept
inner join $here as here on here.record = kept.l
