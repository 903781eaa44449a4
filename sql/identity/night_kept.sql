-- The likely pairs of now.
select before.l, before.r, before.person, before.household, before.levels
from $before as before
left join $parted as parted on parted.l = before.l and parted.r = before.r
left join $pairs as pairs on pairs.l = before.l and pairs.r = before.r
where
    before.l not in (select record from $retired)
    and before.r not in (select record from $retired)
    and parted.l is null
    and pairs.l is null

union all

select posteriors.l, posteriors.r, posteriors.person, posteriors.household, $levels as levels
from $posteriors as posteriors
inner join $pairs_levels as levels on levels.l = posteriors.l and levels.r = posteriors.r
where posteriors.person >= 0 - $doubtful or posteriors.household >= $threshold
