-- Records whose edges changed: what came, whom an edge led to that is gone or new, of whom somebody decides or decided.
select record from $news as news

union

select before.r as record
from $before as before
inner join $leaving as leaving on leaving.record = before.l
where before.person >= $threshold

union

select before.l as record
from $before as before
inner join $leaving as leaving on leaving.record = before.r
where before.person >= $threshold

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
