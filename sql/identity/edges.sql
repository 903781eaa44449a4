-- Pairs that are one person, less those that somebody keeps apart, and those that somebody put together.
select posteriors.l, posteriors.r, posteriors.person as weight
from $posteriors as posteriors
left join $decisions as decisions on decisions.l = posteriors.l and decisions.r = posteriors.r
where posteriors.person >= $threshold and decisions.l is null

union all

select l, r, 1000e0 as weight
from $decisions
where together = 1
