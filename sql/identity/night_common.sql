-- The keys that they share.
select suspects.l, suspects.r, a.rule, a.value
from $suspects as suspects
inner join $keys as a on a.record = suspects.l
inner join $keys as b on b.record = suspects.r and b.rule = a.rule and b.value = a.value
