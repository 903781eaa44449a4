-- Records whose edges changed: what came, whom an edge led to that is gone or new, of whom somebody decides or decided.
select record from $news as news

union

select case when a.record is null then before.l else before.r end as record
from $before as before
left join $leaving as a on a.record = before.l
left join $leaving as b on b.record = before.r
where before.person >= $threshold and (a.record is null and b.record is not null or a.record is not null and b.record is null)

union

select l as record from $lost as lost
union
select r as record from $lost as lost
union
select l as record from $posteriors as posteriors where person >= $threshold
union
select r as record from $posteriors as posteriors where person >= $threshold
union
select l as record from $decisions as decisions
union
select r as record from $decisions as decisions
union
select l as record from $decided as decided
union
select r as record from $decided as decided
