-- What stewards decided, by the records' numbers; the smaller one first.
select
    least(a.record, b.record) as l,
    greatest(a.record, b.record) as r,
    max(decisions.together) as together
from $source as decisions
inner join $standard as a on a.source_key = decisions.left_key
inner join $standard as b on b.source_key = decisions.right_key
where a.record <> b.record
group by 1, 2
