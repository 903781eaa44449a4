-- Pairs that could be either: near the threshold, and nobody has decided. `levels` says how alike each field is.
select
    least(a.source_key, b.source_key) as left_key,
    greatest(a.source_key, b.source_key) as right_key,
    kept.person as bits,
    kept.household as household_bits,
    kept.levels
from $kept as kept
inner join $standard as a on a.record = kept.l
inner join $standard as b on b.record = kept.r
left join $decisions as decisions on decisions.l = kept.l and decisions.r = kept.r
where decisions.l is null and abs(kept.person) <= $doubtful
