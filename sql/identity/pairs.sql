-- Two records that share a key; `rules` is the sum of the rules under which they met.
select a.record as l, b.record as r, cast(sum(a.rule) as bigint) as rules
from $shared as a
inner join $shared as b on b.rule = a.rule and b.value = a.value and a.record < b.record
group by a.record, b.record
