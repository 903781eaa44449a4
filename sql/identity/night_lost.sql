-- Likely pairs of records that stayed, with the rules by which they met and do so no longer: of keys that crossed their cap.
select kept.l, kept.r, cast(sum(a.rule) as bigint) as rules
from $kept as kept
inner join $crossed as a on a.record = kept.l
inner join $crossed as b on b.record = kept.r and b.bucket = a.bucket
group by kept.l, kept.r
